import { describe, expect, it } from "vitest";
import { EVERYTHING, type Filter, matches } from "@/lib/filter";
import { SENTIMENTS } from "@/lib/sentiments";
import { TOPICS } from "@/lib/topics";
import type { Post } from "@/lib/wire";
import { account, deletion, encoded, enriched, sentiment, topics } from "@/test/enriched";
import { parseEvents } from "@/test/events";
import { History } from "./history";
import { decodeMessage } from "./message";
import { type Outcome, PostWindow } from "./window";

const NOW = Date.parse("2026-07-04T14:40:00Z");

const windowOf = (capacity: number) => new PostWindow("a", 0, capacity, new History(NOW));

/** Gives the window a message as the hub would. */
function give(window: PostWindow, sequence: number, message: Record<string, unknown>): Outcome | number {
  const decoded = decodeMessage(encoded(message));
  if ("rejection" in decoded) throw new Error(decoded.rejection);
  if (decoded.kind === "delete") return window.delete(sequence, decoded);
  if (decoded.kind === "account") return window.account(sequence, decoded);
  return decoded.kind === "update" ? window.edit(sequence, decoded, NOW) : window.add(sequence, decoded, NOW);
}

const edit = (number: number, changes: Record<string, unknown>) =>
  enriched(number, { kind: "update", ...changes });

const texts = (window: PostWindow) => [...window.newestFirst()].map((post) => post.text);

/** What a viewer with this filter is told who had everything up to a sequence. */
const told = (window: PostWindow, sequence: number, filter: Partial<Filter> = {}) =>
  parseEvents(
    [...window.after(sequence)].map((change) => change.frame({ ...EVERYTHING, ...filter })).join(""),
  );

/** Compares every figure with a count of the posts themselves. */
function expectExactFigures({ history }: PostWindow, posts: Post[]) {
  const { total, unscored, sentiments, topics, languages } = history.last15;
  expect(total).toBe(posts.length);
  expect(unscored).toBe(posts.filter((post) => !post.sentiment).length);
  for (const sentiment of SENTIMENTS) {
    const having = posts.filter((post) => matches({ ...EVERYTHING, sentiment }, post));
    expect(sentiments[sentiment]).toBe(having.length);
    for (const topic of TOPICS) {
      expect(topics[topic][sentiment]).toBe(having.filter((post) => post.topics.includes(topic)).length);
    }
  }
  for (const topic of TOPICS) {
    expect(topics[topic].total).toBe(posts.filter((post) => post.topics.includes(topic)).length);
  }
  for (const { lang, total } of languages) {
    expect(total).toBe(posts.filter((post) => matches({ ...EVERYTHING, lang }, post)).length);
  }
  expect(languages.reduce((sum, { total }) => sum + total, 0)).toBe(posts.length);
}

/** Where nothing has left the window for being old. */
const expectExactCounts = (window: PostWindow) => expectExactFigures(window, [...window.newestFirst()]);

describe("a window", () => {
  it("counts exactly what it was given, however much of it has left", () => {
    const window = windowOf(50);
    const given: Post[] = [];
    for (let number = 1; number <= 400; number++) {
      const label = number % 7 === 0 ? { sentiment: null } : sentiment(SENTIMENTS[number % 3] ?? "");
      const several = TOPICS.filter((_, place) => (number * (place + 3)) % 11 === 0);
      const lang = number % 5 === 0 ? null : (["en", "ja", "pt"][number % 3] ?? "");
      give(window, number, enriched(number, { ...label, ...topics("sports", ...several), lang, langs: [] }));
      const [newest] = window.newestFirst();
      if (newest) given.push(newest);
      if (number % 40 === 0) expectExactFigures(window, given);
    }
    expect([given.length, window.size]).toEqual([400, 50]);
  });

  it("counts a post once, even if it is published twice", () => {
    const window = windowOf(50);
    expect(give(window, 1, enriched(1))).toBe("added");
    expect(give(window, 2, enriched(1))).toBe("repeated");
    expect(window.history.last15.total).toBe(1);
    expect(window.newest).toBe(2);
  });

  it("takes a post again once it has left", () => {
    const window = windowOf(1);
    give(window, 1, enriched(1));
    give(window, 2, enriched(2));
    expect(give(window, 3, enriched(1))).toBe("added");
  });

  it("knows from which event ids it can go on without a gap", () => {
    const window = new PostWindow("life1", 100, 2, new History(NOW));
    for (const number of [101, 102, 103, 104]) give(window, number, enriched(number));
    expect(window.sequenceOf("life1-104")).toBe(104);
    expect(window.sequenceOf("life1-102")).toBe(102);
    expect(window.sequenceOf("life1-101")).toBeNull();
    expect(window.sequenceOf("life1-105")).toBeNull();
    expect(window.sequenceOf("life2-103")).toBeNull();
    for (const nonsense of ["", "103", "life1-", "life1--3", "life1-1e2", "life1-103 ", "life1-0x67"]) {
      expect(window.sequenceOf(nonsense)).toBeNull();
    }
  });
});

