import type { Post } from "./wire";

/** What a language is called that nobody can tell (BCP 47). */
export const UNKNOWN_LANGUAGE = "und";

const PRIMARY = /^[a-z]{2,3}$/;

/** A primary tag of BCP 47, such as `en` or `und`. */
export function isLanguage(value: string): boolean {
  return PRIMARY.test(value);
}

/** The primary tag of a language tag, such as `pt` of `pt-BR`; null if it is none. */
export function primaryTag(tag: string): string | null {
  const primary = tag.split("-", 1)[0]?.toLowerCase() ?? "";
  return isLanguage(primary) ? primary : null;
}

/** The language a post counts under: what its text was found to be in, else what its author's client says. */
export function languageOf({ lang, langs }: Pick<Post, "lang" | "langs">): string {
  return lang ?? primaryTag(langs[0] ?? "") ?? UNKNOWN_LANGUAGE;
}
