import type { Bucket, Stats, Timeline } from "./wire";

const EMPTY: Bucket = [0, 0, 0, 0];

/**
 * Puts the newest buckets at the end of a timeline of fixed length, the oldest leave. Null if they do not follow on what
 * is there, as after a long sleep: what lies between has to be fetched.
 */
export function append(timeline: Timeline, latest: Stats["latest"]): Timeline | null {
  const [first, last] = [latest.buckets[0], latest.buckets.at(-1)];
  if (!first || !last) return timeline;
  const { from, step, buckets } = timeline;
  const end = from + step * buckets.length;
  if (latest.step !== step || first[0] > end || last[0] < from) return null;
  const moved = Math.max(0, (last[0] + step - end) / step);
  const kept = [...buckets.slice(moved), ...Array<Bucket>(moved).fill(EMPTY)];
  const begins = from + moved * step;
  for (const [at, ...counts] of latest.buckets) {
    const place = (at - begins) / step;
    if (place >= 0) kept[place] = counts;
  }
  return { ...timeline, from: begins, buckets: kept };
}

/** How many posts a bucket counts, those without a sentiment included. */
export function totalOf([negative, neutral, positive, unscored]: Bucket): number {
  return negative + neutral + positive + unscored;
}

export function scoredOf([negative, neutral, positive]: Bucket): number {
  return negative + neutral + positive;
}

/** The place of the bucket that holds an instant, or of the nearest one. */
export function placeAt({ from, step, buckets }: Timeline, time: number): number {
  return Math.max(0, Math.min(buckets.length - 1, Math.floor((time - from) / step)));
}

/** From here on a timeline is known. */
export function knownFrom({ from, complete, filledFrom }: Timeline): number {
  return complete ? from : Math.max(from, filledFrom);
}

/** The start of the first bucket with posts, or null if there are none. */
export function firstPosts({ from, step, buckets }: Timeline): number | null {
  const place = buckets.findIndex((bucket) => totalOf(bucket) > 0);
  return place < 0 ? null : from + place * step;
}
