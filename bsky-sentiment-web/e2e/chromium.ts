import { spawnSync } from "node:child_process";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The browser of the system, or null. None is fetched: a test is no reason to install one. */
export function findChromium(): string | null {
  const found = NAMES.map((name) => spawnSync("which", [name], { encoding: "utf8" }).stdout?.trim());
  return found.find(Boolean) ?? null;
}

export function launch(executablePath: string): Promise<Browser> {
  // Chromium's own sandbox needs rights that containers do not have; the pages here are our own.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}
