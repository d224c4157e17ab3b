import type { Post } from "@/lib/wire";
import { Counts } from "./counts";
import { sseFrame } from "./frame";
import { Ring } from "./ring";

/** One post of the window. The frame is written once and shared by every browser that gets it. */
export type Entry = { readonly sequence: number; readonly post: Post; readonly frame: string };

/**
 * The newest posts of one stream with exact counts of them.
 *
 * A position is a stream sequence. Everything above `floor` up to `newest` is here, if it is a post and not a repeat.
 */
export class PostWindow {
  readonly #uris = new Set<string>();
  readonly #ring: Ring<Entry>;
  readonly counts = new Counts();
  /** Below or at this sequence something may be missing. */
  floor: number;
  /** The newest sequence seen, post or not. */
  newest: number;

  /**
   * @param epoch names the stream's life: a stream deleted and created again counts from 1 again, so a sequence
   *   alone does not say where one is.
   * @param floor the sequence after which reading begins.
   */
  constructor(
    readonly epoch: string,
    floor: number,
    readonly capacity: number,
  ) {
    this.floor = floor;
    this.newest = floor;
    this.#ring = new Ring(capacity);
  }

  /** Notes that the stream has got this far, whether or not the message there is a post. */
  advance(sequence: number): void {
    this.newest = sequence;
  }

  /** Adds a post; false if it is here already (a processor may publish a post again). */
  add(sequence: number, post: Post): boolean {
    this.advance(sequence);
    if (this.#uris.has(post.uri)) return false;
    const frame = sseFrame("post", post, this.idOf(sequence));
    const evicted = this.#ring.push({ sequence, post, frame });
    this.#uris.add(post.uri);
    this.counts.add(post);
    if (evicted) {
      this.#uris.delete(evicted.post.uri);
      this.counts.remove(evicted.post);
      this.floor = evicted.sequence;
    }
    return true;
  }

  /** Entries above a sequence, oldest first. */
  *after(sequence: number): Generator<Entry> {
    for (let place = this.#ring.placeAfter(sequence); place < this.#ring.size; place++) {
      const entry = this.#ring.at(place);
      if (entry) yield entry;
    }
  }

  /** All entries, newest first. */
  *newestFirst(): Generator<Entry> {
    for (let place = this.#ring.size - 1; place >= 0; place--) {
      const entry = this.#ring.at(place);
      if (entry) yield entry;
    }
  }

  /** The event id of a sequence: what a browser sends back as Last-Event-ID. */
  idOf(sequence: number): string {
    return `${this.epoch}-${sequence}`;
  }

  /** The sequence of an event id, or null if the window cannot go on from there without a gap. */
  sequenceOf(id: string): number | null {
    const [, epoch, digits] = /^([a-z0-9]+)-(\d{1,15})$/.exec(id) ?? [];
    const sequence = Number(digits);
    if (epoch !== this.epoch || sequence < this.floor || sequence > this.newest) return null;
    return sequence;
  }
}
