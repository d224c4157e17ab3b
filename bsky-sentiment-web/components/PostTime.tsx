"use client";

import { useSyncExternalStore } from "react";

const never = () => () => {};

/** When the post was written: in UTC as the server draws it, in the reader's own time once the page is awake. */
export function PostTime({ time }: { time: string | null }) {
  const awake = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
  if (!time) return null;
  const clock = awake ? new Date(time).toLocaleTimeString("en-GB") : time.slice(11, 19);
  return (
    <time className="shrink-0" dateTime={time} title={time}>
      {clock}
    </time>
  );
}
