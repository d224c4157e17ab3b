import { isSentiment, SENTIMENTS, type Sentiment } from "./sentiments";
import { isTopic, TOPICS, type Topic } from "./topics";
import type { Post } from "./wire";

/** Which posts a viewer wants to see; null means all. */
export type Filter = { sentiment: Sentiment | null; topic: Topic | null };

export const EVERYTHING: Filter = { sentiment: null, topic: null };

/** A query value that is none of the known ones. */
export type FilterError = { parameter: "sentiment" | "topic"; allowed: readonly string[] };

/**
 * Reads `sentiment` (any case) and `topic` from a query; an absent or empty one means all.
 *
 * Only values of the known lists pass, so nothing a visitor writes can become part of a subject or of the page.
 */
export function parseFilter(query: URLSearchParams): { filter: Filter; errors: FilterError[] } {
  const filter: Filter = { ...EVERYTHING };
  const errors: FilterError[] = [];

  const sentiment = query.get("sentiment")?.toUpperCase();
  if (sentiment) {
    if (isSentiment(sentiment)) filter.sentiment = sentiment;
    else errors.push({ parameter: "sentiment", allowed: SENTIMENTS });
  }
  const topic = query.get("topic");
  if (topic) {
    if (isTopic(topic)) filter.topic = topic;
    else errors.push({ parameter: "topic", allowed: TOPICS });
  }
  return { filter, errors };
}

/** The query that `parseFilter` reads back as the same filter, without a question mark. */
export function filterQuery(filter: Filter): string {
  const query = new URLSearchParams();
  if (filter.sentiment) query.set("sentiment", filter.sentiment);
  if (filter.topic) query.set("topic", filter.topic);
  return query.toString();
}

/** A post passes a topic if that is any of its topics, not only the most probable one. */
export function matches(filter: Filter, post: Post): boolean {
  if (filter.sentiment && post.sentiment?.label !== filter.sentiment) return false;
  return !filter.topic || post.topics.includes(filter.topic);
}
