import { describe, expect, it } from "vitest";
import { EVERYTHING, matches } from "@/lib/filter";
import { SENTIMENTS } from "@/lib/sentiments";
import { TOPICS } from "@/lib/topics";
import { encoded, enriched, sentiment, topics } from "@/test/enriched";
import { decodePost } from "./message";
import { PostWindow } from "./window";

function post(number: number, changes: Record<string, unknown> = {}) {
  const decoded = decodePost(encoded(enriched(number, changes)));
  if ("rejection" in decoded) throw new Error(decoded.rejection);
  return decoded.post;
}

describe("a window", () => {
  it("counts exactly what it holds, however many posts have come and gone", () => {
    const window = new PostWindow("a", 0, 50);
    for (let number = 1; number <= 400; number++) {
      const label = number % 7 === 0 ? { sentiment: null } : sentiment(SENTIMENTS[number % 3] ?? "");
      const several = TOPICS.filter((_, place) => (number * (place + 3)) % 11 === 0);
      window.add(number, post(number, { ...label, ...topics("sports", ...several) }));

      const held = [...window.after(0)].map((entry) => entry.post);
      expect(window.counts.total).toBe(held.length);
      expect(window.counts.unscored).toBe(held.filter((p) => !p.sentiment).length);
      for (const s of SENTIMENTS) {
        expect(window.counts.sentiments[s]).toBe(
          held.filter((p) => matches({ ...EVERYTHING, sentiment: s }, p)).length,
        );
      }
      for (const t of TOPICS) {
        expect(window.counts.topics[t]).toBe(held.filter((p) => p.topics.includes(t)).length);
      }
    }
    expect(window.counts.total).toBe(50);
  });

  it("counts a post once, even if it is published twice", () => {
    const window = new PostWindow("a", 0, 50);
    expect(window.add(1, post(1))).toBe(true);
    expect(window.add(2, post(1))).toBe(false);
    expect(window.counts.total).toBe(1);
    expect(window.newest).toBe(2);
  });

  it("takes a post again once it has left", () => {
    const window = new PostWindow("a", 0, 1);
    window.add(1, post(1));
    window.add(2, post(2));
    expect(window.add(3, post(1))).toBe(true);
  });

  it("knows from which event ids it can go on without a gap", () => {
    const window = new PostWindow("life1", 100, 2);
    for (const number of [101, 102, 103, 104]) window.add(number, post(number));
    expect(window.sequenceOf("life1-104")).toBe(104);
    expect(window.sequenceOf("life1-102")).toBe(102);
    expect(window.sequenceOf("life1-101")).toBeNull();
    expect(window.sequenceOf("life1-105")).toBeNull();
    expect(window.sequenceOf("life2-103")).toBeNull();
    for (const nonsense of ["", "103", "life1-", "life1--3", "life1-1e2", "life1-103 ", "life1-0x67"]) {
      expect(window.sequenceOf(nonsense)).toBeNull();
    }
  });
});
