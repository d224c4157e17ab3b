/** Long enough to be calm at a few posts a second, short enough to follow a burst. */
const SPAN_S = 10;

/** Events a second as the mean of the last ten whole seconds. Times are milliseconds, passed in by the caller. */
export class Rate {
  readonly #counts = new Map<number, number>();
  readonly #since: number;

  constructor(now: number) {
    this.#since = Math.floor(now / 1_000);
  }

  mark(now: number): void {
    const second = Math.floor(now / 1_000);
    this.#counts.set(second, (this.#counts.get(second) ?? 0) + 1);
  }

  /** The second that is still running is left out: it would always look too quiet. */
  perSecond(now: number): number {
    const current = Math.floor(now / 1_000);
    let sum = 0;
    for (const [second, count] of this.#counts) {
      if (second < current - SPAN_S) this.#counts.delete(second);
      else if (second < current) sum += count;
    }
    const seconds = Math.min(SPAN_S, current - this.#since);
    return seconds > 0 ? sum / seconds : 0;
  }
}
