import { describe, expect, it } from "vitest";
import { Rate } from "./rate";

describe("the rate", () => {
  it("is the mean of whole seconds since the start, then of the last ten", () => {
    const rate = new Rate(0);
    for (let ms = 0; ms < 20_000; ms += 100) rate.mark(ms);
    expect(rate.perSecond(20_000)).toBe(10);
    expect(rate.perSecond(25_000)).toBe(5);
    expect(rate.perSecond(60_000)).toBe(0);
  });

  it("leaves out the second that is still running", () => {
    const rate = new Rate(0);
    rate.mark(500);
    expect(rate.perSecond(900)).toBe(0);
    expect(rate.perSecond(1_000)).toBe(1);
  });
});
