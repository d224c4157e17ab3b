import { SENTIMENTS } from "@/lib/sentiments";
import { TOPICS } from "@/lib/topics";

/** What may stand for a sentiment or a topic in a subject; a post without one has `none`. */
const ANY = ["*", "none"];
const SENTIMENT_TOKENS: ReadonlySet<string> = new Set([
  ...ANY,
  ...SENTIMENTS.map((name) => name.toLowerCase()),
]);
const TOPIC_TOKENS: ReadonlySet<string> = new Set([...ANY, ...TOPICS]);

/**
 * What the consumer asks for: posts, two tokens below the enriched subject, and removals, one token below it. What
 * stands deeper is not ours: below `topics.only` another processor publishes the same posts again.
 *
 * `output` is the enriched subject, with or without `.>`, or narrower (`….positive.>`, `….*.sports`): removals are
 * then still those of every post, as they have no sentiment and no topic.
 */
export function filterSubjects(output: string): string[] {
  const tokens = output.split(".");
  if (tokens.at(-1) === ">") tokens.pop();
  const place = sentimentPlace(tokens);
  const posts = [...tokens, "*", "*"].slice(0, place + 2);
  const removals = [...tokens.slice(0, place), "*"];
  return [posts.join("."), removals.join(".")];
}

/** Where the sentiment stands, or would stand. */
function sentimentPlace(tokens: string[]): number {
  const [beforeLast = "", last = ""] = tokens.slice(-2);
  if (SENTIMENT_TOKENS.has(beforeLast) && TOPIC_TOKENS.has(last)) return tokens.length - 2;
  return SENTIMENT_TOKENS.has(last) ? tokens.length - 1 : tokens.length;
}
