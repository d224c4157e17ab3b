import { isLanguage, languageOf } from "./languages";
import { isSentiment, SENTIMENTS, type Sentiment } from "./sentiments";
import { isTopic, TOPICS, type Topic } from "./topics";
import type { Post } from "./wire";

/** Which posts a viewer wants to see; null means all. */
export type Filter = { sentiment: Sentiment | null; topic: Topic | null; lang: string | null };

export const EVERYTHING: Filter = { sentiment: null, topic: null, lang: null };

/** A query value that cannot be used. */
export type FilterError = { parameter: keyof Filter; allowed: string | readonly string[] };

/**
 * Reads `sentiment` (any case), `topic` and `lang` from a query; an absent or empty one means all.
 *
 * Only known values and the plain form of a language tag pass, so nothing a visitor writes can become part of a subject
 * or of the page.
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
  const lang = query.get("lang");
  if (lang) {
    if (isLanguage(lang)) filter.lang = lang;
    else errors.push({ parameter: "lang", allowed: "two or three small letters, such as en or und" });
  }
  return { filter, errors };
}

/** The query that `parseFilter` reads back as the same filter, without a question mark. */
export function filterQuery(filter: Filter): string {
  const query = new URLSearchParams();
  if (filter.sentiment) query.set("sentiment", filter.sentiment);
  if (filter.topic) query.set("topic", filter.topic);
  if (filter.lang) query.set("lang", filter.lang);
  return query.toString();
}

/** A post passes a topic if that is any of its topics, not only the most probable one. */
export function matches(filter: Filter, post: Post): boolean {
  if (filter.sentiment && post.sentiment?.label !== filter.sentiment) return false;
  if (filter.lang && languageOf(post) !== filter.lang) return false;
  return !filter.topic || post.topics.includes(filter.topic);
}
