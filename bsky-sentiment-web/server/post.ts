import { z } from "zod";
import { isLanguage } from "@/lib/languages";
import { postLink } from "@/lib/links";
import { SENTIMENTS } from "@/lib/sentiments";
import { isTopic, TOPICS, type Topic } from "@/lib/topics";
import { FACETS, type Facet, type Post } from "@/lib/wire";
import { cut, showText } from "./text";

/** The network's bound on the length of an at:// URI is 8 KB. */
const MAX_URI_LENGTH = 8_192;
const MAX_AUTHOR_LENGTH = 2_048;
/** A revision is a TID of 13 characters. */
const MAX_REV_LENGTH = 64;
/** Language tags are hints that a client writes freely; a page needs a few. */
const MAX_LANGS = 8;
const MAX_LANG_LENGTH = 35;
/** What the network's label definitions allow (com.atproto.label.defs). */
const MAX_LABELS = 10;
const MAX_LABEL_LENGTH = 128;
/** More than any list of words has in a message that somebody meant; to look at each of a million would take seconds. */
const MAX_WORDS = 100;
/** Labels of what is hidden until asked for: the adult ones of app.bsky and pictures of violence. */
const ADULT_LABELS: ReadonlySet<string> = new Set([
  "porn",
  "sexual",
  "nudity",
  "graphic-media",
  "sexual-figurative",
]);
/** A text of 300 graphemes has no room for more. */
const MAX_FACETS = 100;
const MAX_FACET_VALUE_LENGTH = 2_048;
const MAX_REASON_LENGTH = 64;
/** A domain name (AT Protocol, "handle"). */
const HANDLE = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_HANDLE_LENGTH = 253;
const DID = /^did:[a-z]+:[A-Za-z0-9._:%-]{1,200}$/;

const share = z.number().min(0).max(1);

const list = z.custom<unknown[]>(Array.isArray);
const words = list.transform((items) => items.slice(0, MAX_WORDS)).pipe(z.array(z.string()));
/** Of the known topics only: zod does not even look at other keys. */
const probabilities = z.object(
  Object.fromEntries(TOPICS.map((topic) => [topic, z.number().optional()])) as Record<
    Topic,
    z.ZodOptional<z.ZodNumber>
  >,
);

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
  received_at: z.string().nullish(),
  handle: z.string().nullish(),
  lang: z.string().nullish(),
  langs: words.nullish(),
  labels: words.nullish(),
  facets: list.nullish(),
  unclassified: z.string().nullish(),
  sentiment: z
    .object({
      label: z.string().toUpperCase().pipe(z.enum(SENTIMENTS)),
      score: share,
      probabilities: z.object({ negative: share, neutral: share, positive: share }).nullish(),
    })
    .nullish(),
  topics: z
    .object({
      topics: words.nullish(),
      top_topic: z.string().nullish(),
      top_confidence: z.number().nullish(),
      probabilities: probabilities.nullish(),
    })
    .nullish(),
});

/** What the figures need of a post. Its text only has to be one. */
export const countedSchema = enrichedSchema
  .pick({ uri: true, author: true, rev: true, lang: true, langs: true, sentiment: true })
  .extend({
    text: z.string().transform(() => ""),
    topics: z.object({ topics: words.nullish(), top_topic: z.string().nullish() }).nullish(),
  });

/** One facet; unlike the rest of a message, one that is none costs itself alone, because it only decorates. */
const facetSchema = z.object({
  start: z.int().min(0),
  end: z.int().min(0),
  kind: z.enum(FACETS),
  value: z.string().min(1).max(MAX_FACET_VALUE_LENGTH),
});

type Enriched = z.infer<typeof enrichedSchema>;
type Counted = z.infer<typeof countedSchema>;

/** The post as a page can show it. */
export function toPost(message: Counted & Partial<Enriched>): Post {
  const { uri, author, sentiment, labels } = message;
  const topics = rankTopics(message.topics);
  return {
    uri,
    author,
    handle: readHandle(message.handle),
    ...showText(message.text, readFacets(message.facets)),
    time: utcTime(message.created_at) ?? utcTime(message.timestamp),
    langs: clip(message.langs, MAX_LANGS, MAX_LANG_LENGTH),
    lang: readLanguage(message.lang),
    labels: clip(labels, MAX_LABELS, MAX_LABEL_LENGTH),
    adult: (labels ?? []).some((label) => ADULT_LABELS.has(label)),
    sentiment: sentiment ? { ...sentiment, probabilities: sentiment.probabilities ?? null } : null,
    unscoredReason: sentiment ? null : clip([message.unclassified ?? ""], 1, MAX_REASON_LENGTH)[0] || null,
    topics,
    topicConfidence: confidence(topics[0], message.topics),
    link: postLink(uri),
  };
}

function readHandle(handle: string | null | undefined): string | null {
  const name = handle?.toLowerCase() ?? "";
  return name.length <= MAX_HANDLE_LENGTH && HANDLE.test(name) ? name : null;
}

function readLanguage(lang: string | null | undefined): string | null {
  return lang && isLanguage(lang) ? lang : null;
}

/** The first `most` of what a stranger wrote, each cut to a length that a page can bear. */
function clip(words: readonly string[] | null | undefined, most: number, length: number): string[] {
  return (words ?? []).slice(0, most).map((word) => cut(word, length));
}

function readFacets(told: readonly unknown[] | null | undefined): Facet[] {
  const facets: Facet[] = [];
  for (const facet of (told ?? []).slice(0, MAX_FACETS)) {
    const { data } = facetSchema.safeParse(facet);
    const value = data && facetValue(data.kind, data.value);
    if (data && value) facets.push({ ...data, value });
  }
  return facets;
}

/** The value in a form that is safe to build a link from, or null if there is none. */
function facetValue(kind: Facet["kind"], value: string): string | null {
  if (kind === "mention") return DID.test(value) ? value : null;
  if (kind === "tag") return value.replace(/\p{Cc}/gu, "").toWellFormed() || null;
  const url = URL.canParse(value) ? new URL(value) : null;
  return url && /^https?:$/.test(url.protocol) ? url.href : null;
}

function wellFormed(text: string): string {
  return text.toWellFormed();
}

/** An RFC 3339 time in UTC, or null; clients write what they like, and RFC 3339 knows no years of five digits. */
function utcTime(time: string | null | undefined): string | null {
  const at = milliseconds(time);
  const utc = at === null ? "" : new Date(at).toISOString();
  return /^\d{4}-/.test(utc) ? utc : null;
}

/** A time in milliseconds since 1970, or null if it is none. */
export function milliseconds(time: string | null | undefined): number | null {
  const at = time ? Date.parse(time) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

/** The probability of the top topic, as it is told in one place or the other. */
function confidence(top: Topic | undefined, topics: Enriched["topics"]): number | null {
  if (!top || !topics) return null;
  const told = top === topics.top_topic ? topics.top_confidence : null;
  return share.safeParse(told ?? topics.probabilities?.[top]).data ?? null;
}

/** Known topics only, the top one first, the others by falling probability. */
function rankTopics(topics: Enriched["topics"]): Post["topics"] {
  if (!topics) return [];
  const probability = topics.probabilities ?? {};
  const others = (topics.topics ?? []).filter(isTopic);
  others.sort((a, b) => (probability[b] ?? 0) - (probability[a] ?? 0));
  const top = topics.top_topic ?? "";
  return [...new Set(isTopic(top) ? [top, ...others] : others)];
}
