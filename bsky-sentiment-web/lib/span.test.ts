import { describe, expect, it } from "vitest";
import { LIVE, rangeQuery, readRange, spanOf, wholeMinutes } from "./span";

const at = (time: string) => Date.parse(`2026-07-04T${time}Z`);

describe("a range in an address", () => {
  it.each([{ range: "15m" }, { range: "24h" }, { from: at("14:00:00"), to: at("14:07:00") }] as const)(
    "is read back as written",
    (range) => {
      expect(readRange(new URLSearchParams(rangeQuery(range)), 0)).toEqual(range);
    },
  );

  it.each(["", "range=7d", "from=b&to=a", "from=2026-07-04T15:00Z&to=2026-07-04T14:00Z"])(
    "is the live one where %j says nothing that can be used",
    (query) => {
      expect(readRange(new URLSearchParams(query), 0)).toEqual(LIVE);
    },
  );
});

describe("a stretch that somebody picks", () => {
  it("is of whole minutes, whichever end came first", () => {
    const span = { from: at("14:02:00"), to: at("14:05:00") };
    expect(wholeMinutes(at("14:02:40"), at("14:04:10"))).toEqual(span);
    expect(wholeMinutes(at("14:04:10"), at("14:02:40"))).toEqual(span);
  });

  it("is a minute long at least", () => {
    expect(wholeMinutes(at("14:02:00"), at("14:02:00"))).toEqual({
      from: at("14:02:00"),
      to: at("14:03:00"),
    });
  });
});

it("ends now while it is live, and stays where it is once picked", () => {
  const now = at("14:00:00");
  expect(spanOf(LIVE, now)).toEqual({ from: at("13:45:00"), to: now });
  expect(spanOf({ from: 1, to: 2 }, now)).toEqual({ from: 1, to: 2 });
});
