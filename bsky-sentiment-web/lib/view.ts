import { type Filter, filterQuery, parseFilter } from "./filter";
import type { AskedRange } from "./range";
import { isLive, rangeQuery, readRange } from "./span";

/** What a viewer has chosen to see; its address says all of it. */
export type View = { filter: Filter; range: AskedRange };

/** Reads a view from an address's query; unknown values are ignored. */
export function parseView(query: URLSearchParams, now: number): View {
  return { filter: parseFilter(query).filter, range: readRange(query, now) };
}

/** The address of a view on this page; what is usual is left out. */
export function viewAddress({ filter, range }: View): string {
  const query = [filterQuery(filter), isLive(range) ? "" : rangeQuery(range)].filter(Boolean).join("&");
  return query ? `/?${query}` : "/";
}
