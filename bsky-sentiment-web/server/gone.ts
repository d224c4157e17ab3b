import type { Post } from "@/lib/wire";
import { Notes } from "./notes";

/** Why a post may not be shown: its author deleted it, or the account is not active. */
export type GoneReason = "delete" | "account";

/**
 * Whether `a` is known to come after `b`. Revisions are TIDs, which sort as strings; where one is missing nobody can
 * tell.
 */
export function isLater<T extends string | number>(a: T | null, b: T | null): boolean {
  return a !== null && b !== null && a > b;
}

/**
 * Which posts and authors are gone, so that a creation that comes late, overtaken by its own deletion on the way through
 * several processors, is not shown. Remembers the newest deletions and account changes, `capacity` of each.
 */
export class Gone {
  readonly #deleted: Notes<{ rev: string | null }>;
  readonly #accounts: Notes<{ active: boolean; at: number | null }>;

  constructor(capacity: number) {
    this.#deleted = new Notes(capacity);
    this.#accounts = new Notes(capacity);
  }

  /** Notes that the version `rev` of a post, and all before it, are deleted. */
  delete(uri: string, rev: string | null): void {
    const known = this.#deleted.get(uri);
    if (!known || !isLater(known.rev, rev)) this.#deleted.set(uri, { rev });
  }

  /** Notes an account's change of time `at` (ms); false if a later one is known already. */
  account(author: string, active: boolean, at: number | null): boolean {
    if (isLater(this.#accounts.get(author)?.at ?? null, at)) return false;
    this.#accounts.set(author, { active, at });
    return true;
  }

  /** Why this version of a post may not be shown; null if it may. A post written again under its old key may. */
  reason(post: Post, rev: string | null): GoneReason | null {
    if (this.#accounts.get(post.author)?.active === false) return "account";
    const deleted = this.#deleted.get(post.uri);
    return deleted && !isLater(rev, deleted.rev) ? "delete" : null;
  }
}
