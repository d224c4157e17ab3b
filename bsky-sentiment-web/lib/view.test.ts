import { expect, it } from "vitest";
import { EVERYTHING } from "./filter";
import { parseView, type View, viewAddress } from "./view";

it("is read back from its own address", () => {
  const view: View = {
    filter: { sentiment: "NEGATIVE", topic: "film_tv_&_video", lang: "pt" },
    range: { from: Date.parse("2026-07-04T14:00Z"), to: Date.parse("2026-07-04T14:07Z") },
    search: "café & more",
  };
  expect(parseView(new URL(viewAddress(view), "http://localhost").searchParams, Date.now())).toEqual(view);
});

it("needs no words for what is usual", () => {
  expect(viewAddress({ filter: EVERYTHING, range: { range: "15m" }, search: "" })).toBe("/");
});
