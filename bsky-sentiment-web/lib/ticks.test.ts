import { expect, it } from "vitest";
import { timeTicks } from "./ticks";

const at = (time: string) => Date.parse(`2026-07-04T${time}:00Z`);
const HOUR_MS = 3_600_000;

it("are a handful of round times", () => {
  expect(timeTicks({ from: at("14:01"), to: at("14:16") }, 0)).toEqual(
    ["14:03", "14:06", "14:09", "14:12", "14:15"].map(at),
  );
});

it("are round on the reader's clock", () => {
  const ticks = timeTicks({ from: at("00:30"), to: at("23:30") }, 2 * HOUR_MS);
  expect(ticks).toEqual(["02:00", "06:00", "10:00", "14:00", "18:00", "22:00"].map(at));
});