describe("a deletion", () => {
  it("takes its post out of the window and out of every figure, and no other", () => {
    const window = windowOf(50);
    give(window, 1, enriched(1, { ...sentiment("NEGATIVE"), ...topics("sports", "music") }));
    give(window, 2, enriched(2));
    expect(give(window, 3, deletion(1))).toBe(1);
    expect(texts(window)).toEqual(["post 2"]);
    expectExactCounts(window);
    expect(window.history.last15).toMatchObject({
      total: 1,
      sentiments: { NEGATIVE: 0 },
      topics: { sports: { total: 0 }, music: { total: 1 } },
    });
  });

  it("is told to whoever goes on from before it, and the post itself to nobody any more", () => {
    const window = windowOf(50);
    give(window, 1, enriched(1));
    give(window, 2, edit(1, { text: "edited" }));
    const { uri } = enriched(1);
    expect(told(window, 0)).toMatchObject([{ event: "post" }, { event: "edit" }]);
    give(window, 3, deletion(1));
    for (const sequence of [0, 1, 2]) {
      expect(told(window, sequence)).toEqual([{ id: "a-3", event: "remove", data: { uri } }]);
    }
    expect(told(window, 3)).toEqual([]);
  });

  it("is told though the window holds no such post, because a page may still show it", () => {
    const window = windowOf(50);
    expect(give(window, 1, deletion(7))).toBe(0);
    expect(told(window, 0, { topic: "sports" })).toMatchObject([{ event: "remove" }]);
    expect(window.history.last15.total).toBe(0);
  });

  it("that overtook its post keeps it from appearing, and so do later editions of it", () => {
    for (const rev of [
      { post: undefined, gone: undefined },
      { post: "3k1", gone: "3k2" },
    ]) {
      const window = windowOf(50);
      give(window, 1, deletion(1, { rev: rev.gone }));
      expect(give(window, 2, enriched(1, { rev: rev.post }))).toBe("delete");
      expect(give(window, 3, edit(1, { rev: rev.post }))).toBe("delete");
      expect(window.history.last15.total).toBe(0);
      expect(told(window, 1)).toEqual([]);
    }
  });

  it("that comes late does not take out what was written under the same key since", () => {
    const window = windowOf(50);
    give(window, 1, enriched(1, { rev: "3k3", text: "written again" }));
    expect(give(window, 2, deletion(1, { rev: "3k2" }))).toBe(0);
    expect(texts(window)).toEqual(["written again"]);
    expect(told(window, 1)).toEqual([]);

    give(window, 3, deletion(1, { rev: "3k4" }));
    expect(give(window, 4, enriched(1, { rev: "3k5", text: "and again" }))).toBe("added");
  });

  it("is remembered with as many others as the window holds posts, the newest ones", () => {
    const window = windowOf(3);
    for (const number of [1, 2, 3, 4]) give(window, number, deletion(number));
    expect(give(window, 5, enriched(1))).toBe("added");
    for (const number of [2, 3, 4]) expect(give(window, 4 + number, enriched(number))).toBe("delete");
  });

  it("stays the one that counts when an earlier one of the same post comes after it", () => {
    const window = windowOf(50);
    give(window, 1, deletion(1, { rev: "3k4" }));
    give(window, 2, deletion(1, { rev: "3k2" }));
    expect(give(window, 3, enriched(1, { rev: "3k3" }))).toBe("delete");
  });

  it("that is told again is remembered as a new one", () => {
    const window = windowOf(2);
    [1, 2, 1, 3].forEach((number, place) => {
      give(window, place + 1, deletion(number));
    });
    expect(give(window, 5, enriched(1))).toBe("delete");
    expect(give(window, 6, enriched(2))).toBe("added");
  });

  it("between two posts of one key may come last of the three: the second post stays", () => {
    const window = windowOf(50);
    give(window, 1, enriched(1, { rev: "3k1" }));
    expect(give(window, 2, enriched(1, { rev: "3k3", text: "written again" }))).toBe("replaced");
    expect(give(window, 3, deletion(1, { rev: "3k2" }))).toBe(0);
    expect(texts(window)).toEqual(["written again"]);
    expectExactCounts(window);
  });

  it("leaves no hole: the window again takes as many posts as it can hold", () => {
    const window = windowOf(3);
    for (const number of [1, 2, 3]) give(window, number, enriched(number));
    give(window, 4, deletion(2));
    give(window, 5, enriched(5));
    expect(texts(window)).toEqual(["post 5", "post 3", "post 1"]);
    give(window, 6, enriched(6));
    expect(texts(window)).toEqual(["post 6", "post 5", "post 3"]);
  });
});

