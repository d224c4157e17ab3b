"use client";

import { useMemo, useSyncExternalStore } from "react";
import { MINUTE_MS } from "@/lib/span";

const never = () => () => {};

/** Times as a clock shows them, and how far it is ahead of UTC (ms). */
export type Clock = { minute: (time: number) => string; second: (time: number) => string; offset: number };

/** The reader's own clock once the page is awake; UTC as the server draws it, which cannot know better. */
export function useClock(): Clock {
  const awake = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
  return useMemo(() => clockOf(awake ? undefined : "UTC"), [awake]);
}

function clockOf(timeZone: string | undefined): Clock {
  const hour = { hour: "2-digit", minute: "2-digit", timeZone } as const;
  const minute = new Intl.DateTimeFormat("en-GB", hour);
  const second = new Intl.DateTimeFormat("en-GB", { ...hour, second: "2-digit" });
  return {
    minute: (time) => minute.format(time),
    second: (time) => second.format(time),
    offset: timeZone === "UTC" ? 0 : -new Date().getTimezoneOffset() * MINUTE_MS,
  };
}
