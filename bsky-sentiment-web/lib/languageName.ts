import { UNKNOWN_LANGUAGE } from "./languages";

const names = new Intl.DisplayNames("en-GB", { type: "language", fallback: "code" });

/** `pt` is "Portuguese"; one without a name keeps its tag. */
export function languageName(lang: string): string {
  if (lang === UNKNOWN_LANGUAGE) return "Undetermined";
  if (lang === "other") return "Other languages";
  return names.of(lang) ?? lang;
}
