"use client";

import { useEffect, useState } from "react";
import type { AskedRange } from "@/lib/range";
import { rangeQuery } from "@/lib/span";
import { type Range, rangeSchema } from "@/lib/wire";

/** The server's figures of a whole day change slowly; a range that ended in the past does not change at all. */
const REFRESH_MS = 5_000;

/** What is known of a chosen range; `failed` if the newest question was not answered, whatever is shown meanwhile. */
export type RangeAnswer = { range: Range | null; failed: boolean };

const NOTHING: RangeAnswer = { range: null, failed: false };

/**
 * Asks for the figures of a range, again and again while it includes now; of none, nothing.
 *
 * @param first what the page was drawn with.
 */
export function useRange(asked: AskedRange | null, first: Range | null = null): RangeAnswer {
  const query = asked && rangeQuery(asked);
  const until = asked && "to" in asked ? asked.to : Number.POSITIVE_INFINITY;
  const [answered, setAnswered] = useState({ query, range: first, failed: false });

  useEffect(() => {
    if (!query) return;
    const leaving = new AbortController();
    let again: ReturnType<typeof setTimeout>;
    const ask = async () => {
      const range = await fetchRange(query, leaving.signal);
      if (leaving.signal.aborted) return;
      setAnswered((before) => {
        const kept = before.query === query ? before.range : null;
        return { query, range: range ?? kept, failed: range === null };
      });
      if (range === null || until > Date.now()) again = setTimeout(ask, REFRESH_MS);
    };
    void ask();
    return () => {
      leaving.abort();
      clearTimeout(again);
    };
  }, [query, until]);

  return query && answered.query === query ? answered : NOTHING;
}

/** Null where the server does not answer, or not as it should. */
async function fetchRange(query: string, signal: AbortSignal): Promise<Range | null> {
  try {
    const answer = await fetch(`/api/stats?${query}`, { signal });
    return answer.ok ? rangeSchema.parse(await answer.json()) : null;
  } catch {
    return null;
  }
}
