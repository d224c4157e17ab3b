import type { Post, Removal } from "./wire";

/** Posts that the page keeps, and as many again that it holds back while paused. */
export const FEED_LIMIT = 500;

/** The posts of the page, newest first; while paused, new ones wait in `held`. */
export type Feed = {
  shown: readonly Post[];
  held: readonly Post[];
  paused: boolean;
  /** Posts that arrived during the pause beyond what is kept. */
  missed: number;
};

export function feedOf(posts: readonly Post[]): Feed {
  return { shown: posts.slice(0, FEED_LIMIT), held: [], paused: false, missed: 0 };
}

/** Adds posts (newest first). One that is there already, as after a reconnect, is not added again. */
export function addPosts(feed: Feed, arrived: readonly Post[]): Feed {
  const known = new Set([...feed.shown, ...feed.held].map((post) => post.uri));
  const fresh = arrived.filter((post) => !known.has(post.uri));
  if (fresh.length === 0) return feed;
  if (!feed.paused) return { ...feed, shown: [...fresh, ...feed.shown].slice(0, FEED_LIMIT) };
  const held = [...fresh, ...feed.held];
  return {
    ...feed,
    held: held.slice(0, FEED_LIMIT),
    missed: feed.missed + Math.max(0, held.length - FEED_LIMIT),
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

export function pause(feed: Feed): Feed {
  return { ...feed, paused: true };
}

/** Shows what was held back. */
export function resume(feed: Feed): Feed {
  return feedOf([...feed.held, ...feed.shown]);
}
