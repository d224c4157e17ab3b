import { z } from "zod";
import { postLink } from "@/lib/links";
import { SENTIMENTS } from "@/lib/sentiments";
import { isTopic } from "@/lib/topics";
import type { Post } from "@/lib/wire";

/** The network allows 300 graphemes in 3,000 bytes; a longer text did not come from it and would only fill pages. */
const MAX_TEXT_LENGTH = 3_000;
/** The network's bound on the length of an at:// URI is 8 KB. */
const MAX_URI_LENGTH = 8_192;
const MAX_AUTHOR_LENGTH = 2_048;
/** A revision is a TID of 13 characters. */
const MAX_REV_LENGTH = 64;
/** Language tags are hints that a client writes freely; a page needs a few. */
const MAX_LANGS = 8;
const MAX_LANG_LENGTH = 35;

const share = z.number().min(0).max(1);

// UTF-8 has no lone surrogates, so what is sent and compared has none either.
export const uriSchema = z.string().min(1).max(MAX_URI_LENGTH).transform(wellFormed);
export const authorSchema = z.string().min(1).max(MAX_AUTHOR_LENGTH).transform(wellFormed);
export const revSchema = z
  .string()
  .max(MAX_REV_LENGTH)
  .nullish()
  .transform((rev) => rev ?? null);

/** A new or edited post, as far as the dashboard reads it. Unknown keys are no business of ours. */
export const enrichedSchema = z.object({
  uri: uriSchema,
  author: authorSchema,
  rev: revSchema,
  text: z.string(),
  timestamp: z.string().nullish(),
  created_at: z.string().nullish(),
  langs: z.array(z.string()).nullish(),
  sentiment: z
    .object({
      label: z.string().toUpperCase().pipe(z.enum(SENTIMENTS)),
      score: share,
      probabilities: z.object({ negative: share, neutral: share, positive: share }).nullish(),
    })
    .nullish(),
  topics: z
    .object({
      topics: z.array(z.string()).nullish(),
      top_topic: z.string().nullish(),
      probabilities: z.record(z.string(), z.number()).nullish(),
    })
    .nullish(),
});

type Enriched = z.infer<typeof enrichedSchema>;

/** The post as a page can show it. */
export function toPost(message: Enriched): Post {
  const text = cleanText(message.text);
  return {
    uri: message.uri,
    author: message.author,
    text: text.slice(0, MAX_TEXT_LENGTH).toWellFormed(),
    truncated: text.length > MAX_TEXT_LENGTH,
    time: utcTime(message.created_at) ?? utcTime(message.timestamp),
    langs: (message.langs ?? [])
      .slice(0, MAX_LANGS)
      .map((tag) => tag.slice(0, MAX_LANG_LENGTH).toWellFormed()),
    sentiment: message.sentiment
      ? { ...message.sentiment, probabilities: message.sentiment.probabilities ?? null }
      : null,
    topics: rankTopics(message.topics),
    link: postLink(message.uri),
  };
}

/**
 * The text as HTML can carry it unchanged. A page drawn on the server must read the same in the browser, but HTML
 * turns CR into LF and forbids NUL and its like. (UTF-8 has no lone surrogates either; cutting a text can make one, so
 * those are replaced last.)
 */
function cleanText(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(/[^\P{Cc}\n\t]/gu, "");
}

function wellFormed(text: string): string {
  return text.toWellFormed();
}

/** An RFC 3339 time in UTC, or null; clients write what they like. */
function utcTime(time: string | null | undefined): string | null {
  const at = milliseconds(time);
  return at === null ? null : new Date(at).toISOString();
}

/** A time in milliseconds since 1970, or null if it is none. */
export function milliseconds(time: string | null | undefined): number | null {
  const at = time ? Date.parse(time) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

/** Known topics only, the top one first, the others by falling probability. */
function rankTopics(topics: Enriched["topics"]): Post["topics"] {
  if (!topics) return [];
  const probability = topics.probabilities ?? {};
  const others = (topics.topics ?? []).toSorted((a, b) => (probability[b] ?? 0) - (probability[a] ?? 0));
  const ranked = topics.top_topic ? [topics.top_topic, ...others] : others;
  return [...new Set(ranked.filter(isTopic))];
}
