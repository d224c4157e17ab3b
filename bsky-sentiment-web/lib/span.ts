import { type AskedRange, parseRange } from "./range";
import type { Timeline } from "./wire";

/** A stretch of time (ms since 1970, UTC); `to` is not part of it. */
export type Span = { from: number; to: number };

export const MINUTE_MS = 60_000;
const LENGTH_MS = { "15m": 15 * MINUTE_MS, "24h": 24 * 60 * MINUTE_MS };

/** The range that the event stream keeps fresh. */
export const LIVE: AskedRange = { range: "15m" };

export function isLive(range: AskedRange): boolean {
  return "range" in range && range.range === "15m";
}

/** Reads the range from an address; what cannot be used means the live one. */
export function readRange(query: URLSearchParams, now: number): AskedRange {
  const range = parseRange(query, now);
  return "parameter" in range ? LIVE : range;
}

/** The query that `parseRange` reads back as the same range. */
export function rangeQuery(range: AskedRange): string {
  if ("range" in range) return `range=${range.range}`;
  return `from=${minuteOf(range.from)}&to=${minuteOf(range.to)}`;
}

/** The stretch that a range covers at an instant. */
export function spanOf(range: AskedRange, now: number): Span {
  return "range" in range ? { from: now - LENGTH_MS[range.range], to: now } : range;
}

/** The whole minutes that a stretch between two instants touches, in either order: one at least. */
export function wholeMinutes(one: number, other: number): Span {
  const from = Math.floor(Math.min(one, other) / MINUTE_MS) * MINUTE_MS;
  const to = Math.ceil(Math.max(one, other) / MINUTE_MS) * MINUTE_MS;
  return { from, to: Math.max(to, from + MINUTE_MS) };
}

/** The stretch that a timeline's buckets cover. */
export function spanOfTimeline({ from, step, buckets }: Timeline): Span {
  return { from, to: from + step * buckets.length };
}

/** `2026-07-04T14:38:00Z`: an address need not say more. */
function minuteOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 17)}00Z`;
}
