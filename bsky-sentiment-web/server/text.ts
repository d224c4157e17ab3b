import type { Facet } from "@/lib/wire";

/** The network allows 300 graphemes in 3,000 bytes; a longer text did not come from it and would only fill pages. */
const MAX_TEXT_LENGTH = 3_000;

/** The text as a page can show it, with the facets at their places in it. */
export type ShownText = { text: string; truncated: boolean; facets: Facet[] };

/**
 * The text as HTML can carry it unchanged. A page drawn on the server must read the same in the browser, but HTML
 * turns CR into LF and forbids NUL and its like. (UTF-8 has no lone surrogates either; cutting a text can make one, so
 * those are replaced last.)
 *
 * The facets come with `start` and `end` in bytes of the told text in UTF-8. One that does not lie on whole characters of what is shown, or overlaps one before it, is left out.
 */
export function showText(told: string, facets: readonly Facet[]): ShownText {
  const whole = told.replace(/\r\n?/g, "\n").replace(/[^\P{Cc}\n\t]/gu, "");
  const text = cut(whole, MAX_TEXT_LENGTH);
  return { text, truncated: whole.length > MAX_TEXT_LENGTH, facets: placeFacets(told, facets) };
}

/**
 * The beginning of a stranger's words, in a form that UTF-8 can carry. It is a copy: a slice would keep all of them in
 * memory for as long as any of them is shown.
 */
export function cut(words: string, length: number): string {
  if (words.length <= length) return words.toWellFormed();
  return Buffer.from(words.slice(0, length)).toString();
}

function placeFacets(told: string, facets: readonly Facet[]): Facet[] {
  if (facets.length === 0) return [];
  const places = shownPlaces(told, new Set(facets.flatMap(({ start, end }) => [start, end])));
  const placed: Facet[] = [];
  let free = 0;
  for (const facet of facets.toSorted((a, b) => a.start - b.start)) {
    const start = places.get(facet.start);
    const end = places.get(facet.end);
    if (start === undefined || end === undefined || start < free || end <= start) continue;
    placed.push({ ...facet, start, end });
    free = end;
  }
  return placed;
}

/** Where in the shown text (UTF-16) the characters are that begin at these bytes of the told one (UTF-8). */
function shownPlaces(told: string, wanted: ReadonlySet<number>): Map<number, number> {
  const places = new Map<number, number>();
  let [byte, place, unit] = [0, 0, 0];
  const note = () => {
    if (wanted.has(byte)) places.set(byte, place);
  };
  for (const character of told) {
    note();
    unit += character.length;
    byte += utf8Length(character);
    place += shownLength(character, told[unit]);
    if (place > MAX_TEXT_LENGTH) return places;
  }
  note();
  return places;
}

/** A lone surrogate takes as much as the character that replaces it. */
function utf8Length(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

function shownLength(character: string, next: string | undefined): number {
  if (character === "\r") return next === "\n" ? 0 : 1;
  return /[^\P{Cc}\n\t]/u.test(character) ? 0 : character.length;
}
