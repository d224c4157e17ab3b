import { describe, expect, it } from "vitest";
import { parseRange } from "./range";

const NOW = Date.parse("2026-07-04T15:00:00Z");
const parse = (query: string) => parseRange(new URLSearchParams(query), NOW);

describe("a range of time", () => {
  it("is the last 15 minutes if the query says nothing, or the one it names", () => {
    expect(parse("")).toEqual({ range: "15m" });
    expect(parse("range=24h")).toEqual({ range: "24h" });
  });

  it("goes from one time to another, or up to now", () => {
    const [from, to] = [Date.parse("2026-07-04T14:00:00Z"), Date.parse("2026-07-04T14:30:00Z")];
    expect(parse("from=2026-07-04T14:00:00Z&to=2026-07-04T16:30:00%2B02:00")).toEqual({ from, to });
    expect(parse(`from=${from}&to=${to}`)).toEqual({ from, to });
    expect(parse(`from=${from}`)).toEqual({ from, to: NOW });
  });

  it.each([
    ["range", "range=1h"],
    ["range", "range="],
    ["range", "range=24h&from=0"],
    ["from", "from=yesterday"],
    ["from", "from="],
    ["from", "from=-1"],
    ["from", "from=1e3"],
    ["from", "from=9999999999999999"],
    ["from", "to=2026-07-04T14:00:00Z"],
    ["to", "from=0&to=2026-07-04"],
    ["to", "from=0&to=2026-02-31T00:00:00Z"],
    ["to", "from=2026-07-04T14:00:00Z&to=2026-07-04T14:00:00Z"],
    ["to", "from=2026-07-05T14:00:00Z"],
  ])("with an unusable %s is refused: %s", (parameter, query) => {
    expect(parse(query)).toMatchObject({ parameter });
  });
});
