"use client";

import { type ReactNode, useState } from "react";
import { THEME_COOKIE, THEMES, type Theme } from "@/lib/theme";

const YEAR_S = 365 * 24 * 60 * 60;

const ICONS: Record<Theme, ReactNode> = {
  system: <path d="M3 4.5h14v9H3zM7.5 16.5h5" />,
  light: (
    <path d="M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6 16 16M4 16l1.4-1.4M14.6 5.4 16 4" />
  ),
  dark: <path d="M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3Z" />,
};

/** Light, dark, or as the system has it; remembered, so that the next page comes in it at once. */
export function ThemeSwitch({ initial }: { initial: Theme }) {
  const [theme, setTheme] = useState(initial);

  const choose = (chosen: Theme) => {
    setTheme(chosen);
    document.documentElement.dataset.theme = chosen;
    // biome-ignore lint/suspicious/noDocumentCookie: not every browser of today has the Cookie Store
    document.cookie = `${THEME_COOKIE}=${chosen}; path=/; max-age=${YEAR_S}; samesite=lax`;
  };

  return (
    <fieldset className="segments">
      <legend className="sr-only">Colours</legend>
      {THEMES.map((name) => (
        <label className="segment px-2" key={name} title={`${name.charAt(0).toUpperCase()}${name.slice(1)}`}>
          <input
            checked={theme === name}
            className="sr-only"
            name="theme"
            onChange={() => choose(name)}
            type="radio"
            value={name}
          />
          <svg aria-hidden="true" className="icon size-4" viewBox="0 0 20 20">
            {ICONS[name]}
          </svg>
          <span className="sr-only">{name}</span>
        </label>
      ))}
    </fieldset>
  );
}
