import type { Post, Removal } from "./wire";

/** Posts that the page keeps, and as many again that it holds back: some minutes at a pace to read, a few MB. */
export const FEED_LIMIT = 2_000;

/** The posts of the page, newest first; while it holds still, new ones wait in `held`. */
export type Feed = {
  shown: readonly Post[];
  held: readonly Post[];
  holding: boolean;
  /** Posts that arrived while it held still, beyond what is kept. */
  missed: number;
  /** How many of `shown`, from the top, the last change put there. */
  fresh: number;
};

/** What the hub tells of a post or an author. */
export type Change =
  | { kind: "post"; post: Post }
  | { kind: "edit"; post: Post }
  | { kind: "remove"; removal: Removal };

export function feedOf(posts: readonly Post[]): Feed {
  return { shown: posts.slice(0, FEED_LIMIT), held: [], holding: false, missed: 0, fresh: 0 };
}

/** Starts again with other posts; a page that holds still goes on holding, and counts what it held back and lost. */
export function restart(feed: Feed, posts: readonly Post[]): Feed {
  const known = new Set(posts.map((post) => post.uri));
  const lost = feed.held.filter((post) => !known.has(post.uri)).length;
  return { ...feedOf(posts), holding: feed.holding, missed: feed.missed + lost };
}

/** The feed after changes, in the order they came. */
export function applyChanges(feed: Feed, changes: readonly Change[]): Feed {
  let next = feed;
  let arrived: Post[] = [];
  const settle = () => {
    next = addPosts(next, arrived.reverse());
    arrived = [];
  };
  for (const change of changes) {
    if (change.kind === "post") {
      arrived.push(change.post);
      continue;
    }
    settle();
    next = change.kind === "edit" ? replacePost(next, change.post) : removePosts(next, change.removal);
  }
  settle();
  return next;
}

/** Adds posts (newest first). One that is there already, as after a reconnect, is not added again. */
export function addPosts(feed: Feed, arrived: readonly Post[]): Feed {
  if (arrived.length === 0) return feed;
  const known = new Set<string>();
  for (const post of feed.shown) known.add(post.uri);
  for (const post of feed.held) known.add(post.uri);
  const fresh = arrived.filter((post) => !known.has(post.uri) && known.add(post.uri));
  if (fresh.length === 0) return feed;
  const next = { ...feed, held: [...fresh, ...feed.held] };
  if (!feed.holding) return showHeld(next);
  return {
    ...next,
    held: next.held.slice(0, FEED_LIMIT),
    missed: feed.missed + Math.max(0, next.held.length - FEED_LIMIT),
  };
}

/** Puts an edited post where its older version stands; one that is not there is no news. */
export function replacePost(feed: Feed, edited: Post): Feed {
  const isOld = (post: Post) => post.uri === edited.uri;
  if (!feed.shown.some(isOld) && !feed.held.some(isOld)) return feed;
  const put = (posts: readonly Post[]) => posts.map((post) => (isOld(post) ? edited : post));
  return { ...feed, shown: put(feed.shown), held: put(feed.held) };
}

/** Takes out what may be shown no longer, and what waits to be shown. */
export function removePosts(feed: Feed, removal: Removal): Feed {
  const stays = (post: Post) =>
    "uri" in removal ? post.uri !== removal.uri : post.author !== removal.author;
  const shown = feed.shown.filter(stays);
  const held = feed.held.filter(stays);
  const nothing = shown.length === feed.shown.length && held.length === feed.held.length;
  return nothing ? feed : { ...feed, shown, held };
}

/** Holds still from now on: what comes waits. */
export function hold(feed: Feed): Feed {
  return { ...feed, holding: true };
}

/** Shows what was held back; whether the feed holds still does not change. */
export function showHeld(feed: Feed): Feed {
  const { shown, held } = feed;
  return {
    ...feed,
    shown: [...held, ...shown].slice(0, FEED_LIMIT),
    held: [],
    missed: 0,
    fresh: held.length,
  };
}

/** Shows what was held back and goes on with what comes. */
export function release(feed: Feed): Feed {
  return { ...showHeld(feed), holding: false };
}
