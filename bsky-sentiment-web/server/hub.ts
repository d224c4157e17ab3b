import type { Filter } from "@/lib/filter";
import type { AskedRange } from "@/lib/range";
import type { Range, Snapshot, State, Stats } from "@/lib/wire";
import { Client, type ClientOptions, newestPosts } from "./client";
import { sseFrame } from "./frame";
import { DAY, History } from "./history";
import { Lag } from "./lag";
import type { StreamListener } from "./listener";
import { decodeMessage, type Message } from "./message";
import type { Metrics } from "./metrics";
import { Past } from "./past";
import { Rate } from "./rate";
import { type Refusal, Seats } from "./seats";
import { describeState } from "./state";
import { type Outcome, PostWindow } from "./window";

/** About 10 MB of posts; three minutes of the whole network at 50 posts a second. */
export const WINDOW_POSTS = 10_000;
/** Posts go out this often at most, so that a thousand browsers are not woken for each post. */
const FLUSH_MS = 100;
const STATS_MS = 1_000;
/** A browser that has taken nothing for so long, though there was something to take, is gone or hopeless. */
const STALL_MS = 30_000;

/** What the hub can do to an open stream: let it ask for more, end it behind what it was sent, or end it at once. */
export type Handles = { wake: () => void; end: () => void; cut: () => void };

/** An open stream as the hub sees it: who reads, and whether it waits for more. */
export type Viewer = Handles & {
  client: Client;
  address: string;
  /** Since when it has not asked for more; null while it waits for something to send. */
  busySince: number | null;
};

/**
 * The one place where posts come in and browsers are served: one reader of the stream, any number of viewers.
 *
 * The reader calls `connection`, `missing`, `begin`, `message` and `reachedEnd`; routes call `open`, `leave`,
 * `snapshot` and `health`.
 */
export class Hub implements StreamListener {
  window: PostWindow | null = null;
  /** False while older posts are still being read back: until then nothing is shown as if it were news. */
  caughtUp = false;
  statsFrame = "";
  /** Counts the frames, to tell a new one from one that was sent. */
  statsNumber = 0;
  stateFrame = "";
  readonly #viewers = new Set<Viewer>();
  readonly #rate: Rate;
  readonly #lag = new Lag();
  /** What was asked in this second, because a thousand pages may ask the same. */
  readonly #ranges = new Map<string, Range>();
  readonly #timers: NodeJS.Timeout[] = [];
  #connection: "connecting" | "connected" | "disconnected" = "connecting";
  #streamMissing: string | null = null;
  #newestAt: number | null = null;
  #flushed = 0;
  #closed = false;

  constructor(
    readonly metrics: Metrics,
    readonly capacity = WINDOW_POSTS,
    private readonly clock: () => number = Date.now,
    private readonly seats = new Seats(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
  ) {
    this.#rate = new Rate(clock());
    this.#refreshState();
  }

  get closed(): boolean {
    return this.#closed;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  start(): void {
    this.#timers.push(
      setInterval(() => this.flush(), FLUSH_MS),
      setInterval(() => this.tick(), STATS_MS),
    );
  }

