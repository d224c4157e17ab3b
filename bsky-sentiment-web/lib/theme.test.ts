import { expect, it } from "vitest";
import { parseTheme } from "./theme";

it("is the system's own unless a known one was chosen", () => {
  expect([undefined, "", "pink", "dark"].map(parseTheme)).toEqual(["system", "system", "system", "dark"]);
});
