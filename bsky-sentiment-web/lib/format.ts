const whole = new Intl.NumberFormat("en-GB");

/** 12345 is "12,345". */
export function formatCount(value: number): string {
  return whole.format(value);
}

/** 0.1234 is "12.3 %"; a share of nothing is a dash. */
export function formatShare(part: number, of: number): string {
  return of === 0 ? "–" : `${((100 * part) / of).toFixed(1)} %`;
}

/** A probability as whole percents: 0.923 is "92 %". */
export function formatProbability(value: number): string {
  return `${Math.round(100 * value)} %`;
}

/** Posts a second: one decimal below ten, none above, where it would only flicker. */
export function formatRate(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : formatCount(Math.round(rate));
}

/** A time that a post was under way: 340 is "340 ms", 1234 is "1.2 s". */
export function formatLag(milliseconds: number): string {
  return milliseconds < 995 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}

/** `did:plc:ewvi7nxzyoun6zhxrhs64oiz` is "ewvi7nxz…4oiz"; the method is the same for nearly everyone. */
export function shortAuthor(did: string): string {
  const name = did.replace(/^did:[a-z]+:/, "");
  return name.length <= 14 ? name : `${name.slice(0, 8)}…${name.slice(-4)}`;
}
