import { expect, it } from "vitest";
import { languageName } from "./languageName";

it("names a language, one that nobody can tell, all others, and keeps a tag that has no name", () => {
  expect(["pt", "und", "other", "qqq"].map(languageName)).toEqual([
    "Portuguese",
    "Undetermined",
    "Other languages",
    "qqq",
  ]);
});
