import { type Filter, matches } from "@/lib/filter";
import type { Post, Removal } from "@/lib/wire";
import { sseFrame } from "./frame";

/** A post in its newest version: an edit puts another `post` here, a removal leaves null. `at` is when the broker stored it (ms). */
export type Versions = { post: Post | null; rev: string | null; at: number };

/**
 * Something that viewers are told, at its place in the stream. It looks at the post when it is sent, so a replay shows
 * nobody a version that was edited or a post that was removed since.
 */
export type Change = {
  readonly sequence: number;
  /** True if a viewer who wants few posts a second can do without it. */
  readonly optional: boolean;
  /** The event for a viewer with this filter, or an empty string if there is nothing to tell. */
  frame(filter: Filter): string;
};

export class Arrival implements Change {
  readonly optional = true;
  readonly #drawing: Drawing;

  constructor(
    readonly sequence: number,
    id: string,
    readonly versions: Versions,
  ) {
    this.#drawing = new Drawing("post", id);
  }

  frame(filter: Filter): string {
    const { post } = this.versions;
    return post && matches(filter, post) ? this.#drawing.of(post) : "";
  }
}

/** For a viewer whose filter the new version does not pass the post is gone; whether it passed before is not known. */
export class Edit implements Change {
  readonly optional = false;
  readonly #drawing: Drawing;

  constructor(
    readonly sequence: number,
    private readonly id: string,
    readonly versions: Versions,
  ) {
    this.#drawing = new Drawing("edit", id);
  }

  frame(filter: Filter): string {
    const { post } = this.versions;
    if (!post) return "";
    return matches(filter, post) ? this.#drawing.of(post) : sseFrame("remove", { uri: post.uri }, this.id);
  }
}

/** Told to everyone: a page may still show what has long left the window. */
export class Withdrawal implements Change {
  readonly optional = false;
  readonly #frame: string;

  constructor(
    readonly sequence: number,
    id: string,
    removal: Removal,
  ) {
    this.#frame = sseFrame("remove", removal, id);
  }

  frame(): string {
    return this.#frame;
  }
}

/** An event about a post, written once for each version of it and shared by every browser that gets it. */
class Drawing {
  #post: Post | null = null;
  #frame = "";

  constructor(
    private readonly event: string,
    private readonly id: string,
  ) {}

  of(post: Post): string {
    if (post !== this.#post) {
      this.#post = post;
      this.#frame = sseFrame(this.event, post, this.id);
    }
    return this.#frame;
  }
}
