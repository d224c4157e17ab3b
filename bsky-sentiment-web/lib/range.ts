import { z } from "zod";

/** Which time is asked about: one that goes on with the clock, or one that stands still (ms). */
export type AskedRange = { range: "15m" | "24h" } | { from: number; to: number };

export type RangeError = { parameter: "range" | "from" | "to"; allowed: string };

const presetSchema = z.enum(["15m", "24h"]);
const instantSchema = z.union([
  z.stringFormat("milliseconds", /^\d{1,15}$/).transform(Number),
  z.iso.datetime({ offset: true }).transform((time) => Date.parse(time)),
]);
const INSTANT = "milliseconds since 1970, or an RFC 3339 time such as 2026-07-04T14:00:00Z";

/** Reads `range`, or `from` and `to`, from a query; without any it is the last 15 minutes, without `to` all up to `now`. */
export function parseRange(query: URLSearchParams, now: number): AskedRange | RangeError {
  if (!query.has("from") && !query.has("to")) {
    const { data } = presetSchema.safeParse(query.get("range") ?? "15m");
    return data ? { range: data } : { parameter: "range", allowed: "15m or 24h" };
  }
  if (query.has("range")) return { parameter: "range", allowed: "only without from and to" };
  const { data: from } = instantSchema.safeParse(query.get("from"));
  if (from === undefined) return { parameter: "from", allowed: INSTANT };
  const { data: to } = instantSchema.safeParse(query.get("to") ?? `${now}`);
  if (to === undefined) return { parameter: "to", allowed: INSTANT };
  return from < to ? { from, to } : { parameter: "to", allowed: "a time after from" };
}
