import { DAY, History } from "./history";
import { decodeMessage, type Rejection, readCounted } from "./message";
import { PostWindow } from "./window";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** First what the page shows at once, then hour by hour, so that a fault costs an hour's reading at most. */
const CHAPTER_ENDS = [15 * MINUTE, ...Array.from({ length: DAY / HOUR }, (_, hour) => (hour + 1) * HOUR)];

/** A time at which no history counts. */
const UNCOUNTED = Number.NEGATIVE_INFINITY;

/** A piece of the stream to be counted: from a time (ms) on, up to but not including a sequence. */
export type Chapter = { from: number; before: number };

/**
 * The day before the window, to be counted chapter by chapter from the newest backwards.
 *
 * Each chapter goes through a window of its own, by the same rules as if this server had run then: reading goes on behind
 * it until all its posts have left that window, because till then they can be taken back and edited. It goes into the
 * history only when it is whole: one that was broken off is read again and no post counts twice.
 */
export class Past {
  readonly #starts: number[];
  #before: number;
  #draft: PostWindow | null = null;
  #first: number | null = null;

  /**
   * @param live the window, which begins after its `floor`.
   * @param begun when reading began (ms).
   * @param oldest when the broker stored the oldest message of the stream (ms); null if none is before the window.
   */
  constructor(
    readonly live: PostWindow,
    private readonly begun: number,
    private readonly oldest: number | null,
  ) {
    this.#before = live.floor + 1;
    this.#starts = oldest === null ? [] : CHAPTER_ENDS.map((ago) => begun - ago);
    if (oldest === null) live.history.reach(Number.NEGATIVE_INFINITY);
  }

  /** What is to be read next; null if all is. */
  get chapter(): Chapter | null {
    const [from] = this.#starts;
    return from === undefined ? null : { from, before: this.#before };
  }

  /** Starts the chapter anew: what was read of it before is void. */
  begin(): void {
    this.#draft = new PostWindow("", 0, this.live.capacity, new History(this.begun));
    this.#first = null;
  }

  /** Takes a message of the chapter or behind it, or says why it cannot be used. */
  message(sequence: number, data: Uint8Array, storedAt: number): Rejection | null {
    const counts = sequence < this.#before;
    if (counts) this.#first ??= sequence;
    const message = decodeMessage(data, readCounted);
    if ("rejection" in message) return message.rejection;
    // Published again since: it counts where it stands in the window.
    if ("post" in message && this.live.has(message.post.uri)) return null;
    this.#draft?.take(sequence, message, counts ? storedAt : UNCOUNTED);
    return null;
  }

  /** Whether the chapter is whole without the message at this sequence. */
  endsBefore(sequence: number): boolean {
    const oldest = this.#draft?.oldestAt ?? UNCOUNTED;
    return sequence >= this.#before && oldest === UNCOUNTED;
  }

  /** Ends the chapter: it is whole. */
  finish(): void {
    const from = this.#starts.shift();
    if (!this.#draft || from === undefined) return;
    this.live.history.merge(this.#draft.history);
    this.#draft = null;
    this.#before = this.#first ?? this.#before;
    if (this.oldest !== null && from <= this.oldest) this.#starts.length = 0;
    this.live.history.reach(this.#starts.length === 0 ? Number.NEGATIVE_INFINITY : from);
  }
}