describe("an account that is not active any more", () => {
  const ofOne = (number: number) => enriched(number, { author: "did:plc:author1" });

  it("takes every post of its author with it, edited ones too, and is one word to viewers", () => {
    const window = windowOf(50);
    for (const number of [1, 2, 3]) give(window, number, ofOne(number));
    give(window, 4, enriched(4));
    give(window, 5, edit(2, { author: "did:plc:author1", text: "edited" }));
    expect(give(window, 6, account(1))).toBe(3);
    expect(texts(window)).toEqual(["post 4"]);
    expectExactCounts(window);
    expect(told(window, 0).map(({ event, data }) => [event, data.text ?? data.author])).toEqual([
      ["post", "post 4"],
      ["remove", "did:plc:author1"],
    ]);
  });

  it("keeps its posts from appearing until it is active again", () => {
    const window = windowOf(50);
    give(window, 1, account(1));
    expect(give(window, 2, ofOne(1))).toBe("account");
    expect(give(window, 3, edit(2, { author: "did:plc:author1" }))).toBe("account");
    give(window, 4, account(1, { active: true, status: null, timestamp: "2026-07-04T15:00:00Z" }));
    expect(give(window, 5, ofOne(3))).toBe("added");
    expect(texts(window)).toEqual(["post 3"]);
  });

  it("takes its edits with it whose posts have not come, and they do not stand in the way once it is back", () => {
    const window = windowOf(50);
    give(window, 1, edit(1, { text: "edited" }));
    give(window, 2, account(1));
    expect(told(window, 0)).toMatchObject([{ event: "remove" }]);
    give(window, 3, account(1, { active: true }));
    expect(give(window, 4, enriched(1))).toBe("added");
    expect(texts(window)).toEqual(["post 1"]);
  });

  it("removes nothing when it becomes active, nor when the word of its end comes after that of its return", () => {
    const window = windowOf(50);
    give(window, 1, ofOne(1));
    expect(give(window, 2, account(1, { active: true, timestamp: "2026-07-04T14:40:00.5Z" }))).toBe(0);
    expect(give(window, 3, account(1, { timestamp: "2026-07-04T14:40:00Z" }))).toBe(0);
    expect(texts(window)).toEqual(["post 1"]);
    expect(told(window, 1)).toEqual([]);
  });

  it("is remembered with as many others as the window holds posts, the newest ones", () => {
    const window = windowOf(2);
    for (const number of [1, 2, 3]) give(window, number, account(number));
    expect(give(window, 4, enriched(1))).toBe("added");
    expect(give(window, 5, enriched(2))).toBe("account");
  });
});

