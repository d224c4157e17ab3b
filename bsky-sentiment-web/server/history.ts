import { languageOf } from "@/lib/languages";
import { SENTIMENTS } from "@/lib/sentiments";
import type { Figures, Post, Range, Snapshot, Stats, Timeline } from "@/lib/wire";
import { Series } from "./series";
import { type Counted, UNSCORED } from "./tally";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
export const DAY = 24 * 60 * MINUTE;
/** Fine enough to see a moment, coarse enough for a chart of a few hundred pixels. */
const FINE_STEP = 5 * SECOND;
const FINE_STEPS = 180;
/** The day is kept by minute and drawn by five, which a phone has pixels for. */
const DRAWN_MINUTES = 5;
/** Buckets told anew each second: the one that runs, and those that a removal or a late post may have changed. */
const LATEST = 3;
/** A chart of a range has at most so many buckets. */
const MAX_BUCKETS = 300;

/**
 * What the posts of the last 15 minutes and of the last day were, in exact counts.
 *
 * The time of a post is when the broker stored it, which only goes forward; what its author's client says is anything.
 * Whoever keeps posts adds and removes them. A post that nobody keeps any more stays as it was counted.
 */
export class History {
  readonly #recent: Series;
  readonly #day: Series;
  /** From when on every post is counted. */
  #filledFrom: number;

  constructor(now: number) {
    this.#recent = new Series(FINE_STEP, FINE_STEPS, now);
    this.#day = new Series(MINUTE, DAY / MINUTE, now);
    this.#filledFrom = now;
  }

  get filledFrom(): number {
    return this.#filledFrom;
  }

  /** Every post from this time on is counted; -Infinity if there are none before. */
  reach(from: number): void {
    this.#filledFrom = Math.min(this.#filledFrom, from);
  }

  add(post: Post, at: number): void {
    this.#count(counted(post), at, 1);
  }

  remove(post: Post, at: number): void {
    this.#count(counted(post), at, -1);
  }

  /** Takes in what another history has counted; no post may be in both. */
  merge(other: History): void {
    this.#recent.add(other.#recent);
    this.#day.add(other.#day);
  }

  /** Lets go of what is too old by now. */
  advance(now: number): void {
    this.#recent.advance(now);
    this.#day.advance(now);
  }

  get last15(): Figures {
    return this.#recent.sum.figures();
  }

  get timelines(): Snapshot["timelines"] {
    return {
      minutes15: this.#timeline(this.#recent, this.#recent.from, this.#recent.to, 1),
      day: this.#timeline(this.#day, this.#day.from, this.#day.to, DRAWN_MINUTES),
    };
  }

  /** The newest buckets of the last 15 minutes, for a page that has the others. */
  get latest(): Stats["latest"] {
    const from = this.#recent.to - LATEST * FINE_STEP;
    const buckets = this.#recent.buckets(from, LATEST);
    return {
      step: FINE_STEP,
      buckets: buckets.map((bucket, place) => [from + place * FINE_STEP, ...bucket]),
    };
  }

  /** The last 15 minutes or the last day. */
  preset(range: "15m" | "24h"): Range {
    const series = range === "15m" ? this.#recent : this.#day;
    const { from, to } = series;
    const timeline = this.#timeline(series, from, to, range === "15m" ? 1 : DRAWN_MINUTES);
    return { from, to, complete: timeline.complete, figures: series.sum.figures(), timeline };
  }

  /** A range of time (ms) in whole minutes, as far as it lies within the last day; null if none of it does. */
  between(wantedFrom: number, wantedTo: number): Range | null {
    const from = Math.max(floorTo(wantedFrom, MINUTE), this.#day.from);
    const to = Math.min(-floorTo(-wantedTo, MINUTE), this.#day.to);
    if (from >= to) return null;
    const steps = Math.ceil((to - from) / MINUTE / MAX_BUCKETS);
    const timeline = this.#timeline(this.#day, from, to, steps);
    const figures = this.#day.between(from, to).figures();
    return { from, to, complete: timeline.complete, figures, timeline };
  }

  #timeline(series: Series, from: number, to: number, steps: number): Timeline {
    const step = series.step * steps;
    return {
      from,
      step,
      complete: this.#filledFrom <= from,
      filledFrom: Math.max(this.#filledFrom, from),
      buckets: series.buckets(from, Math.ceil((to - from) / step), steps),
    };
  }

  #count(post: Counted, at: number, by: 1 | -1): void {
    this.#recent.count(post, at, by);
    this.#day.count(post, at, by);
  }
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step;
}

function counted(post: Post): Counted {
  const sentiment = post.sentiment ? SENTIMENTS.indexOf(post.sentiment.label) : UNSCORED;
  return { sentiment, topics: post.topics, lang: languageOf(post) };
}
