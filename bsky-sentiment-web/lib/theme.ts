export const THEMES = ["system", "light", "dark"] as const;

export type Theme = (typeof THEMES)[number];

/** Kept in a cookie, because the server must know it to draw the first picture in the right colours. */
export const THEME_COOKIE = "theme";

/** What a cookie says; one that says nothing known means the system's own. */
export function parseTheme(value: string | undefined): Theme {
  return THEMES.find((theme) => theme === value) ?? "system";
}
