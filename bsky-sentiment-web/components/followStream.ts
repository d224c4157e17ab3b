import type { z } from "zod";
import {
  type Post,
  postSchema,
  type Removal,
  removalSchema,
  type Snapshot,
  type State,
  type Stats,
  snapshotSchema,
  stateSchema,
  statsSchema,
} from "@/lib/wire";

/** Posts a second that this page asks for: beyond it nobody can read them. The figures count every post. */
export const PAGE_MAX_RATE = 10;
/** Figures come every second; after so long without any the connection is dead, whatever the browser thinks. */
const SILENCE_MS = 12_000;
/** A refused stream is asked for again after this, spread so that not all pages come at once. */
const REOPEN_MS = 3_000;

const LOST: State = {
  state: "disconnected",
  detail: "The connection to this page's server is lost; trying again.",
};

export type Listener = {
  snapshot: (snapshot: Snapshot) => void;
  post: (post: Post) => void;
  edit: (post: Post) => void;
  remove: (removal: Removal) => void;
  stats: (stats: Stats) => void;
  state: (state: State) => void;
};

/**
 * Opens the event stream of a filter's query and keeps it open, going on from `lastEventId`, which it keeps up to date.
 * Returns how to close it.
 */
export function followStream(
  query: string,
  lastEventId: { current: string | null },
  listener: Listener,
): () => void {
  let source: EventSource | null = null;
  let heardAt = Date.now();
  let reopening: ReturnType<typeof setTimeout> | undefined;

  function on<T>(event: keyof Listener, schema: z.ZodType<T>, tell: (data: T) => void) {
    source?.addEventListener(event, (message: MessageEvent<string>) => {
      heardAt = Date.now();
      const data = schema.safeParse(JSON.parse(message.data));
      if (!data.success) return lost();
      if (message.lastEventId) lastEventId.current = message.lastEventId;
      tell(data.data);
    });
  }

  function open() {
    heardAt = Date.now();
    source = new EventSource(streamUrl(query, lastEventId.current));
    on("snapshot", snapshotSchema, listener.snapshot);
    on("post", postSchema, listener.post);
    on("edit", postSchema, listener.edit);
    on("remove", removalSchema, listener.remove);
    on("stats", statsSchema, listener.stats);
    on("state", stateSchema, listener.state);
    source.addEventListener("error", lost);
  }

  /** A new request each time, with the place to go on from: the browser's own retry gives up when it is refused. */
  function lost() {
    source?.close();
    listener.state(LOST);
    clearTimeout(reopening);
    reopening = setTimeout(open, REOPEN_MS * (0.5 + Math.random()));
  }

  const listening = setInterval(() => {
    if (source?.readyState !== EventSource.CLOSED && Date.now() - heardAt > SILENCE_MS) lost();
  }, SILENCE_MS / 4);

  open();
  return () => {
    clearInterval(listening);
    clearTimeout(reopening);
    source?.close();
  };
}

function streamUrl(query: string, lastEventId: string | null): string {
  const parameters = new URLSearchParams(query);
  parameters.set("max_rate", String(PAGE_MAX_RATE));
  if (lastEventId) parameters.set("last_event_id", lastEventId);
  return `/api/stream?${parameters}`;
}
