import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createMetrics } from "@/server/metrics";
import { environment } from "@/server/settings";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The names in the first column of the table under a heading. */
function documented(heading: string): string[] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(/^\| `([A-Za-z_]+)/gm)].map((match) => match[1] ?? "");
}

describe("the README", () => {
  it("names every metric of ours and no other", async () => {
    const names = (await createMetrics().registry.getMetricsAsJSON()).map((metric) => metric.name);
    const ours = names.filter((name) => !/^(process|nodejs)_/.test(name));
    expect(documented("Metrics").toSorted()).toEqual(ours.toSorted());
  });

  it("names every environment variable and no other", () => {
    const read = [...Object.keys(environment.shape), "PORT", "HOSTNAME"];
    expect(documented("Environment").toSorted()).toEqual(read.toSorted());
  });

  it("goes with an example environment: each variable once behind a word on it, a cluster's or its default", () => {
    const example = readFileSync(join(root, ".env.example"), "utf8");
    const found = [...example.matchAll(/^# .+\n(#?)([A-Z_]+)=(.*)$/gm)];
    const defaults: Record<string, unknown> = { ...environment.parse({}), PORT: 3000, HOSTNAME: "0.0.0.0" };
    expect(found.map(([, , name]) => name)).toEqual(documented("Environment"));
    const set = found.filter(([, hash]) => hash === "").map(([, , name, value]) => [name, value]);
    expect(set).toEqual([
      ["NATS_URL", "nats://nats.nats.svc.cluster.local:4222"],
      ["TRUSTED_PROXIES", "10.0.0.0/8"],
    ]);
    for (const [, hash, name = "", value] of found) {
      if (hash === "#") expect(value, name).toBe(String(defaults[name]));
    }
  });
});
