import { describe, expect, it } from "vitest";
import { RIBBON_WIDTH, ribbonPaths, runsOf } from "./ribbon";
import type { Bucket, Timeline } from "./wire";

const STEP = 5_000;
const even: Bucket = [1, 2, 1, 0];
const silent: Bucket = [0, 0, 0, 7];

function timeline(buckets: Bucket[], changes: Partial<Timeline> = {}): Timeline {
  return { from: 0, step: STEP, complete: true, filledFrom: 0, buckets, ...changes };
}

const extent = (runs: ReturnType<typeof runsOf>) => runs.map((run) => [run[0]?.time, run.at(-1)?.time]);

describe("the ribbon", () => {
  it("reaches from the first bucket's beginning to the last one's end", () => {
    const [run] = runsOf(timeline([even, even]));
    expect(run?.map(({ time }) => time)).toEqual([0, 2_500, 7_500, 10_000]);
    expect(run?.every(({ low, high }) => low === 0.25 && high === 0.75)).toBe(true);
  });

  it("has a gap where no post with a sentiment came for a quarter of a minute", () => {
    const runs = runsOf(timeline([even, silent, silent, silent, silent, even]));
    expect(extent(runs)).toEqual([
      [0, 10_000],
      [20_000, 30_000],
    ]);
  });

  it("bridges a moment of silence", () => {
    expect(extent(runsOf(timeline([even, silent, even])))).toEqual([[0, 15_000]]);
  });

  it("shows nothing of what is not read back yet", () => {
    const runs = runsOf(timeline([even, even, even], { complete: false, filledFrom: 7_000 }));
    expect(extent(runs)).toEqual([[10_000, 15_000]]);
  });

  it("is calm: one odd bucket moves a share by less than it says itself", () => {
    const [run] = runsOf(timeline([even, even, [4, 0, 0, 0], even, even]));
    const highest = Math.max(...(run ?? []).map(({ low }) => low));
    expect(highest).toBeGreaterThan(0.25);
    expect(highest).toBeLessThan(0.6);
  });

  it("is drawn from edge to edge of its stretch, one path a sentiment", () => {
    const paths = ribbonPaths(runsOf(timeline([even, even])), { from: 0, to: 10_000 });
    expect(paths.NEGATIVE).toMatch(/^M0,75/);
    expect(paths.NEGATIVE).toContain(`${RIBBON_WIDTH},75`);
    expect(paths.POSITIVE).toContain(`${RIBBON_WIDTH},0`);
  });

  it("is empty where there is nothing", () => {
    expect(ribbonPaths(runsOf(timeline([silent])), { from: 0, to: 5_000 }).NEUTRAL).toBe("");
  });
});
