import { type Filter, matches } from "@/lib/filter";
import type { Post } from "@/lib/wire";
import type { Change } from "./change";
import { HEARTBEAT, sseFrame } from "./frame";
import type { Hub } from "./hub";
import type { PostWindow } from "./window";

/** Posts that a browser gets to start with: a few screens. */
export const SNAPSHOT_POSTS = 60;
/** Proxies commonly close a connection after 30 to 60 quiet seconds. */
const HEARTBEAT_MS = 15_000;
/** A viewer who asks for at most n posts a second may get this many seconds' worth at once after a quiet time. */
const BURST_S = 20;
/** One answer to `take`, in characters: a long replay goes out in pieces, as fast as the browser reads them. */
const PIECE_LENGTH = 64 * 1_024;

export type ClientOptions = {
  filter: Filter;
  /** The last event the browser has, to go on from there. */
  lastEventId: string | null;
  /** Posts a second that the viewer can use; null sends every one. */
  maxRate: number | null;
};

/**
 * One open stream to a browser: a position in the hub's window.
 *
 * The window itself is the queue, so a slow browser costs no memory, and gaps and repeats cannot happen: whoever is so
 * slow that the window has moved past its position is told so by `behind` and dropped. Statistics and states are not
 * queued at all; only the newest counts.
 */
export class Client {
  readonly #filter: Filter;
  readonly #maxRate: number | null;
  #lastEventId: string | null;
  #window: PostWindow | null = null;
  #position = 0;
  #statsSent: number;
  #stateSent = "";
  #allowance: number;
  #allowedAt: number;
  #heartbeatAt: number;
  /** Posts that matched but were left out for the sake of `maxRate`. */
  skipped = 0;

  constructor(
    readonly hub: Hub,
    options: ClientOptions,
    now: number,
  ) {
    this.#filter = options.filter;
    this.#maxRate = options.maxRate;
    this.#lastEventId = options.lastEventId;
    this.#allowance = (options.maxRate ?? 0) * BURST_S;
    this.#allowedAt = now;
    this.#heartbeatAt = now;
    this.#statsSent = hub.statsNumber;
  }

  /** True if the window has dropped changes that this client has not had: it can only start again. */
  get behind(): boolean {
    return this.#window !== null && this.#window === this.hub.window && this.#position < this.#window.floor;
  }

  /** What to send now, or an empty string if there is nothing. */
  take(now: number): string {
    const window = this.hub.caughtUp ? this.hub.window : null;
    let frames = "";
    if (window) {
      if (window !== this.#window) frames += this.#begin(window, now);
      frames += this.#changes(window, now);
    }
    return frames + this.#stats(window) + this.#state() + this.#heartbeat(now);
  }

  /** Goes on from the last event the browser has, or starts with a snapshot where that is not possible. */
  #begin(window: PostWindow, now: number): string {
    const known = this.#lastEventId === null ? null : window.sequenceOf(this.#lastEventId);
    this.#lastEventId = null;
    this.#window = window;
    if (known !== null) {
      this.#position = known;
      return "";
    }
    this.#position = window.newest;
    this.#statsSent = this.hub.statsNumber;
    this.#stateSent = this.hub.stateFrame;
    return sseFrame("snapshot", this.hub.snapshot(this.#filter, now), window.idOf(window.newest));
  }

  #changes(window: PostWindow, now: number): string {
    const { changes, position } = this.#due(window);
    this.#position = position;
    return this.#sample(changes, now)
      .map((change) => change.frame(this.#filter))
      .join("");
  }

  /** The next piece of what there is to tell, and the position behind it. */
  #due(window: PostWindow): { changes: Change[]; position: number } {
    const changes: Change[] = [];
    let length = 0;
    for (const change of window.after(this.#position)) {
      const frame = change.frame(this.#filter);
      if (!frame) continue;
      changes.push(change);
      length += frame.length;
      if (this.#maxRate === null && length >= PIECE_LENGTH) return { changes, position: change.sequence };
    }
    return { changes, position: window.newest };
  }

  /** Leaves out the oldest posts that a limited viewer has no allowance for (a token bucket), and nothing but posts. */
  #sample(changes: Change[], now: number): Change[] {
    if (this.#maxRate === null) return changes;
    const earned = ((now - this.#allowedAt) / 1_000) * this.#maxRate;
    this.#allowance = Math.min(this.#maxRate * BURST_S, this.#allowance + earned);
    this.#allowedAt = now;
    const posts = changes.filter((change) => change.optional).length;
    const sent = Math.min(posts, Math.floor(this.#allowance));
    this.#allowance -= sent;
    this.skipped += posts - sent;
    let surplus = posts - sent;
    return changes.filter((change) => !change.optional || surplus-- <= 0);
  }

  /**
   * Every second, changed or not: a page that hears nothing for longer knows that its connection is dead. The id says how
   * far the browser is, so that a narrow filter need not search the whole window after a reconnect.
   */
  #stats(window: PostWindow | null): string {
    if (this.#statsSent === this.hub.statsNumber) return "";
    this.#statsSent = this.hub.statsNumber;
    return window ? `id: ${window.idOf(this.#position)}\n${this.hub.statsFrame}` : this.hub.statsFrame;
  }

  #state(): string {
    const state = this.hub.stateFrame;
    if (state === this.#stateSent) return "";
    this.#stateSent = state;
    return state;
  }

  #heartbeat(now: number): string {
    if (now - this.#heartbeatAt < HEARTBEAT_MS) return "";
    this.#heartbeatAt = now;
    return HEARTBEAT;
  }
}

/** The newest posts that pass a filter, newest first. */
export function newestPosts(window: PostWindow, filter: Filter): Post[] {
  const posts: Post[] = [];
  for (const post of window.newestFirst()) {
    if (posts.length === SNAPSHOT_POSTS) break;
    if (matches(filter, post)) posts.push(post);
  }
  return posts;
}
