"use client";

import { useSyncExternalStore } from "react";
import { relativeTime } from "@/lib/relativeTime";

/** The finest step that a post's age is told in. */
const TICK_MS = 1_000;

/** One clock for all posts, running while there is one to age. */
const listeners = new Set<() => void>();
let clock: ReturnType<typeof setInterval> | undefined;

function everySecond(listener: () => void): () => void {
  listeners.add(listener);
  clock ??= setInterval(() => {
    for (const listener of listeners) listener();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(clock);
    clock = undefined;
  };
}

const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

/** When the post was written: how long ago once the page is awake; until then in UTC, as the server draws it. */
export function PostTime({ time }: { time: string }) {
  const at = Date.parse(time);
  const told = useSyncExternalStore(
    everySecond,
    () => relativeTime(at, Date.now()),
    () => null,
  );
  return (
    <time
      className="shrink-0"
      data-testid="post-time"
      dateTime={time}
      title={told === null ? time : exact.format(at)}
    >
      {told ?? `${time.slice(11, 16)} UTC`}
    </time>
  );
}
