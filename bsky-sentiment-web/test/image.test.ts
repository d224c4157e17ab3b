import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const IGNORED = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n").filter(Boolean);

/** The source files that the image is built from. */
function sources(): string[] {
  const folders = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !IGNORED.includes(entry.name))
    .map((entry) => entry.name);
  return folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) =>
        join(folder, name),
      ),
    )
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".test.ts"));
}

it("what the image is built from needs nothing that is left out of it", () => {
  const needed = sources().flatMap((name) =>
    [...readFileSync(join(ROOT, name), "utf8").matchAll(/from "@\/([^/"]+)/g)].map(([, folder]) => ({
      name,
      folder,
    })),
  );
  expect(needed.length).toBeGreaterThan(100);
  expect(needed.filter(({ folder }) => IGNORED.includes(folder ?? ""))).toEqual([]);
});
