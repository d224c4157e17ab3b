"use client";

import { useEffect, useRef, useState } from "react";
import { TOPICS, type Topic } from "@/lib/topics";
import type { Figures } from "@/lib/wire";

/** A ranking that moves more often than this cannot be read. */
const REORDER_MS = 10_000;

function byCount(counts: Figures["topics"]): Topic[] {
  return TOPICS.toSorted((a, b) => counts[b].total - counts[a].total);
}

/** Topics by falling count, put in order again only now and then, and never while `held` (a pointer or focus is there). */
export function useSettledOrder(counts: Figures["topics"], held: boolean): Topic[] {
  const [order, setOrder] = useState(() => byCount(counts));
  const latest = useRef({ counts, held });
  latest.current = { counts, held };
  const empty = TOPICS.every((topic) => counts[topic].total === 0);

  useEffect(() => {
    // The first figures are the one case where waiting would only show a wrong order.
    if (!empty) setOrder(byCount(latest.current.counts));
    const timer = setInterval(() => {
      if (!latest.current.held) setOrder(byCount(latest.current.counts));
    }, REORDER_MS);
    return () => clearInterval(timer);
  }, [empty]);

  return order;
}
