import type { Span } from "./search";
import type { Facet } from "./wire";

/** A stretch of plain letters, marked if a search found it. */
export type Piece = { text: string; marked: boolean };
/** Pieces that belong together: those of one link, mention or tag, or those between two of them. */
export type Run = { facet: Facet | null; pieces: Piece[] };

/**
 * A text cut at its facets and at what a search found in it. The runs together are the text again, letter by letter.
 *
 * Facets that lie outside the text, overlap an earlier one or are empty are taken for plain text.
 */
export function cutText(text: string, facets: readonly Facet[], marks: readonly Span[]): Run[] {
  const runs: Run[] = [];
  let at = 0;
  const add = (end: number, facet: Facet | null) => {
    if (end > at) runs.push({ facet, pieces: cutPieces(text, { start: at, end }, marks) });
    at = Math.max(at, end);
  };
  for (const facet of facets) {
    if (facet.start < at || facet.end > text.length || facet.end <= facet.start) continue;
    add(facet.start, null);
    add(facet.end, facet);
  }
  add(text.length, null);
  return runs;
}

function cutPieces(text: string, { start, end }: Span, marks: readonly Span[]): Piece[] {
  const pieces: Piece[] = [];
  let at = start;
  const add = (to: number, marked: boolean) => {
    if (to > at) pieces.push({ text: text.slice(at, to), marked });
    at = Math.max(at, to);
  };
  for (const mark of marks) {
    if (mark.end <= at || mark.start >= end) continue;
    add(Math.max(mark.start, at), false);
    add(Math.min(mark.end, end), true);
  }
  add(end, false);
  return pieces;
}
