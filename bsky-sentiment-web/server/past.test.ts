import { beforeEach, describe, expect, it } from "vitest";
import { deletion, encoded, enriched, sentiment } from "@/test/enriched";
import { History } from "./history";
import { decodeMessage } from "./message";
import { Past } from "./past";
import { PostWindow } from "./window";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.parse("2026-07-04T12:00:00Z");
const FLOOR = 100;

let live: PostWindow;

beforeEach(() => {
  live = new PostWindow("a", FLOOR, 50, new History(NOW));
});

const past = (oldest: number | null = NOW - 48 * HOUR) => new Past(live, NOW, oldest);
const day = () => live.history.preset("24h");

function read(past: Past, messages: [sequence: number, message: Record<string, unknown>, at: number][]) {
  past.begin();
  for (const [sequence, message, at] of messages) past.message(sequence, encoded(message), at);
}

describe("the past", () => {
  it("is read from the newest chapter backwards, each up to where the one before it began", () => {
    const all = past();
    expect(all.chapter).toEqual({ from: NOW - 15 * MINUTE, before: FLOOR + 1 });
    read(all, [[60, enriched(60), NOW - 10 * MINUTE]]);
    all.finish();
    expect(all.chapter).toEqual({ from: NOW - HOUR, before: 60 });
    read(all, []);
    all.finish();
    expect(all.chapter).toEqual({ from: NOW - 2 * HOUR, before: 60 });
    for (let chapter = 2; all.chapter; chapter++) {
      expect(chapter).toBeLessThan(25);
      read(all, []);
      all.finish();
    }
    expect([day().figures.total, day().complete]).toEqual([1, true]);
  });

  it("ends with the chapter in which the stream begins, or at once where nothing is before the window", () => {
    const all = past(NOW - 20 * MINUTE);
    for (let chapter = 0; chapter < 2; chapter++) {
      expect(all.chapter).not.toBeNull();
      read(all, []);
      all.finish();
    }
    expect([all.chapter, day().complete]).toEqual([null, true]);
    expect(past(null).chapter).toBeNull();
  });

  it("counts a chapter only when it is whole, so that one broken off and read again counts once", () => {
    const all = past();
    const at = NOW - MINUTE;
    read(all, [[98, enriched(98), at]]);
    expect([day().figures.total, day().timeline.filledFrom]).toEqual([0, NOW]);
    read(all, [
      [98, enriched(98), at],
      [99, enriched(99), at],
    ]);
    all.finish();
    expect(day().figures.total).toBe(2);
    expect(live.history.preset("15m").complete).toBe(true);
    expect(day()).toMatchObject({ complete: false, timeline: { filledFrom: NOW - 15 * MINUTE } });
  });

  it("obeys deletions and edits, and leaves to the window what that holds", () => {
    const held = decodeMessage(encoded(enriched(3)));
    if ("post" in held) live.add(FLOOR + 1, held, NOW);
    const all = past();
    read(all, [
      [90, enriched(1), NOW],
      [91, enriched(2), NOW],
      [92, enriched(3), NOW],
      [93, deletion(1), NOW],
      [94, enriched(2, { kind: "update", ...sentiment("NEGATIVE") }), NOW],
      [95, enriched(2), NOW],
    ]);
    all.finish();
    expect(day().figures).toMatchObject({ total: 2, sentiments: { NEGATIVE: 1, POSITIVE: 1 } });
  });

  it("says which message it cannot use and goes on", () => {
    const all = past();
    all.begin();
    expect(all.message(90, encoded({ uri: "at://x", author: "d" }), NOW)).toBe("bad_text");
    expect(all.message(91, encoded(enriched(1)), NOW)).toBeNull();
    all.finish();
    expect(day().figures.total).toBe(1);
  });
});
