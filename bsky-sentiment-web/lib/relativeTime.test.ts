import { describe, expect, it } from "vitest";
import { relativeTime } from "./relativeTime";

const NOW = Date.parse("2026-07-04T12:00:00Z");

describe("a time as readers tell it", () => {
  it.each([
    [0, "now"],
    [9, "now"],
    [10, "10 s"],
    [59, "50 s"],
    [60, "1 min"],
    [3_599, "59 min"],
    [3_600, "1 h"],
    [86_399, "23 h"],
    [86_400, "2026-07-03"],
  ])("%i seconds ago is %s", (seconds, told) => {
    expect(relativeTime(NOW - seconds * 1_000, NOW)).toBe(told);
  });

  it("takes a clock that is a little ahead for now, and one that is far ahead at its word", () => {
    expect(relativeTime(NOW + 59_000, NOW)).toBe("now");
    expect(relativeTime(NOW + 86_400_000, NOW)).toBe("2026-07-05");
  });
});
