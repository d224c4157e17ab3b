import { describe, expect, it } from "vitest";
import { Ring } from "./ring";

function ringOf(capacity: number, ...sequences: number[]) {
  const ring = new Ring<{ sequence: number }>(capacity);
  const evicted = sequences.map((sequence) => ring.push({ sequence })?.sequence);
  const kept = () => Array.from({ length: ring.size }, (_, place) => ring.at(place)?.sequence);
  return { ring, evicted, kept };
}

describe("a ring", () => {
  it("keeps the newest items in order and gives back the one that left", () => {
    const { kept, evicted } = ringOf(3, 1, 2, 5, 6, 9);
    expect(kept()).toEqual([5, 6, 9]);
    expect(evicted).toEqual([undefined, undefined, undefined, 1, 2]);
  });

  it("finds the place after any sequence, gaps included, wherever its start lies", () => {
    for (let pushed = 1; pushed <= 20; pushed++) {
      const sequences = Array.from({ length: pushed }, (_, i) => 3 * i + 1);
      const { ring, kept } = ringOf(7, ...sequences);
      for (let asked = 0; asked <= 3 * pushed + 2; asked++) {
        const expected = kept().findIndex((s) => (s ?? 0) > asked);
        expect(ring.placeAfter(asked)).toBe(expected === -1 ? ring.size : expected);
      }
    }
  });

  it("refuses a sequence that does not rise, because positions would lose their meaning", () => {
    const { ring } = ringOf(3, 4);
    expect(() => ring.push({ sequence: 4 })).toThrow(RangeError);
  });

  it("has no newest item while empty", () => {
    const { ring } = ringOf(3);
    expect(ring.newest).toBeUndefined();
    expect(ring.placeAfter(0)).toBe(0);
  });
});
