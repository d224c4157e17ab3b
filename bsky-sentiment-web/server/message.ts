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
/** Language tags are hints that a client writes freely; a page needs a few. */
const MAX_LANGS = 8;
const MAX_LANG_LENGTH = 35;

const share = z.number().min(0).max(1);

/** The enriched message, as far as the dashboard reads it. Unknown keys are no business of ours. */
const enrichedSchema = z.object({
  uri: z.string().min(1).max(MAX_URI_LENGTH),
  author: z.string().min(1).max(MAX_AUTHOR_LENGTH),
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

/** Why a message is not a post: the label of a counter, so there are few. */
export type Rejection = "not_utf8" | "not_json" | "not_an_object" | `bad_${Extract<keyof Enriched, string>}`;

export type Decoded = { post: Post } | { rejection: Rejection };

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads one message of the enriched stream. Never throws: what cannot be shown comes back with its reason. */
export function decodePost(data: Uint8Array): Decoded {
  let json: string;
  try {
    json = utf8.decode(data);
  } catch {
    return { rejection: "not_utf8" };
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { rejection: "not_json" };
  }
  const parsed = enrichedSchema.safeParse(value);
  if (parsed.success) return { post: toPost(parsed.data) };
  const field = parsed.error.issues[0]?.path[0];
  return { rejection: isField(field) ? `bad_${field}` : "not_an_object" };
}

function isField(name: PropertyKey | undefined): name is keyof Enriched {
  return typeof name === "string" && name in enrichedSchema.shape;
}

function toPost(message: Enriched): Post {
  const text = cleanText(message.text);
  const uri = message.uri.toWellFormed();
  return {
    uri,
    author: message.author.toWellFormed(),
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
    link: postLink(uri),
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

/** An RFC 3339 time in UTC, or null; clients write what they like. */
function utcTime(time: string | null | undefined): string | null {
  const at = time ? Date.parse(time) : Number.NaN;
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** Known topics only, the top one first, the others by falling probability. */
function rankTopics(topics: Enriched["topics"]): Post["topics"] {
  if (!topics) return [];
  const probability = topics.probabilities ?? {};
  const others = (topics.topics ?? []).toSorted((a, b) => (probability[b] ?? 0) - (probability[a] ?? 0));
  const ranked = topics.top_topic ? [topics.top_topic, ...others] : others;
  return [...new Set(ranked.filter(isTopic))];
}
