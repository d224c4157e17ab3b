import type { Post } from "@/lib/wire";
import { Arrival, type Change, Edit, type Versions, Withdrawal } from "./change";
import { Gone, type GoneReason, isLater } from "./gone";
import type { History } from "./history";
import type { Account, Deletion, Message, Written } from "./message";
import { Notes } from "./notes";
import { Ring } from "./ring";

/**
 * What became of a post: new in the window, there already, put in the place of an older version, an edit of a post that
 * is not here, older than what is known, or not to be shown.
 */
export type Outcome = "added" | "repeated" | "replaced" | "not_held" | "stale" | GoneReason;

/**
 * The newest posts of one stream, and the newest changes to tell viewers of. What it takes in, edits and takes back is
 * counted in `history`; a post that leaves because newer ones came stays counted there.
 *
 * A position is a stream sequence. Every change above `floor` up to `newest` is here. Messages may come in another order
 * than they were written in: the newest deletions, account changes and edits are remembered, so that what comes late
 * changes nothing. `capacity` bounds each of the five: posts, changes and the three memories.
 */
export class PostWindow {
  /** By uri, the oldest first. */
  readonly #posts = new Map<string, Versions>();
  readonly #changes: Ring<Change>;
  /** By uri; also of posts that are not here, whose creation may be on its way yet. */
  readonly #edited: Notes<Versions>;
  readonly #gone: Gone;
  /** Below or at this sequence something may be missing. */
  floor: number;
  /** The newest sequence seen, whatever the message there was. */
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
    readonly history: History,
  ) {
    this.floor = floor;
    this.newest = floor;
    this.#changes = new Ring(capacity);
    this.#edited = new Notes(capacity);
    this.#gone = new Gone(capacity);
  }

  /** Posts in the window. */
  get size(): number {
    return this.#posts.size;
  }

  /** When the oldest post of the window was stored (ms); null if there is none. */
  get oldestAt(): number | null {
    for (const { at } of this.#posts.values()) return at;
    return null;
  }

  has(uri: string): boolean {
    return this.#posts.has(uri);
  }

  /** Takes a message that the broker stored at a time (ms): what became of its post, or how many posts it took out. */
  take(sequence: number, message: Message, at: number): Outcome | number {
    switch (message.kind) {
      case "delete":
        return this.delete(sequence, message);
      case "account":
        return this.account(sequence, message);
      case "update":
        return this.edit(sequence, message, at);
      default:
        return this.add(sequence, message, at);
    }
  }

  /** Notes that the stream has got this far, whether or not the message there says anything. */
  advance(sequence: number): void {
    this.newest = sequence;
  }

  /** Takes a new post that the broker stored at a time (ms). If an edit has overtaken it, it appears as edited. */
  add(sequence: number, { post, rev }: Written, at: number): Outcome {
    this.advance(sequence);
    const gone = this.#gone.reason(post, rev);
    if (gone) return gone;
    const held = this.#posts.get(post.uri);
    // Deleted and written again under its key, of which the deletion is still to come; or published twice.
    if (held) return isLater(rev, held.rev) ? this.#replace(sequence, held, { post, rev }) : "repeated";
    const edited = this.#edited.get(post.uri);
    this.#appear(sequence, edited && !isLater(rev, edited.rev) ? edited : { post, rev, at });
    return "added";
  }

  /** Takes an edit. Of a post that is not here it is no news, but a page may still show that post. */
  edit(sequence: number, { post, rev }: Written, at: number): Outcome {
    this.advance(sequence);
    const gone = this.#gone.reason(post, rev);
    if (gone) return gone;
    const held = this.#posts.get(post.uri);
    const known = held ?? this.#edited.get(post.uri);
    if (known && isLater(known.rev, rev)) return "stale";
    if (known && rev !== null && rev === known.rev) return "repeated";
    if (held) return this.#replace(sequence, held, { post, rev });
    this.#revise(sequence, known ?? { post, rev, at }, { post, rev });
    return "not_held";
  }

  /** Takes a deletion; how many posts have left the window for it. */
  delete(sequence: number, { uri, rev }: Deletion): number {
    this.advance(sequence);
    this.#gone.delete(uri, rev);
    const known = this.#posts.get(uri) ?? this.#edited.get(uri);
    if (known && isLater(known.rev, rev)) return 0;
    this.#changed(new Withdrawal(sequence, this.idOf(sequence), { uri }));
    return this.#withdraw(uri);
  }

  /** Takes an account's change; how many posts have left the window for it. */
  account(sequence: number, { author, active, at }: Account): number {
    this.advance(sequence);
    if (!this.#gone.account(author, active, at) || active) return 0;
    this.#changed(new Withdrawal(sequence, this.idOf(sequence), { author }));
    // Accounts go seldom enough to look through all posts for theirs.
    const uris = new Set<string>();
    for (const { post } of this.#posts.values()) if (post?.author === author) uris.add(post.uri);
    for (const { post } of this.#edited.values()) if (post?.author === author) uris.add(post.uri);
    let left = 0;
    for (const uri of uris) left += this.#withdraw(uri);
    return left;
  }

  /** Changes above a sequence, oldest first. */
  *after(sequence: number): Generator<Change> {
    for (let place = this.#changes.placeAfter(sequence); place < this.#changes.size; place++) {
      const change = this.#changes.at(place);
      if (change) yield change;
    }
  }

  /** All posts, newest first. */
  *newestFirst(): Generator<Post> {
    for (const { post } of [...this.#posts.values()].reverse()) if (post) yield post;
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

  #appear(sequence: number, versions: Versions): void {
    const { post } = versions;
    if (!post) return;
    this.#changed(new Arrival(sequence, this.idOf(sequence), versions));
    this.#posts.set(post.uri, versions);
    this.history.add(post, versions.at);
    if (this.#posts.size > this.capacity) this.#evictOldest();
  }

  #evictOldest(): void {
    for (const uri of this.#posts.keys()) {
      this.#posts.delete(uri);
      return;
    }
  }

  #replace(sequence: number, held: Versions, written: Written): Outcome {
    if (held.post) this.history.remove(held.post, held.at);
    this.history.add(written.post, held.at);
    this.#revise(sequence, held, written);
    return "replaced";
  }

  /** The same object goes on, so that changes told of before show the new version too. */
  #revise(sequence: number, versions: Versions, { post, rev }: Written): void {
    versions.post = post;
    versions.rev = rev ?? versions.rev;
    this.#edited.set(post.uri, versions);
    this.#changed(new Edit(sequence, this.idOf(sequence), versions));
  }

  #withdraw(uri: string): number {
    const held = this.#posts.get(uri);
    const edited = this.#edited.get(uri);
    this.#posts.delete(uri);
    this.#edited.delete(uri);
    if (held?.post) this.history.remove(held.post, held.at);
    for (const versions of [held, edited]) if (versions) versions.post = null;
    return held ? 1 : 0;
  }

  #changed(change: Change): void {
    const evicted = this.#changes.push(change);
    if (evicted) this.floor = evicted.sequence;
  }
}
