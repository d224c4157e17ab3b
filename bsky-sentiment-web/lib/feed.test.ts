import { describe, expect, it } from "vitest";
import { shownPost } from "@/test/posts";
import { addPosts, FEED_LIMIT, feedOf, pause, removePosts, replacePost, resume } from "./feed";
import type { Post } from "./wire";

/** Posts `from` down to `to`, newest first, as they arrive. */
function posts(from: number, to: number): Post[] {
  return Array.from({ length: from - to + 1 }, (_, place) => shownPost(from - place));
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

  it("loses a removed post from what is shown and from what waits behind a pause", () => {
    const paused = addPosts(pause(feedOf(posts(3, 1))), posts(6, 4));
    const left = removePosts(removePosts(paused, { uri: "at://2" }), { uri: "at://5" });
    expect(uris(left.shown)).toEqual(["at://3", "at://1"]);
    expect(uris(left.held)).toEqual(["at://6", "at://4"]);
    expect(uris(resume(left).shown)).toEqual(["at://6", "at://4", "at://3", "at://1"]);
  });

  it("loses every post of a removed author, and of no other", () => {
    const gone = (post: Post) => ({ ...post, author: "did:plc:gone" });
    const paused = addPosts(pause(feedOf([...posts(3, 3), ...posts(2, 1).map(gone)])), posts(5, 4).map(gone));
    const left = removePosts(paused, { author: "did:plc:gone" });
    expect([uris(left.shown), uris(left.held)]).toEqual([["at://3"], []]);
  });

  it("shows an edited post where the old version stood, also behind a pause, and only there", () => {
    const paused = addPosts(pause(feedOf(posts(3, 1))), posts(6, 4));
    const edited = [2, 5, 9].reduce(
      (feed, number) => replacePost(feed, { ...(posts(number, number)[0] as Post), text: "edited" }),
      paused,
    );
    expect(uris(edited.shown)).toEqual(uris(posts(3, 1)));
    expect(uris(edited.held)).toEqual(uris(posts(6, 4)));
    expect(edited.shown.map((post) => post.text)).toEqual(["", "edited", ""]);
    expect(edited.held.map((post) => post.text)).toEqual(["", "edited", ""]);
  });

  it("stays the very same where a removal concerns none of its posts, so that nothing is drawn again", () => {
    const feed = feedOf(posts(3, 1));
    expect(removePosts(feed, { uri: "at://9" })).toBe(feed);
    expect(removePosts(feed, { author: "did:plc:z" })).toBe(feed);
    expect(replacePost(feed, posts(9, 9)[0] as Post)).toBe(feed);
  });
});
