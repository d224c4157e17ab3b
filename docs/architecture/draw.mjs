/**
 * Draws scene.toml with Excalidraw, and writes a PNG that Excalidraw opens again. The same scene gives the same bytes, so that
 * a change of the picture is a change of the scene.
 */
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { parse } from "smol-toml";

/** Nothing is served there: what the page asks for is read from the package. */
const SITE = "http://architecture.invalid/";
const ASSETS = new URL("node_modules/@excalidraw/excalidraw/dist/prod/", import.meta.url);
const PICTURE = new URL("../../architecture.excalidraw.png", import.meta.url);

const scene = parse(await readFile(new URL("scene.toml", import.meta.url), "utf8"));
const drawn = await draw(scene);
await writeFile(PICTURE, Buffer.from(drawn, "base64"));
console.log(`${fileURLToPath(PICTURE)} is drawn.`);

/** The PNG in base64. */
async function draw(scene) {
  const browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    await page.clock.setFixedTime(0);
    await page.addInitScript(countInsteadOfChance);
    await page.route(`${SITE}**`, serve);
    await page.goto(SITE);
    await page.addScriptTag({ content: await bundle() });
    return await page.evaluate((scene) => globalThis.drawPicture(scene), scene);
  } finally {
    await browser.close();
  }
}

function findChromium() {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    const found = spawnSync("which", [name], { encoding: "utf8" }).stdout.trim();
    if (found) return found;
  }
  throw new Error("No Chromium on PATH: install it, as with `make chromium`");
}

async function serve(route) {
  const path = new URL(route.request().url()).pathname.slice(1);
  if (path === "") return route.fulfill({ contentType: "text/html", body: "<!doctype html>" });
  return route.fulfill({ path: fileURLToPath(new URL(path, ASSETS)) });
}

async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("page.mjs", import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    conditions: ["production"],
    define: { "process.env.NODE_ENV": '"production"', "import.meta.env": "{}" },
    logLevel: "error",
  });
  return outputFiles[0].text;
}

/** In the page: ids and the shake of the hand come from a count, where Excalidraw takes chance. */
function countInsteadOfChance() {
  let count = 1;
  const next = () => {
    count = (count * 48271) % 2147483647; // Park and Miller's generator
    return count / 2147483647;
  };
  Math.random = next;
  crypto.getRandomValues = (array) => array.map(() => next() * 256);
}
