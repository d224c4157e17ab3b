import { describe, expect, it } from "vitest";
import type { Post } from "@/lib/wire";
import { shownPost } from "@/test/posts";
import { History } from "./history";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** The start of a minute. */
const NOON = Date.parse("2026-07-04T12:00:00Z");

const glad = (changes: Partial<Post> = {}) =>
  shownPost(1, { sentiment: { label: "POSITIVE", score: 0.9, probabilities: null }, ...changes });

const total = (buckets: readonly number[][]) => buckets.flat().reduce((sum, posts) => sum + posts, 0);

describe("the history", () => {
  it("forgets a post after 15 minutes in one series and after a day in the other", () => {
    const history = new History(NOON);
    history.add(glad({ topics: ["music"], lang: "en" }), NOON);
    const known = (after: number) => {
      history.advance(NOON + after);
      return [history.preset("15m").figures.total, history.preset("24h").figures.total];
    };
    expect(known(0)).toEqual([1, 1]);
    expect(known(15 * MINUTE - 1)).toEqual([1, 1]);
    expect(known(15 * MINUTE)).toEqual([0, 1]);
    expect(known(24 * HOUR - 1)).toEqual([0, 1]);
    expect(known(24 * HOUR)).toEqual([0, 0]);
    const { topics, languages } = history.preset("24h").figures;
    expect([topics.music.total, languages]).toEqual([0, []]);
  });

  it("has in its buckets what its figures say, at the time it was stored", () => {
    const history = new History(NOON);
    for (let second = 0; second < 600; second++) {
      const post = second % 3 === 0 ? shownPost(second) : glad();
      history.add(post, NOON + second * SECOND);
    }
    const { minutes15, day } = history.timelines;
    expect([minutes15.buckets.length, minutes15.step, day.buckets.length, day.step]).toEqual([
      180,
      5 * SECOND,
      288,
      5 * MINUTE,
    ]);
    expect([total(minutes15.buckets), total(day.buckets)]).toEqual([600, 600]);
    expect(minutes15.buckets.at(-1)).toEqual([0, 0, 4, 1]);
    expect(history.latest.buckets).toEqual([
      [NOON + 585 * SECOND, 0, 0, 3, 2],
      [NOON + 590 * SECOND, 0, 0, 3, 2],
      [NOON + 595 * SECOND, 0, 0, 4, 1],
    ]);
    expect(minutes15.from + 180 * 5 * SECOND).toBe(NOON + 600 * SECOND);
  });

  it("takes a post out of the bucket it was counted in", () => {
    const history = new History(NOON);
    history.add(glad(), NOON);
    history.add(glad(), NOON + 5 * SECOND);
    history.remove(glad(), NOON);
    expect(history.timelines.minutes15.buckets.slice(-2)).toEqual([
      [0, 0, 0, 0],
      [0, 0, 1, 0],
    ]);
    history.remove(glad(), NOON - 25 * HOUR);
    expect(history.preset("24h").figures.total).toBe(1);
  });

  it("answers for any range of the day in whole minutes, and for none outside it", () => {
    const history = new History(NOON);
    for (let minute = 0; minute < 60; minute++)
      history.add(glad({ topics: ["sports"] }), NOON + minute * MINUTE);
    const range = history.between(NOON + 10.5 * MINUTE, NOON + 19.5 * MINUTE);
    expect(range).toMatchObject({ from: NOON + 10 * MINUTE, to: NOON + 20 * MINUTE });
    expect(range?.figures.topics.sports.POSITIVE).toBe(10);
    expect(range?.timeline).toMatchObject({ step: MINUTE, buckets: Array(10).fill([0, 0, 1, 0]) });
    const all = history.between(0, NOON + HOUR);
    expect([all?.figures.total, total(all?.timeline.buckets ?? [])]).toEqual([60, 60]);
    expect(all?.timeline.buckets.length).toBeLessThanOrEqual(300);
    expect(history.between(NOON + 2 * HOUR, NOON + 3 * HOUR)).toBeNull();
    expect(history.between(0, NOON - 25 * HOUR)).toBeNull();
  });

  it("says from when on it is whole", () => {
    const history = new History(NOON);
    const timeline = () => history.timelines.minutes15;
    expect([timeline().complete, timeline().filledFrom]).toEqual([false, NOON]);
    history.reach(NOON - MINUTE);
    expect([timeline().complete, timeline().filledFrom]).toEqual([false, NOON - MINUTE]);
    history.reach(NOON - HOUR);
    expect([timeline().complete, timeline().filledFrom]).toEqual([true, timeline().from]);
    expect([history.timelines.day.complete, history.preset("24h").complete]).toEqual([false, false]);
    history.reach(Number.NEGATIVE_INFINITY);
    expect(history.timelines.day.complete).toBe(true);
  });

  it("names the twelve most frequent languages and adds up the others", () => {
    const history = new History(NOON);
    const langs = Array.from({ length: 15 }, (_, place) => `a${String.fromCharCode(97 + place)}`);
    langs.forEach((lang, place) => {
      for (let post = 0; post < 20 - place; post++) history.add(glad({ lang }), NOON);
    });
    history.add(glad(), NOON);
    const { languages } = history.last15;
    expect(languages).toHaveLength(13);
    expect(languages[0]).toEqual({ lang: "aa", total: 20 });
    expect(languages.at(-1)).toEqual({ lang: "other", total: 8 + 7 + 6 + 1 });
  });

  it("survives a clock that is set forward by years", () => {
    const history = new History(NOON);
    history.add(glad(), NOON);
    history.advance(NOON + 20 * 365 * 24 * HOUR);
    expect(history.preset("24h").figures.total).toBe(0);
  });
});