describe("an edit", () => {
  const negative = { text: "edited", ...sentiment("NEGATIVE"), ...topics("sports") };

  it("replaces the post where it stands, and the figures follow", () => {
    const window = windowOf(50);
    for (const number of [1, 2, 3]) give(window, number, enriched(number, { rev: "3k1" }));
    expect(give(window, 4, edit(2, { rev: "3k2", ...negative }))).toBe("replaced");
    expect(texts(window)).toEqual(["post 3", "edited", "post 1"]);
    expectExactCounts(window);
    expect(window.history.last15.sentiments).toMatchObject({ NEGATIVE: 1, POSITIVE: 2 });
  });

  it("is told in its newest version, also to whoever goes on from before the post", () => {
    const window = windowOf(50);
    give(window, 1, enriched(1));
    expect(told(window, 0).map((e) => e.data.text)).toEqual(["post 1"]);
    give(window, 2, edit(1, { text: "second" }));
    give(window, 3, edit(1, { text: "third" }));
    expect(told(window, 0).map(({ id, event, data }) => [id, event, data.text])).toEqual([
      ["a-1", "post", "third"],
      ["a-2", "edit", "third"],
      ["a-3", "edit", "third"],
    ]);
  });

  it("is a removal to those whose filter the new version does not pass", () => {
    const window = windowOf(50);
    const { uri } = enriched(1);
    give(window, 1, enriched(1));
    give(window, 2, edit(1, negative));
    expect(told(window, 1, { sentiment: "NEGATIVE" })).toMatchObject([{ event: "edit", data: { uri } }]);
    expect(told(window, 1, { sentiment: "POSITIVE" })).toEqual([
      { id: "a-2", event: "remove", data: { uri } },
    ]);
  });

  it("that is older than what is known changes nothing", () => {
    const window = windowOf(50);
    give(window, 1, enriched(1, { rev: "3k1" }));
    give(window, 2, edit(1, { rev: "3k3", text: "newest" }));
    expect(give(window, 3, edit(1, { rev: "3k2", text: "older" }))).toBe("stale");
    expect(give(window, 4, edit(1, { rev: "3k3", text: "newest" }))).toBe("repeated");
    expect(give(window, 5, enriched(1, { rev: "3k1" }))).toBe("repeated");
    expect(texts(window)).toEqual(["newest"]);
    expect(told(window, 2)).toEqual([]);
  });

  it("without a revision is taken as the newest, and does not let older ones in after it", () => {
    const window = windowOf(50);
    give(window, 1, enriched(1, { rev: "3k3" }));
    expect(give(window, 2, edit(1, { text: "edited" }))).toBe("replaced");
    expect(give(window, 3, edit(1, { rev: "3k2", text: "older" }))).toBe("stale");
    expect(texts(window)).toEqual(["edited"]);
  });

  it("of a post that is not here adds none, but is told to pages that may show it", () => {
    const window = windowOf(50);
    expect(give(window, 1, edit(1, negative))).toBe("not_held");
    expect(texts(window)).toEqual([]);
    expect(told(window, 0)).toMatchObject([{ event: "edit", data: { text: "edited" } }]);
  });

  it("that overtook its post is what appears once the post comes", () => {
    const window = windowOf(50);
    give(window, 1, edit(1, { rev: "3k2", ...negative }));
    expect(give(window, 2, enriched(1, { rev: "3k1" }))).toBe("added");
    expect(texts(window)).toEqual(["edited"]);
    expect(told(window, 1)).toMatchObject([{ event: "post", data: { text: "edited" } }]);
    expectExactCounts(window);
    expect(window.history.last15.sentiments).toMatchObject({ NEGATIVE: 1, POSITIVE: 0 });
  });

  it("that overtook its post is forgotten with the post's deletion", () => {
    const window = windowOf(50);
    give(window, 1, edit(1, { rev: "3k2" }));
    give(window, 2, deletion(1, { rev: "3k3" }));
    expect(give(window, 3, enriched(1, { rev: "3k1" }))).toBe("delete");
    expect(told(window, 0)).toMatchObject([{ event: "remove" }]);
  });

  it("is remembered with as many others as the window holds posts, after the post has left it too", () => {
    const window = windowOf(2);
    give(window, 1, enriched(1, { rev: "3k1" }));
    give(window, 2, edit(1, { rev: "3k3", text: "newest" }));
    for (const number of [3, 4]) give(window, number, enriched(number));
    expect(give(window, 5, edit(1, { rev: "3k2" }))).toBe("stale");
    for (const number of [6, 7]) give(window, number, edit(number, { rev: "3k1" }));
    expect(give(window, 8, edit(1, { rev: "3k2" }))).toBe("not_held");
  });
});

describe("any order of versions, deletions and accounts", () => {
  const uri = "at://did:plc:author1/app.bsky.feed.post/3k1";
  const history = [
    enriched(1, { rev: "3k1", text: "first" }),
    edit(1, { rev: "3k2", text: "second", ...sentiment("NEGATIVE") }),
    edit(1, { rev: "3k3", text: "third", sentiment: null }),
  ];

  it("ends with the newest version where the post stays", () => {
    for (const messages of permutations(history)) {
      const window = windowOf(50);
      messages.forEach((message, place) => {
        give(window, place + 1, message);
      });
      expect(texts(window)).toEqual(["third"]);
      expectExactCounts(window);
    }
  });

  it("ends with nothing where the post was deleted, here and on a page that followed", () => {
    for (const messages of permutations([...history, deletion(1, { rev: "3k4" })])) {
      const window = windowOf(50);
      let shown: string[] = [];
      messages.forEach((message, place) => {
        give(window, place + 1, message);
        for (const { event, data } of told(window, place)) {
          if (event === "post") shown.push(data.uri);
          if (event === "remove") shown = shown.filter((known) => known !== uri);
        }
      });
      expect([texts(window), shown]).toEqual([[], []]);
      expectExactCounts(window);
    }
  });
});

function permutations<T>(items: T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, place) =>
    permutations(items.toSpliced(place, 1)).map((rest) => [item, ...rest]),
  );
}
