import { describe, expect, it } from "vitest";
import { cutText } from "./richText";
import type { Facet } from "./wire";

const tag = (start: number, end: number): Facet => ({ start, end, kind: "tag", value: "t" });
const written = (text: string, facets: Facet[], marks: { start: number; end: number }[] = []) =>
  cutText(text, facets, marks).map(({ facet, pieces }) => ({
    linked: facet !== null,
    pieces: pieces.map((piece) => (piece.marked ? `[${piece.text}]` : piece.text)),
  }));

describe("a text with facets", () => {
  it("is cut at them", () => {
    expect(written("see #this now", [tag(4, 9)])).toEqual([
      { linked: false, pieces: ["see "] },
      { linked: true, pieces: ["#this"] },
      { linked: false, pieces: [" now"] },
    ]);
  });

  it("is marked within them and across their borders", () => {
    expect(written("see #this now", [tag(4, 9)], [{ start: 2, end: 6 }])).toEqual([
      { linked: false, pieces: ["se", "[e ]"] },
      { linked: true, pieces: ["[#t]", "his"] },
      { linked: false, pieces: [" now"] },
    ]);
  });

  it("keeps every letter once where facets overlap, are empty, reversed or lie outside", () => {
    const text = "abcdef";
    const facets = [tag(1, 4), tag(2, 5), tag(4, 4), tag(5, 3), tag(5, 99), tag(-3, 2)];
    const runs = cutText(text, facets, [{ start: 0, end: 99 }]);
    expect(runs.flatMap((run) => run.pieces.map((piece) => piece.text)).join("")).toBe(text);
    expect(runs.filter((run) => run.facet)).toHaveLength(1);
  });

  it("is nothing where there is no text", () => {
    expect(cutText("", [tag(0, 3)], [])).toEqual([]);
  });
});
