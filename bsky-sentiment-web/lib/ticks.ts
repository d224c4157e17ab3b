import { MINUTE_MS, type Span } from "./span";

/** Steps that a clock's face has (minutes). */
const STEPS = [1, 2, 3, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720];
const MOST_TICKS = 7;

/**
 * Round times within a stretch, a handful of them.
 *
 * @param offset how far the reader's clock is ahead of UTC (ms), so that six-hour steps begin at his midnight.
 */
export function timeTicks({ from, to }: Span, offset: number): number[] {
  const minutes = (to - from) / MINUTE_MS;
  const step = (STEPS.find((candidate) => minutes / candidate <= MOST_TICKS) ?? 1_440) * MINUTE_MS;
  const first = Math.ceil((from + offset) / step) * step - offset;
  const ticks: number[] = [];
  for (let tick = first; tick < to; tick += step) ticks.push(tick);
  return ticks;
}
