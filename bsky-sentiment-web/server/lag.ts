import type { Stats } from "@/lib/wire";

/** The same span as the rate's: calm at a few posts a second, quick to show trouble. */
const SPAN_MS = 10_000;

/** How long posts took to get here, over the last ten seconds. Times are milliseconds, passed in by the caller. */
export class Lag {
  #marks: { at: number; took: number }[] = [];

  /** Notes that a post which the suite first saw at `since` arrived at `now`. Clocks of two machines may differ a little. */
  mark(since: number, now: number): void {
    this.#marks.push({ at: now, took: Math.max(0, now - since) });
  }

  percentiles(now: number): Stats["lag"] {
    this.#marks = this.#marks.filter(({ at }) => at > now - SPAN_MS);
    if (this.#marks.length === 0) return null;
    const sorted = Float64Array.from(this.#marks, ({ took }) => took).sort();
    const share = (part: number) => sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
    return { p50: share(0.5), p99: share(0.99) };
  }
}
