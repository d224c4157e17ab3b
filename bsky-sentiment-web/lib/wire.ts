import { z } from "zod";
import { SENTIMENTS } from "./sentiments";
import { TOPICS } from "./topics";

/**
 * What travels from the hub to a browser. Server and page share these schemas; the page checks every event
 * against them, so a newer or broken server shows as "disconnected" and never as a half-drawn page.
 */

const share = z.number().min(0).max(1);

export const postSchema = z.object({
  uri: z.string(),
  author: z.string(),
  text: z.string(),
  /** True if the text was longer than a page should carry and was cut. */
  truncated: z.boolean(),
  /** When the post was written (RFC 3339 UTC), or null if its author's client gave no usable time. */
  time: z.string().nullable(),
  langs: z.array(z.string()),
  sentiment: z
    .object({
      label: z.enum(SENTIMENTS),
      score: share,
      probabilities: z.object({ negative: share, neutral: share, positive: share }).nullable(),
    })
    .nullable(),
  /** Every topic of the post, the most probable first. */
  topics: z.array(z.enum(TOPICS)),
  /** The post on bsky.app, or null if its URI is not that of a post. */
  link: z.string().nullable(),
});

/** What is to be shown no longer: one post, or every post of an author. */
export const removalSchema = z.union([z.object({ uri: z.string() }), z.object({ author: z.string() })]);

const count = z.number().int().min(0);

export const statsSchema = z.object({
  /** Posts in the window, and how many it can hold. */
  total: count,
  capacity: count,
  /** Posts a second, a mean over the last seconds. */
  rate: z.number().min(0),
  sentiments: z.record(z.enum(SENTIMENTS), count),
  /** Posts without a sentiment, such as those in a language the model does not know. */
  unscored: count,
  topics: z.record(z.enum(TOPICS), count),
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
});

export type Post = z.infer<typeof postSchema>;
export type Removal = z.infer<typeof removalSchema>;
export type Stats = z.infer<typeof statsSchema>;
export type State = z.infer<typeof stateSchema>;
export type Snapshot = z.infer<typeof snapshotSchema>;
