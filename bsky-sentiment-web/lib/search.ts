import type { Post } from "./wire";

/** A stretch of a text, in UTF-16 units; `end` is behind its last one. */
export type Span = { start: number; end: number };

/** A text as it is compared, and for each of its units the place in the original that it came from. */
type Folded = { text: string; origin: number[] };

/** `É` and `e` are the same to a reader who searches: no case, no accents, no width. */
function foldCharacter(character: string): string {
  return character.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function fold(text: string): Folded {
  let folded = "";
  const origin: number[] = [];
  let at = 0;
  for (const character of text) {
    const plain = foldCharacter(character);
    for (let unit = 0; unit < plain.length; unit++) origin.push(at);
    folded += plain;
    at += character.length;
  }
  origin.push(at);
  return { text: folded, origin };
}

/** The words of a search, each of which a post must have. */
export function searchWords(query: string): string[] {
  const words = fold(query).text.split(/\s+/u).filter(Boolean);
  return [...new Set(words)];
}

/** Texts never change within a post, and each is searched again whenever a letter is typed. */
const foldedTexts = new WeakMap<Post, Folded>();

function foldedText(post: Post): Folded {
  const known = foldedTexts.get(post);
  if (known) return known;
  const folded = fold(post.text);
  foldedTexts.set(post, folded);
  return folded;
}

/** True if each word is somewhere in the post's text or its author's name. */
export function isFound(post: Post, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const { text } = foldedText(post);
  const author = fold(post.handle ?? post.author).text;
  return words.every((word) => text.includes(word) || author.includes(word));
}

/** Where the words are in the post's text: sorted, none overlapping another. Marks after a letter belong to it. */
export function findWords(post: Post, words: readonly string[]): Span[] {
  if (words.length === 0) return [];
  const { text, origin } = foldedText(post);
  const found: Span[] = [];
  for (const word of words) {
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
      found.push({ start: origin[at] ?? 0, end: origin[at + word.length] ?? post.text.length });
    }
  }
  return merge(found.toSorted((a, b) => a.start - b.start));
}

function merge(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last && span.start <= last.end) last.end = Math.max(last.end, span.end);
    else merged.push({ ...span });
  }
  return merged;
}
