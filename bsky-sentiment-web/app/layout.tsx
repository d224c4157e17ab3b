import type { Metadata, Viewport } from "next";
import { connection } from "next/server";
import type { ReactNode } from "react";
import "@fontsource-variable/inter/wght.css";
import "./globals.css";

export const metadata: Metadata = {
  title: "Bluesky sentiment",
  description: "The mood of Bluesky, live: the sentiment and topics of its newest posts.",
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f8f9fb" },
    { media: "(prefers-color-scheme: dark)", color: "#12151b" },
  ],
};

export default async function Layout({ children }: { children: ReactNode }) {
  // Every page is drawn for its request: one made at build time could not carry the nonce that its scripts need.
  await connection();
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
