"use client";

import { useEffect, useState } from "react";
import { LIVE } from "@/lib/span";
import { append } from "@/lib/timeline";
import type { Stats, Timeline } from "@/lib/wire";
import { useRange } from "./useRange";

/**
 * The live timeline: as it was told last, with the newest buckets put on its end every second. Where they do not follow
 * on it, as after a sleep, and while the server still reads back its history, it is asked for anew.
 */
export function useTimeline(told: Timeline, latest: Stats["latest"]): Timeline {
  const [timeline, setTimeline] = useState(told);
  const next = append(timeline, latest);
  const answer = useRange(next?.complete ? null : LIVE).range;

  useEffect(() => setTimeline(told), [told]);
  useEffect(() => {
    if (answer) setTimeline(answer.timeline);
  }, [answer]);
  useEffect(() => {
    setTimeline((now) => append(now, latest) ?? now);
  }, [latest]);

  return next ?? timeline;
}
