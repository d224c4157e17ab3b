import { languageName } from "@/lib/languageName";

/** A language by its name. Browsers know fewer names than the server; what was drawn first stays, and is no fault. */
export function LanguageName({ lang }: { lang: string }) {
  return <span suppressHydrationWarning>{languageName(lang)}</span>;
}
