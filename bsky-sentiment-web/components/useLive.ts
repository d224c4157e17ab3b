"use client";

import { useEffect, useRef, useState } from "react";
import type { z } from "zod";
import { addPosts, type Feed, feedOf, pause, removePosts, replacePost, resume } from "@/lib/feed";
import { type Filter, filterQuery } from "@/lib/filter";
import {
  type Post,
  postSchema,
  type Removal,
  removalSchema,
  type Snapshot,
  type State,
  snapshotSchema,
  stateSchema,
  statsSchema,
} from "@/lib/wire";

/** Posts a second that this page asks for: beyond it nobody can read them. The figures count every post. */
export const PAGE_MAX_RATE = 10;
/** Changes are drawn together this often, so that the page moves calmly. */
const DRAW_MS = 250;
/** Figures come every second; after so long without any the connection is dead, whatever the browser thinks. */
const SILENCE_MS = 12_000;
/** A refused stream is asked for again after this, spread so that not all pages come at once. */
const REOPEN_MS = 3_000;

const LOST: State = {
  state: "disconnected",
  detail: "The connection to this page's server is lost; trying again.",
};

/** Follows the hub for as long as the page is open. */
export function useLive(initial: Snapshot, filter: Filter) {
  const [feed, setFeed] = useState<Feed>(() => feedOf(initial.posts));
  const [stats, setStats] = useState(initial.stats);
  const [state, setState] = useState(initial.state);
  const lastEventId = useRef(initial.id);
  const query = filterQuery(filter);
  const followed = useRef(query);

  useEffect(() => {
    // Another filter is another list: going on from the last event would leave the old posts in it.
    if (followed.current !== query) lastEventId.current = null;
    followed.current = query;

    let changes: ((feed: Feed) => Feed)[] = [];
    const draw = setInterval(() => {
      if (changes.length === 0) return;
      const due = changes;
      changes = [];
      setFeed((now) => due.reduce((feed, change) => change(feed), now));
    }, DRAW_MS);

    const close = followStream(query, lastEventId, {
      snapshot: (snapshot) => {
        changes = [];
        setFeed(feedOf(snapshot.posts));
        setStats(snapshot.stats);
        setState(snapshot.state);
      },
      post: (post) => changes.push((feed) => addPosts(feed, [post])),
      edit: (post) => changes.push((feed) => replacePost(feed, post)),
      remove: (removal) => changes.push((feed) => removePosts(feed, removal)),
      stats: setStats,
      state: setState,
    });
    return () => {
      clearInterval(draw);
      close();
    };
  }, [query]);

  return {
    feed,
    stats,
    state,
    pause: () => setFeed(pause),
    resume: () => setFeed(resume),
  };
}

type Handlers = {
  snapshot: (snapshot: Snapshot) => void;
  post: (post: Post) => void;
  edit: (post: Post) => void;
  remove: (removal: Removal) => void;
  stats: (stats: Snapshot["stats"]) => void;
  state: (state: State) => void;
};

/** Opens the event stream and keeps it open. Returns how to close it. */
function followStream(
  query: string,
  lastEventId: { current: string | null },
  handlers: Handlers,
): () => void {
  let source: EventSource | null = null;
  let heardAt = Date.now();
  let reopening: ReturnType<typeof setTimeout> | undefined;

  function on<T>(event: keyof Handlers, schema: z.ZodType<T>, handle: (data: T) => void) {
    source?.addEventListener(event, (message: MessageEvent<string>) => {
      heardAt = Date.now();
      const data = schema.safeParse(JSON.parse(message.data));
      if (!data.success) return lost();
      if (message.lastEventId) lastEventId.current = message.lastEventId;
      handle(data.data);
    });
  }

  function open() {
    heardAt = Date.now();
    source = new EventSource(streamUrl(query, lastEventId.current));
    on("snapshot", snapshotSchema, handlers.snapshot);
    on("post", postSchema, handlers.post);
    on("edit", postSchema, handlers.edit);
    on("remove", removalSchema, handlers.remove);
    on("stats", statsSchema, handlers.stats);
    on("state", stateSchema, handlers.state);
    source.addEventListener("error", lost);
  }

  /** A new request each time, with the place to go on from: the browser's own retry gives up when it is refused. */
  function lost() {
    source?.close();
    handlers.state(LOST);
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
