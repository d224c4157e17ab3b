"use client";

import { useEffect, useRef, useState } from "react";
import { TOPICS, type Topic } from "@/lib/topics";
import type { Figures } from "@/lib/wire";

/** A ranking that moves more often than this cannot be read. */
const REORDER_MS = 10_000;

function byCount(topics: Figures["topics"]): Topic[] {
  return TOPICS.toSorted((a, b) => topics[b].total - topics[a].total);
}

/**
 * Topics by falling count, put in order again only now and then, and never while `held` (a pointer or focus is there).
 * Figures of another `subject` are put in order at once.
 */
export function useSettledOrder(topics: Figures["topics"], subject: string, held: boolean): Topic[] {
  const [order, setOrder] = useState(() => byCount(topics));
  const latest = useRef({ topics, held });
  latest.current = { topics, held };
  const empty = TOPICS.every((topic) => topics[topic].total === 0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another subject is a reason to begin anew
  useEffect(() => {
    // The first figures are the one case where waiting would only show a wrong order.
    if (!empty) setOrder(byCount(latest.current.topics));
    const timer = setInterval(() => {
      if (!latest.current.held) setOrder(byCount(latest.current.topics));
    }, REORDER_MS);
    return () => clearInterval(timer);
  }, [empty, subject]);

  return order;
}
