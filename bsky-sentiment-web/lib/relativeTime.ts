const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Clocks of authors run ahead of ours by this much without meaning anything. */
const CLOCK_SKEW = MINUTE;
/** Seconds are told in steps of so many: a figure that changes each second cannot be read. */
const COARSE_SECONDS = 10;

/** How long ago a time (ms) is: "now", "20 s", "3 min", "5 h", then a date (UTC); so too what lies ahead. */
export function relativeTime(time: number, now: number): string {
  const age = now - time;
  if (age >= DAY || age < -CLOCK_SKEW) return new Date(time).toISOString().slice(0, 10);
  if (age >= HOUR) return `${Math.floor(age / HOUR)} h`;
  if (age >= MINUTE) return `${Math.floor(age / MINUTE)} min`;
  const seconds = Math.floor(age / SECOND / COARSE_SECONDS) * COARSE_SECONDS;
  return seconds <= 0 ? "now" : `${seconds} s`;
}
