import { describe, expect, it } from "vitest";
import { shownPost } from "@/test/posts";
import {
  addPosts,
  applyChanges,
  FEED_LIMIT,
  feedOf,
  hold,
  release,
  removePosts,
  replacePost,
  restart,
  showHeld,
} from "./feed";
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

  it("stands still while it is told to and loses nothing", () => {
    const paused = addPosts(addPosts(hold(feedOf(posts(3, 1))), posts(5, 4)), posts(9, 5));
    expect(uris(paused.shown)).toEqual(uris(posts(3, 1)));
    expect(paused.held).toHaveLength(6);
    const resumed = release(paused);
    expect(uris(resumed.shown)).toEqual(uris(posts(9, 1)));
    expect(resumed).toMatchObject({ held: [], holding: false, missed: 0 });
  });

  it("says how many posts it had to let go in a long pause", () => {
    const paused = addPosts(
      addPosts(hold(feedOf([])), posts(FEED_LIMIT, 1)),
      posts(FEED_LIMIT + 7, FEED_LIMIT + 1),
    );
    expect(paused.held).toHaveLength(FEED_LIMIT);
    expect(paused.missed).toBe(7);
  });

  it("loses a removed post from what is shown and from what waits behind a pause", () => {
    const paused = addPosts(hold(feedOf(posts(3, 1))), posts(6, 4));
    const left = removePosts(removePosts(paused, { uri: "at://2" }), { uri: "at://5" });
    expect(uris(left.shown)).toEqual(["at://3", "at://1"]);
    expect(uris(left.held)).toEqual(["at://6", "at://4"]);
    expect(uris(release(left).shown)).toEqual(["at://6", "at://4", "at://3", "at://1"]);
  });

  it("loses every post of a removed author, and of no other", () => {
    const gone = (post: Post) => ({ ...post, author: "did:plc:gone" });
    const paused = addPosts(hold(feedOf([...posts(3, 3), ...posts(2, 1).map(gone)])), posts(5, 4).map(gone));
    const left = removePosts(paused, { author: "did:plc:gone" });
    expect([uris(left.shown), uris(left.held)]).toEqual([["at://3"], []]);
  });

  it("shows an edited post where the old version stood, also behind a pause, and only there", () => {
    const paused = addPosts(hold(feedOf(posts(3, 1))), posts(6, 4));
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

  it("shows what was held back and goes on holding, where only that is asked for", () => {
    const feed = addPosts(showHeld(addPosts(hold(feedOf(posts(3, 1))), posts(5, 4))), posts(6, 6));
    expect([uris(feed.shown), uris(feed.held)]).toEqual([uris(posts(5, 1)), ["at://6"]]);
  });

  it("starts again with a snapshot, and holds still if it did", () => {
    const feed = restart(addPosts(hold(feedOf(posts(3, 1))), posts(4, 4)), posts(9, 8));
    expect([uris(feed.shown), feed.held, feed.holding]).toEqual([uris(posts(9, 8)), [], true]);
  });

  it("counts what waited and is not in a new snapshot as left out", () => {
    const feed = restart(addPosts(hold(feedOf(posts(3, 1))), posts(7, 4)), posts(9, 6));
    expect(feed.missed).toBe(2);
    expect(showHeld(feed).missed).toBe(0);
  });

  it("knows which posts have just come, to lead the eye to them and to no other", () => {
    expect(feedOf(posts(3, 1)).fresh).toBe(0);
    const feed = addPosts(feedOf(posts(3, 1)), posts(5, 4));
    expect(feed.fresh).toBe(2);
    expect(addPosts(feed, posts(6, 6)).fresh).toBe(1);
    expect(release(addPosts(hold(feed), posts(8, 6))).fresh).toBe(3);
  });

  it("takes changes in the order they came: what is deleted stays away, what is edited after its arrival is edited", () => {
    const [first, second, third] = posts(6, 4).toReversed() as [Post, Post, Post];
    const feed = applyChanges(feedOf(posts(3, 1)), [
      { kind: "post", post: first },
      { kind: "post", post: second },
      { kind: "remove", removal: { uri: first.uri } },
      { kind: "edit", post: { ...second, text: "edited" } },
      { kind: "post", post: third },
      { kind: "post", post: third },
    ]);
    expect(uris(feed.shown)).toEqual(["at://6", "at://5", "at://3", "at://2", "at://1"]);
    expect(feed.shown[1]?.text).toBe("edited");
  });
});
