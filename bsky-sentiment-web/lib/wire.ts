import { z } from "zod";
import { SENTIMENTS, type Sentiment } from "./sentiments";
import { TOPICS } from "./topics";

/**
 * What travels from the hub to a browser. Server and page share these schemas; the page checks every event
 * against them, so a newer or broken server shows as "disconnected" and never as a half-drawn page.
 */

// In a browser the page's policy forbids making functions of strings, by which zod would speed itself up.
z.config({ jitless: typeof document !== "undefined" });

const share = z.number().min(0).max(1);
const count = z.number().int().min(0);
/** Milliseconds since 1970, UTC. */
const instant = z.number().int();

export const FACETS = ["link", "mention", "tag"] as const;

/** What a stretch of a text is. */
export const facetSchema = z.object({
  /** Offsets into `text` in UTF-16 units, as JavaScript counts them; `end` is behind the last one. */
  start: count,
  end: count,
  kind: z.enum(FACETS),
  /** The address (http or https only), the DID of who is mentioned, or the tag without its `#`. */
  value: z.string(),
});

export const postSchema = z.object({
  uri: z.string(),
  author: z.string(),
  /** The author's name in the network, such as alice.bsky.social, where it is known. */
  handle: z.string().nullable(),
  text: z.string(),
  /** True if the text was longer than a page should carry and was cut. */
  truncated: z.boolean(),
  /** In their order; none overlaps another. */
  facets: z.array(facetSchema),
  /** When the post was written (RFC 3339 UTC), or null if its author's client gave no usable time. */
  time: z.string().nullable(),
  /** The tags that the author's client gave. */
  langs: z.array(z.string()),
  /** The language that the text was found to be in (ISO 639), or null where nobody can tell. */
  lang: z.string().nullable(),
  /** What the author says of it, such as `porn` or `graphic-media`. */
  labels: z.array(z.string()),
  /** True if one of the labels is of a kind that is hidden until asked for. */
  adult: z.boolean(),
  sentiment: z
    .object({
      label: z.enum(SENTIMENTS),
      score: share,
      probabilities: z.object({ negative: share, neutral: share, positive: share }).nullable(),
    })
    .nullable(),
  /** Why it has no sentiment, such as `language_not_supported`, where that is known. */
  unscoredReason: z.string().nullable(),
  /** Every topic of the post, the most probable first. */
  topics: z.array(z.enum(TOPICS)),
  /** The probability of the first topic. */
  topicConfidence: share.nullable(),
  /** The post on bsky.app, or null if its URI is not that of a post. */
  link: z.string().nullable(),
});

/** What is to be shown no longer: one post, or every post of an author. */
export const removalSchema = z.union([z.object({ uri: z.string() }), z.object({ author: z.string() })]);

const sentimentCounts = { NEGATIVE: count, NEUTRAL: count, POSITIVE: count } satisfies Record<
  Sentiment,
  unknown
>;

/** Exact counts of the posts of a range of time. */
export const figuresSchema = z.object({
  total: count,
  /** Posts without a sentiment, such as those in a language the model does not know. */
  unscored: count,
  sentiments: z.object(sentimentCounts),
  /** A post counts once under each of its topics; `total` includes those without a sentiment. */
  topics: z.record(z.enum(TOPICS), z.object({ total: count, ...sentimentCounts })),
  /** The most frequent ones, most first, then `other` for the rest together; `und` is what nobody can tell. */
  languages: z.array(z.object({ lang: z.string(), total: count })),
});

/** Posts of one step of time: negative, neutral, positive, without a sentiment. */
export const bucketSchema = z.tuple([count, count, count, count]);

/** Counts over time, oldest first. */
export const timelineSchema = z.object({
  /** When the first bucket begins. */
  from: instant,
  /** How long a bucket is (ms). */
  step: count,
  /** False while history is still read back from the stream: what is before `filledFrom` is not known yet. */
  complete: z.boolean(),
  filledFrom: instant,
  buckets: z.array(bucketSchema),
});

export const statsSchema = z.object({
  /** When these figures were taken. */
  at: instant,
  /** Posts a second, a mean over the last seconds. */
  rate: z.number().min(0),
  /** From when the suite first saw a post to its arrival here (ms), of the last ten seconds; null without any. */
  lag: z.object({ p50: z.number().min(0), p99: z.number().min(0) }).nullable(),
  /** Open event streams. */
  viewers: count,
  last15: figuresSchema,
  /** The newest buckets of the timeline `minutes15`, each after the time it begins at. */
  latest: z.object({
    step: count,
    buckets: z.array(z.tuple([instant, count, count, count, count])),
  }),
  /** Posts that are at hand for the stream, and how many can be. */
  window: z.object({ total: count, capacity: count }),
});

export const STATES = ["connecting", "no-data", "live", "stale", "disconnected"] as const;

export const stateSchema = z.object({
  state: z.enum(STATES),
  /** One sentence for a reader: why it is so. */
  detail: z.string(),
});

export const snapshotSchema = z.object({
  /** The position in the stream that the snapshot shows; what follows it is still to come. */
  id: z.string().nullable(),
  /** Newest first. */
  posts: z.array(postSchema),
  stats: statsSchema,
  state: stateSchema,
  /** The last 15 minutes in steps of 5 seconds, and the last day in steps of 5 minutes. */
  timelines: z.object({ minutes15: timelineSchema, day: timelineSchema }),
});

/** The answer of /api/stats. */
export const rangeSchema = z.object({
  from: instant,
  to: instant,
  /** False if history of this range is still read back from the stream. */
  complete: z.boolean(),
  figures: figuresSchema,
  timeline: timelineSchema,
});

export type Facet = z.infer<typeof facetSchema>;
export type Post = z.infer<typeof postSchema>;
export type Removal = z.infer<typeof removalSchema>;
export type Figures = z.infer<typeof figuresSchema>;
export type Bucket = z.infer<typeof bucketSchema>;
export type Timeline = z.infer<typeof timelineSchema>;
export type Stats = z.infer<typeof statsSchema>;
export type State = z.infer<typeof stateSchema>;
export type Snapshot = z.infer<typeof snapshotSchema>;
export type Range = z.infer<typeof rangeSchema>;
