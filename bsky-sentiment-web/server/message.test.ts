import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { account, deletion, encoded, enriched } from "@/test/enriched";
import { decodeMessage } from "./message";

function post(changes: Record<string, unknown> = {}) {
  const decoded = decodeMessage(encoded(enriched(1, changes)));
  if (!("post" in decoded)) throw new Error("not a post");
  return decoded.post;
}

function rejection(data: Uint8Array | string) {
  const decoded = decodeMessage(typeof data === "string" ? new TextEncoder().encode(data) : data);
  return "rejection" in decoded ? decoded.rejection : null;
}

describe("an enriched message", () => {
  it("becomes a post with its sentiment, topics, time and link", () => {
    expect(post()).toEqual({
      uri: "at://did:plc:author1/app.bsky.feed.post/3k1",
      author: "did:plc:author1",
      text: "post 1",
      handle: null,
      truncated: false,
      facets: [],
      time: "2026-07-04T14:38:08.999Z",
      langs: ["en"],
      lang: null,
      labels: [],
      adult: false,
      sentiment: {
        label: "POSITIVE",
        score: 0.92,
        probabilities: { negative: 0.01, neutral: 0.07, positive: 0.92 },
      },
      unscoredReason: null,
      topics: ["music"],
      topicConfidence: 0.81,
      link: "https://bsky.app/profile/did%3Aplc%3Aauthor1/post/3k1",
    });
  });

  it("may lack everything but uri, author and text", () => {
    const bare = decodeMessage(encoded({ uri: "at://x", author: "did:plc:x", text: "hello" }));
    expect(bare).toMatchObject({
      post: { text: "hello", sentiment: null, topics: [], time: null, link: null },
    });
  });

  it("may say null where it says nothing", () => {
    const nulls = { created_at: null, langs: null, sentiment: null, topics: null, processor: null };
    expect(post(nulls)).toMatchObject({ sentiment: null, topics: [], langs: [] });
  });

  it("ranks its topics by probability, the top one first, and drops unknown ones", () => {
    const topics = {
      topics: ["gaming", "sports", "cooking", "music"],
      top_topic: "music",
      probabilities: { music: 0.9, sports: 0.8, gaming: 0.6 },
    };
    expect(post({ topics }).topics).toEqual(["music", "sports", "gaming"]);
  });

  it("is not made another order of topics by words that every object knows", () => {
    const topics = {
      topics: ["sports", "constructor", "music"],
      probabilities: { music: 0.9, sports: 0.1, toString: "x" },
    };
    expect(post({ topics }).topics).toEqual(["music", "sports"]);
  });

  it("takes a time in any zone and gives it in UTC, or none if it is nonsense", () => {
    expect(post({ created_at: "2026-07-04T16:38:08+02:00" }).time).toBe("2026-07-04T14:38:08.000Z");
    expect(post({ created_at: "yesterday", timestamp: "soon" }).time).toBeNull();
    expect(
      post({ created_at: "+275760-09-13T00:00:00Z", timestamp: "-000001-01-01T00:00:00Z" }).time,
    ).toBeNull();
  });
});

describe("a hostile text", () => {
  it("is kept as it is when it is only markup: markup is a matter of the page", () => {
    const text = "<script>alert(1)</script>";
    expect(post({ text }).text).toBe(text);
  });

  it("loses control characters and lone surrogates, which HTML and UTF-8 cannot carry", () => {
    const raw = `{"uri":"at://x","author":"d","text":"a\\u0000b\\u0007c\\r\\nd\\re\\ud83df"}`;
    expect(decodeMessage(new TextEncoder().encode(raw))).toMatchObject({
      post: { text: "abc\nd\ne\ufffdf" },
    });
  });

  it("is cut at a length that a page can bear, and says so", () => {
    const { text, truncated } = post({ text: `Z${"\u0301".repeat(100_000)}` });
    expect(text.length).toBe(3_000);
    expect(truncated).toBe(true);
  });

  it("takes no more memory than what is shown of it", () => {
    setFlagsFromString("--expose-gc");
    const used = () => {
      runInNewContext("gc")();
      return process.memoryUsage().heapUsed;
    };
    const long = "x".repeat(500_000);
    const before = used();
    const posts = Array.from({ length: 40 }, (_, n) =>
      post({ text: `${n}${long}`, labels: [`${n}${long}`] }),
    );
    expect(used() - before).toBeLessThan(4 * long.length);
    expect(posts).toHaveLength(40);
  });

  it("is never cut into half a character", () => {
    expect(post({ text: `a${"😭".repeat(2_000)}` }).text.isWellFormed()).toBe(true);
  });

  it("leaves no lone surrogate in anything else that is sent", () => {
    const raw = JSON.stringify(enriched(1, { uri: "at://\ud83d", author: "d\udc00", langs: ["e\ud83d"] }));
    expect(raw).toContain("\\ud83d");
    const decoded = decodeMessage(new TextEncoder().encode(raw));
    expect(decoded).toMatchObject({ post: { uri: "at://\ufffd", author: "d\ufffd", langs: ["e\ufffd"] } });
  });

  it("in a URI never becomes a link", () => {
    for (const uri of [
      "javascript:alert(1)",
      "at://did:plc:a/app.bsky.feed.post/..",
      "at://did:plc:a/app.bsky.feed.like/3k",
      "at://did:plc:a/app.bsky.feed.post/3k?x=<script>",
      "at://did:plc:a@evil.example/app.bsky.feed.post/3k",
      " at://did:plc:a/app.bsky.feed.post/3k",
    ]) {
      expect(post({ uri }).link).toBeNull();
    }
  });
});