  /** Ends every open stream; the server can then stop. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const viewer of [...this.#viewers]) viewer.end();
    this.#viewers.clear();
  }

  // What the reader reports.

  connection(status: "connected" | "disconnected"): void {
    this.#connection = status;
    this.metrics.connected.set(status === "connected" ? 1 : 0);
    this.#publishState();
  }

  missing(stream: string): void {
    this.#streamMissing = stream;
    this.#publishState();
  }

  begin(epoch: string, floor: number, oldest: number | null): Past {
    const now = this.clock();
    const window = new PostWindow(epoch, floor, this.capacity, new History(now));
    this.window = window;
    this.caughtUp = false;
    this.#newestAt = null;
    this.#streamMissing = null;
    this.#publishState();
    return new Past(window, now, oldest);
  }

  message(sequence: number, data: Uint8Array, storedAt: number): void {
    const window = this.window;
    if (!window) return;
    this.metrics.received.inc();
    window.history.reach(storedAt);
    const message = decodeMessage(data);
    if ("rejection" in message) {
      window.advance(sequence);
      this.metrics.rejected.inc({ reason: message.rejection });
      return;
    }
    this.#take(window, sequence, message, storedAt);
  }

  reachedEnd(): void {
    if (this.caughtUp) return;
    this.#streamMissing = null;
    this.caughtUp = true;
    this.tick();
  }

  // What viewers and routes ask for.

  /** Opens a stream for a viewer at an address, or says why not. */
  open(address: string, options: ClientOptions, handles: Handles): Viewer | Refusal {
    const refusal = this.#closed ? "stopping" : this.seats.take(address);
    if (refusal) {
      this.metrics.refused.inc({ reason: refusal });
      return refusal;
    }
    const now = this.clock();
    // Busy from the start: one that never asks for anything is dropped like one that stops.
    const viewer: Viewer = { client: new Client(this, options, now), address, busySince: now, ...handles };
    this.#viewers.add(viewer);
    this.metrics.viewers.set(this.#viewers.size);
    return viewer;
  }

  leave(viewer: Viewer): void {
    if (!this.#viewers.delete(viewer)) return;
    this.seats.free(viewer.address);
    this.metrics.sampledOut.inc(viewer.client.skipped);
    this.metrics.viewers.set(this.#viewers.size);
  }

  /** What a viewer sees first. */
  snapshot(filter: Filter, now = this.clock()): Snapshot {
    const window = this.caughtUp ? this.window : null;
    return {
      id: window ? window.idOf(window.newest) : null,
      posts: window ? newestPosts(window, filter) : [],
      stats: this.stats(now),
      state: this.state(now),
      timelines: this.#known(now).timelines,
    };
  }

  stats(now = this.clock()): Stats {
    const { last15, latest } = this.#known(now);
    return {
      at: now,
      rate: Math.round(this.#rate.perSecond(now) * 10) / 10,
      lag: this.#lag.percentiles(now),
      viewers: this.viewers,
      last15,
      latest,
      window: { total: this.caughtUp ? (this.window?.size ?? 0) : 0, capacity: this.capacity },
    };
  }

  /** The figures of a range of time; null if none of it lies within the last day. */
  range(asked: AskedRange): Range | null {
    const key = JSON.stringify(asked);
    const known = this.#ranges.get(key);
    if (known) return known;
    const history = this.#known(this.clock());
    const range = "range" in asked ? history.preset(asked.range) : history.between(asked.from, asked.to);
    if (range) this.#ranges.set(key, range);
    return range;
  }

  state(now = this.clock()): State {
    return describeState({
      connection: this.#connection,
      streamMissing: this.#streamMissing,
      caughtUp: this.caughtUp,
      newestAt: this.#newestAt,
      now,
    });
  }

  // Time passing.

  /** Wakes those who wait, if the stream has gone on. */
  flush(): void {
    const newest = this.window?.newest ?? 0;
    if (newest === this.#flushed) return;
    this.#flushed = newest;
    this.#wakeAll();
  }

  /** Once a second: new figures for everyone, and an end for those who do not take them. */
  tick(): void {
    const now = this.clock();
    this.#refreshStats();
    this.#refreshState();
    this.metrics.historySeconds.set(Math.min(DAY, now - this.#known(now).filledFrom) / 1_000);
    this.metrics.windowPosts.set(this.window?.size ?? 0);
    for (const viewer of [...this.#viewers]) {
      const stalled = viewer.busySince !== null && now - viewer.busySince > STALL_MS;
      if (!stalled && !viewer.client.behind) continue;
      this.metrics.dropped.inc({ reason: stalled ? "stalled" : "behind" });
      this.leave(viewer);
      viewer.cut();
    }
    this.#wakeAll();
  }

  #take(window: PostWindow, sequence: number, message: Message, storedAt: number): void {
    const outcome = window.take(sequence, message, storedAt);
    if (typeof outcome === "number") this.metrics.removed.inc({ reason: message.kind }, outcome);
    else this.#note(outcome, message, storedAt);
  }

  #note(outcome: Outcome, message: Message, storedAt: number): void {
    if (outcome === "added") this.#noteNews(message, storedAt);
    else if (outcome === "repeated") this.metrics.repeated.inc();
    else if (outcome === "delete" || outcome === "account") this.metrics.suppressed.inc({ reason: outcome });
    else this.metrics.edits.inc({ outcome });
  }

  /** A new post is what "live", the rate, the lag and the age are about; edits and removals are not. */
  #noteNews(message: Message, storedAt: number): void {
    this.#newestAt = storedAt;
    if (!this.caughtUp) return;
    const now = this.clock();
    this.#rate.mark(now);
    if ("receivedAt" in message && message.receivedAt !== null) {
      this.#lag.mark(message.receivedAt, now);
      this.metrics.lag.observe(Math.max(0, now - message.receivedAt) / 1_000);
    }
    this.metrics.age.observe(Math.max(0, now - storedAt) / 1_000);
  }

  #publishState(): void {
    this.#refreshState();
    this.#wakeAll();
  }

  /** The history, or an empty one while it is not yet to be told. */
  #known(now: number): History {
    if (!this.caughtUp || !this.window) return new History(now);
    const { history } = this.window;
    history.advance(now);
    return history;
  }

  #refreshStats(): void {
    this.#ranges.clear();
    this.statsFrame = sseFrame("stats", this.stats());
    this.statsNumber++;
  }

  #refreshState(): void {
    this.stateFrame = sseFrame("state", this.state());
  }

  #wakeAll(): void {
    for (const viewer of [...this.#viewers]) if (viewer.busySince === null) viewer.wake();
  }
}
