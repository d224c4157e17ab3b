import { z } from "zod";
import type { Post } from "@/lib/wire";
import {
  authorSchema,
  countedSchema,
  enrichedSchema,
  milliseconds,
  revSchema,
  toPost,
  uriSchema,
} from "./post";

/** One version of a post; `rev` orders the versions, where it is known. */
export type Written = { post: Post; rev: string | null };

/** When the suite first saw a post (ms), where that is known. */
export type Received = { receivedAt: number | null };

/** The end of a post. */
export type Deletion = { uri: string; rev: string | null };

/** An account that came or went at a time (ms), where that is known. */
export type Account = { author: string; active: boolean; at: number | null };

export type Message =
  | ({ kind: "create" | "update" } & Written & Received)
  | ({ kind: "delete" } & Deletion)
  | ({ kind: "account" } & Account);

const kindSchema = z.object({ kind: z.enum(["create", "update", "delete", "account"]).default("create") });
const deletionSchema = z.object({ uri: uriSchema, rev: revSchema });
const accountSchema = z.object({
  author: authorSchema,
  active: z.boolean(),
  timestamp: z.string().nullish().transform(milliseconds),
});

const fields = {
  ...kindSchema.shape,
  ...enrichedSchema.shape,
  ...deletionSchema.shape,
  ...accountSchema.shape,
};

/** Why a message cannot be used: the label of a counter, so there are few. */
export type Rejection = "not_utf8" | "not_json" | "not_an_object" | `bad_${keyof typeof fields}`;

export type Decoded = Message | { rejection: Rejection };

const utf8 = new TextDecoder("utf-8", { fatal: true });

type ReadPost = (value: unknown) => Written & Received;

/** Reads a post with all that a page shows of it. */
export const readWhole: ReadPost = (value) => {
  const message = enrichedSchema.parse(value);
  return { post: toPost(message), rev: message.rev, receivedAt: milliseconds(message.received_at) };
};

/** Reads only what the figures need, in a third of the time. */
export const readCounted: ReadPost = (value) => {
  const message = countedSchema.parse(value);
  return { post: toPost(message), rev: message.rev, receivedAt: null };
};

/** Reads one message of the enriched stream. No message makes it throw: what cannot be used comes back with its reason. */
export function decodeMessage(data: Uint8Array, readPost = readWhole): Decoded {
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
  try {
    return readMessage(value, readPost);
  } catch (error) {
    if (error instanceof z.ZodError) return { rejection: rejectionOf(error) };
    throw error;
  }
}

/** @throws ZodError if it is not a message. */
function readMessage(value: unknown, readPost: ReadPost): Message {
  const { kind } = kindSchema.parse(value);
  switch (kind) {
    case "delete":
      return { kind, ...deletionSchema.parse(value) };
    case "account": {
      const { author, active, timestamp } = accountSchema.parse(value);
      return { kind, author, active, at: timestamp };
    }
    default:
      return { kind, ...readPost(value) };
  }
}

function rejectionOf(error: z.ZodError): Rejection {
  const field = error.issues[0]?.path[0];
  return isField(field) ? `bad_${field}` : "not_an_object";
}

function isField(name: PropertyKey | undefined): name is keyof typeof fields {
  return typeof name === "string" && name in fields;
}
