import { describe, expect, it } from "vitest";
import { addPosts, FEED_LIMIT, feedOf, pause, resume } from "./feed";
import type { Post } from "./wire";

/** Posts `from` down to `to`, newest first, as they arrive. */
function posts(from: number, to: number): Post[] {
  return Array.from({ length: from - to + 1 }, (_, place) => ({
    uri: `at://${from - place}`,
    author: "did:plc:a",
    text: "",
    truncated: false,
    time: null,
    langs: [],
    sentiment: null,
    topics: [],
    link: null,
  }));
}

const uris = (list: readonly Post[]) => list.map((post) => post.uri);

describe("the feed", () => {
  it("shows new posts first and each one once", () => {
    const feed = addPosts(feedOf(posts(3, 1)), posts(5, 2));
    expect(uris(feed.shown)).toEqual(uris(posts(5, 1)));
  });

  it("keeps no more than it can show", () => {
    const feed = addPosts(feedOf(posts(FEED_LIMIT, 1)), posts(FEED_LIMIT + 20, FEED_LIMIT + 1));
    expect(feed.shown).toHaveLength(FEED_LIMIT);
    expect(feed.shown[0]?.uri).toBe(`at://${FEED_LIMIT + 20}`);
  });

  it("stands still while paused and loses nothing", () => {
    const paused = addPosts(addPosts(pause(feedOf(posts(3, 1))), posts(5, 4)), posts(9, 5));
    expect(uris(paused.shown)).toEqual(uris(posts(3, 1)));
    expect(paused.held).toHaveLength(6);
    const resumed = resume(paused);
    expect(uris(resumed.shown)).toEqual(uris(posts(9, 1)));
    expect(resumed).toMatchObject({ held: [], paused: false, missed: 0 });
  });

  it("says how many posts it had to let go in a long pause", () => {
    const paused = addPosts(
      addPosts(pause(feedOf([])), posts(FEED_LIMIT, 1)),
      posts(FEED_LIMIT + 7, FEED_LIMIT + 1),
    );
    expect(paused.held).toHaveLength(FEED_LIMIT);
    expect(paused.missed).toBe(7);
  });
});
