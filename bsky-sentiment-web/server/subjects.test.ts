import { describe, expect, it } from "vitest";
import { filterSubjects } from "./subjects";

describe("what is read of the enriched stream", () => {
  it("is posts and removals, however the enriched subject is worded", () => {
    for (const output of ["bluesky.enriched", "bluesky.enriched.>"]) {
      expect(filterSubjects(output)).toEqual(["bluesky.enriched.*.*", "bluesky.enriched.*"]);
    }
    expect(filterSubjects("bluesky.enriched.dev.>")).toEqual([
      "bluesky.enriched.dev.*.*",
      "bluesky.enriched.dev.*",
    ]);
  });

  it("is what the topics-only processor publishes, if that is asked for", () => {
    expect(filterSubjects("bluesky.enriched.topics.only.>")).toEqual([
      "bluesky.enriched.topics.only.*.*",
      "bluesky.enriched.topics.only.*",
    ]);
  });

  it("is fewer posts and all removals, if one sentiment or topic is asked for", () => {
    for (const output of ["bluesky.enriched.positive", "bluesky.enriched.positive.>"]) {
      expect(filterSubjects(output)).toEqual(["bluesky.enriched.positive.*", "bluesky.enriched.*"]);
    }
    expect(filterSubjects("bluesky.enriched.*.sports")).toEqual([
      "bluesky.enriched.*.sports",
      "bluesky.enriched.*",
    ]);
    expect(filterSubjects("bluesky.enriched.none.food_&_dining")).toEqual([
      "bluesky.enriched.none.food_&_dining",
      "bluesky.enriched.*",
    ]);
    expect(filterSubjects("bluesky.enriched.*.*")).toEqual(["bluesky.enriched.*.*", "bluesky.enriched.*"]);
  });
});
