import type { Bucket } from "@/lib/wire";
import { type Counted, Tally } from "./tally";

/**
 * Exact counts of the posts of the last `length` steps of time, step by step and together.
 *
 * Steps are whole multiples of `step` (ms) since 1970, the last one still running. Times are passed in; one that lies
 * before the first step is not counted, and one after the last step moves all on.
 */
export class Series {
  readonly #tallies = new Map<number, Tally>();
  /** All steps together. */
  readonly sum = new Tally();
  /** The number of the step that runs now. */
  #last: number;

  constructor(
    readonly step: number,
    readonly length: number,
    now: number,
  ) {
    this.#last = Math.floor(now / step);
  }

  /** When the first step begins. */
  get from(): number {
    return (this.#last - this.length + 1) * this.step;
  }

  /** When the last step ends. */
  get to(): number {
    return (this.#last + 1) * this.step;
  }

  /** Lets go of what is older than the last `length` steps. */
  advance(now: number): void {
    const last = Math.floor(now / this.step);
    while (this.#last < last) {
      this.#last++;
      this.#forget(this.#last - this.length);
      // A clock that was set may be years ahead; once all is forgotten there is nothing to walk through.
      if (this.#tallies.size === 0) this.#last = last;
    }
  }

  /** Takes a post of time `at` in (`by` 1) or out (`by` -1). */
  count(post: Counted, at: number, by: 1 | -1): void {
    this.advance(at);
    if (at < this.from) return;
    this.#tallyOf(Math.floor(at / this.step)).count(post, by);
    this.sum.count(post, by);
  }

  /** Takes in all that another series of the same steps has counted. */
  add(other: Series): void {
    for (const [number, tally] of other.#tallies) {
      if (number <= this.#last - this.length) continue;
      this.#tallyOf(number).countAll(tally, 1);
      this.sum.countAll(tally, 1);
    }
  }

  /** What was counted from `from` up to `to`, rounded down to whole steps. */
  between(from: number, to: number): Tally {
    const tally = new Tally();
    for (let number = Math.floor(from / this.step); number < Math.floor(to / this.step); number++) {
      const counted = this.#tallies.get(number);
      if (counted) tally.countAll(counted, 1);
    }
    return tally;
  }

  /** The counts from `from` on, `count` buckets of `steps` steps each, oldest first. */
  buckets(from: number, count: number, steps = 1): Bucket[] {
    const first = Math.floor(from / this.step);
    return Array.from({ length: count }, (_, place) => this.#bucket(first + place * steps, steps));
  }

  #bucket(first: number, steps: number): Bucket {
    const sum: Bucket = [0, 0, 0, 0];
    for (let number = first; number < first + steps; number++) {
      this.#tallies.get(number)?.addTo(sum);
    }
    return sum;
  }

  #tallyOf(number: number): Tally {
    const known = this.#tallies.get(number);
    if (known) return known;
    const tally = new Tally();
    this.#tallies.set(number, tally);
    return tally;
  }

  #forget(number: number): void {
    const tally = this.#tallies.get(number);
    if (!tally) return;
    this.sum.countAll(tally, -1);
    this.#tallies.delete(number);
  }
}
