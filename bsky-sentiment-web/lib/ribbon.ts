import { area, curveMonotoneX } from "d3-shape";
import type { Sentiment } from "./sentiments";
import { knownFrom, scoredOf } from "./timeline";
import type { Timeline } from "./wire";

/** Buckets on either side that a share is a mean of: five seconds of posts alone would only flicker. */
const SMOOTHING = 3;
/** Silence as long as this is a gap; shorter ones are bridged. */
const GAP_MS = 15_000;
/** The paths' units across, and up. */
export const RIBBON_WIDTH = 1_000;
export const RIBBON_HEIGHT = 100;

/** The two lines between three shares at an instant: negative is below `low`, positive above `high` (0 to 1). */
export type Edge = { time: number; low: number; high: number };

/**
 * The shares over time as unbroken runs, with a gap wherever nothing is known: no post with a sentiment for 15 seconds,
 * or history that is still being read back. Each share is the mean of its neighbourhood, weighted by posts and nearness.
 */
export function runsOf(timeline: Timeline): Edge[][] {
  const { from, step, buckets } = timeline;
  const known = knownFrom(timeline);
  const scored = buckets.map(scoredOf);
  const reach = Math.floor((GAP_MS / step - 1) / 2);
  const runs: Edge[][] = [];
  let run: Edge[] = [];
  for (let place = 0; place <= buckets.length; place++) {
    const time = from + place * step;
    const edge = time >= known && someWithin(scored, place, Math.max(0, reach)) && meanAt(timeline, place);
    if (edge && place < buckets.length) {
      if (run.length === 0) run.push({ ...edge, time });
      run.push({ ...edge, time: time + step / 2 });
    } else if (run.length > 0) {
      const last = run.at(-1) as Edge;
      runs.push([...run, { ...last, time }]);
      run = [];
    }
  }
  return runs;
}

function someWithin(scored: number[], place: number, reach: number): boolean {
  return scored.slice(Math.max(0, place - reach), place + reach + 1).some((count) => count > 0);
}

function meanAt({ buckets }: Timeline, place: number): { low: number; high: number } | null {
  let [negative, neutral, positive] = [0, 0, 0];
  for (let distance = -SMOOTHING; distance <= SMOOTHING; distance++) {
    const bucket = buckets[place + distance];
    if (!bucket) continue;
    const weight = SMOOTHING + 1 - Math.abs(distance);
    negative += weight * bucket[0];
    neutral += weight * bucket[1];
    positive += weight * bucket[2];
  }
  const whole = negative + neutral + positive;
  return whole > 0 ? { low: negative / whole, high: (negative + neutral) / whole } : null;
}

/** SVG paths of the three bands, negative lowest, for a stretch of time across `RIBBON_WIDTH`. */
export function ribbonPaths(
  runs: Edge[][],
  { from, to }: { from: number; to: number },
): Record<Sentiment, string> {
  const x = ({ time }: Edge) => (RIBBON_WIDTH * (time - from)) / (to - from);
  const y = (share: number) => RIBBON_HEIGHT * (1 - share);
  const band = (below: (edge: Edge) => number, above: (edge: Edge) => number) => {
    const path = area<Edge>()
      .x(x)
      .y0((edge) => y(below(edge)))
      .y1((edge) => y(above(edge)));
    const smooth = path.curve(curveMonotoneX).digits(2);
    return runs.map((run) => smooth(run) ?? "").join("");
  };
  return {
    NEGATIVE: band(
      () => 0,
      ({ low }) => low,
    ),
    NEUTRAL: band(
      ({ low }) => low,
      ({ high }) => high,
    ),
    POSITIVE: band(
      ({ high }) => high,
      () => 1,
    ),
  };
}