describe("the kind of a message", () => {
  it("is a new post where nothing is said, or an edit, with the revision where that is known", () => {
    expect(decodeMessage(encoded(enriched(1)))).toMatchObject({ kind: "create", rev: null });
    for (const kind of ["create", "update"]) {
      const message = enriched(1, { kind, rev: "3mkt3zlqb5c2x", receivedAt: null });
      expect(decodeMessage(encoded(message))).toEqual({
        kind,
        post: post(),
        rev: "3mkt3zlqb5c2x",
        receivedAt: null,
      });
    }
  });

  it("may be a deletion, of which the uri matters and its revision", () => {
    const { uri } = enriched(1);
    expect(decodeMessage(encoded(deletion(1)))).toEqual({ kind: "delete", uri, rev: null });
    expect(decodeMessage(encoded(deletion(1, { rev: "3k" })))).toEqual({ kind: "delete", uri, rev: "3k" });
  });

  it("may be an account's change, at a time that can be compared", () => {
    const at = Date.parse("2026-07-04T14:39:00Z");
    const message = { kind: "account", author: "did:plc:author1", active: false, at };
    expect(decodeMessage(encoded(account(1)))).toEqual(message);
    expect(decodeMessage(encoded(account(1, { timestamp: "soon" })))).toEqual({ ...message, at: null });
  });

  it("names posts and authors as a post does, so that what was cleaned there is found here", () => {
    const message = { uri: "at://\ud83d", author: "d\udc00" };
    expect(decodeMessage(encoded(deletion(1, message)))).toMatchObject({ uri: "at://\ufffd" });
    expect(decodeMessage(encoded(account(1, message)))).toMatchObject({ author: "d\ufffd" });
  });

  it("lets a list go on for ever, and looks at no more of it than somebody could have meant", () => {
    const endless = (word: string) => [...Array(100).fill(word), ...Array(1_000).fill(7)];
    const topics = { topics: endless("music"), top_topic: "music" };
    const told = post({ langs: endless("en"), labels: endless("spoiler"), topics });
    expect(told).toMatchObject({ topics: ["music"], langs: Array(8).fill("en") });
    expect(told.labels).toHaveLength(10);
  });

  it("lets a post carry what a page does not show yet", () => {
    const reply = { root: "at://a", parent: "at://b" };
    const more = {
      reply,
      embed: "images",
      links: ["https://x.example"],
      mentions: ["did:plc:x"],
      tags: ["x"],
    };
    expect(post(more)).toEqual(post());
  });
});

describe("a message that cannot be used", () => {
  it.each([
    ["not_utf8", new Uint8Array([0xff, 0xfe])],
    ["not_json", "{"],
    ["not_json", ""],
    ["not_an_object", "[]"],
    ["not_an_object", "null"],
    ["bad_uri", encoded(enriched(1, { uri: 7 }))],
    ["bad_uri", encoded(enriched(1, { uri: "" }))],
    ["bad_author", encoded(enriched(1, { author: null }))],
    ["bad_text", encoded(enriched(1, { text: undefined }))],
    ["bad_sentiment", encoded(enriched(1, { sentiment: { label: "JOY", score: 1 } }))],
    ["bad_sentiment", encoded(enriched(1, { sentiment: { label: "POSITIVE", score: 7 } }))],
    ["bad_topics", encoded(enriched(1, { topics: ["music"] }))],
    ["bad_langs", encoded(enriched(1, { langs: "en" }))],
    ["bad_kind", encoded(enriched(1, { kind: "like" }))],
    ["bad_kind", encoded(enriched(1, { kind: null }))],
    ["bad_rev", encoded(enriched(1, { rev: 7 }))],
    ["bad_rev", encoded(deletion(1, { rev: "3".repeat(65) }))],
    ["bad_uri", encoded(deletion(1, { uri: null }))],
    ["bad_author", encoded(account(1, { author: "" }))],
    ["bad_active", encoded(account(1, { active: "false" }))],
  ])("is rejected as %s", (expected, data) => {
    expect(rejection(data)).toBe(expected);
  });

  it("is rejected and not obeyed when it tries to reach the prototype", () => {
    expect(rejection('{"__proto__":{"uri":"x"},"author":"d","text":"t"}')).toBe("bad_uri");
  });
});
