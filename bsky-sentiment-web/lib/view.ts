import { type Filter, filterQuery, parseFilter } from "./filter";
import type { AskedRange } from "./range";
import { isLive, rangeQuery, readRange } from "./span";

/** What a viewer has chosen to see; its address says all of it. */
export type View = { filter: Filter; range: AskedRange; search: string };

/** Longer than any search that finds a post, and short enough for an address. */
const MAX_SEARCH_LENGTH = 200;

/** Reads a view from an address's query; unknown values are ignored. */
export function parseView(query: URLSearchParams, now: number): View {
  const search = (query.get("q") ?? "").slice(0, MAX_SEARCH_LENGTH);
  return { filter: parseFilter(query).filter, range: readRange(query, now), search };
}

/** The address of a view on this page; what is usual is left out. */
export function viewAddress({ filter, range, search }: View): string {
  const words = search && new URLSearchParams({ q: search }).toString();
  const time = isLive(range) ? "" : rangeQuery(range);
  const query = [filterQuery(filter), time, words].filter(Boolean).join("&");
  return query ? `/?${query}` : "/";
}
