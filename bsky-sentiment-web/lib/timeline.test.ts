import { describe, expect, it } from "vitest";
import { append, firstPosts, knownFrom, placeAt } from "./timeline";
import type { Bucket, Timeline } from "./wire";

/** Three buckets of ten milliseconds, from 100 to 130. */
const timeline: Timeline = {
  from: 100,
  step: 10,
  complete: true,
  filledFrom: 100,
  buckets: [
    [1, 0, 0, 0],
    [2, 0, 0, 0],
    [3, 0, 0, 0],
  ],
};

describe("a timeline", () => {
  it("takes newer counts of the buckets that it has", () => {
    const latest = { step: 10, buckets: [[120, 9, 0, 0, 1]] as [number, number, number, number, number][] };
    expect(append(timeline, latest)?.buckets.at(-1)).toEqual([9, 0, 0, 1]);
  });

  it("moves on with time and stays as long", () => {
    const next = append(timeline, {
      step: 10,
      buckets: [
        [120, 9, 0, 0, 0],
        [130, 4, 0, 0, 0],
      ],
    });
    expect(next).toMatchObject({
      from: 110,
      buckets: [
        [2, 0, 0, 0],
        [9, 0, 0, 0],
        [4, 0, 0, 0],
      ],
    });
  });

  it("cannot go on with counts that do not follow on its own", () => {
    expect(append(timeline, { step: 10, buckets: [[140, 1, 0, 0, 0]] })).toBeNull();
    expect(append(timeline, { step: 5, buckets: [[120, 1, 0, 0, 0]] })).toBeNull();
  });

  it("is not known before the place that reading back has come to", () => {
    expect(knownFrom(timeline)).toBe(100);
    expect(knownFrom({ ...timeline, complete: false, filledFrom: 115 })).toBe(115);
  });

  it("finds the bucket of an instant, and the nearest for one outside", () => {
    expect([99, 100, 119, 120, 500].map((time) => placeAt(timeline, time))).toEqual([0, 0, 1, 2, 2]);
  });

  it("begins with its first posts, of whatever sentiment", () => {
    const nothing: Bucket = [0, 0, 0, 0];
    expect(firstPosts({ ...timeline, buckets: [nothing, [0, 0, 0, 1], nothing] })).toBe(110);
    expect(firstPosts({ ...timeline, buckets: [nothing] })).toBeNull();
  });
});
