import type { Metadata, Viewport } from "next";
import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { parseTheme, THEME_COOKIE, type Theme } from "@/lib/theme";
import "@fontsource-variable/inter/wght.css";
import "./globals.css";

export const metadata: Metadata = {
  title: "Bluesky sentiment",
  description: "The mood of Bluesky, live: the sentiment and topics of its newest posts.",
};

/** The grounds of theme.css, for what the browser draws around the page. */
const GROUND = { light: "#f8f9fb", dark: "#12151b" };

async function chosenTheme(): Promise<Theme> {
  return parseTheme((await cookies()).get(THEME_COOKIE)?.value);
}

export async function generateViewport(): Promise<Viewport> {
  const theme = await chosenTheme();
  const bySystem = [
    { media: "(prefers-color-scheme: light)", color: GROUND.light },
    { media: "(prefers-color-scheme: dark)", color: GROUND.dark },
  ];
  return {
    width: "device-width",
    initialScale: 1,
    themeColor: theme === "system" ? bySystem : GROUND[theme],
  };
}

/**
 * Every page is drawn for its request, as reading the cookie makes it: one made at build time could carry neither the
 * nonce that its scripts need nor the theme that its reader has chosen.
 */
export default async function Layout({ children }: { children: ReactNode }) {
  return (
    <html data-theme={await chosenTheme()} lang="en">
      <body>{children}</body>
    </html>
  );
}
