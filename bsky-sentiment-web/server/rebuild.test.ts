import fc from "fast-check";
import { expect, it } from "vitest";
import { SENTIMENTS } from "@/lib/sentiments";
import { TOPICS } from "@/lib/topics";
import type { Post } from "@/lib/wire";
import { account, deletion, encoded, enriched, sentiment, topics } from "@/test/enriched";
import { History } from "./history";
import { decodeMessage } from "./message";
import { Past } from "./past";
import { PostWindow } from "./window";

const MINUTE = 60_000;
const NOW = Date.parse("2026-07-04T12:00:30Z");
const CAPACITY = 12;
/** Long enough for several chapters and several windows. */
const LONGEST_LIFE = 120;

type Stored = { sequence: number; at: number; message: Record<string, unknown> };

/** What a post can be told to be. */
const told = fc.record({ label: fc.nat(3), topic: fc.nat(2), lang: fc.constantFrom("en", "ja", "pt") });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("create" as const), told }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("delete" as const), back: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("update" as const), back: fc.nat(20), told }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("account" as const), back: fc.nat(20) }) },
);
const life = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: LONGEST_LIFE }),
  /** Minutes between two messages. */
  pace: fc.constantFrom(0.1, 0.7, 1.3),
});

function words({ label, topic, lang }: typeof told extends fc.Arbitrary<infer T> ? T : never) {
  const scored = label < SENTIMENTS.length ? sentiment(SENTIMENTS[label] ?? "") : { sentiment: null };
  return { ...scored, ...topics(TOPICS[topic] ?? ""), lang };
}

/** The stream of a life, which ends now. A few authors write all posts; an account that ends is back at once. */
function storedIn({ steps, pace }: typeof life extends fc.Arbitrary<infer T> ? T : never): Stored[] {
  const author = (number: number) => ({ author: `did:plc:author${number % 4}` });
  const messages: Record<string, unknown>[] = [];
  let written = 0;
  for (const [rev, step] of steps.entries()) {
    if (step.kind === "create")
      messages.push(enriched(++written, { ...words(step.told), ...author(written) }));
    else if (step.kind === "update") {
      const number = written - step.back;
      messages.push(
        enriched(number, { kind: "update", rev: `3k${1_000 + rev}`, ...words(step.told), ...author(number) }),
      );
    } else if (step.kind === "delete") messages.push(deletion(written - step.back));
    else {
      for (const active of [false, true]) {
        messages.push(account(0, { active, timestamp: null, ...author(written + step.back) }));
      }
    }
  }
  return messages.map((message, place) => ({
    sequence: place + 1,
    at: Math.floor(NOW - (messages.length - place) * pace * MINUTE),
    message,
  }));
}

function give(window: PostWindow, { sequence, at, message }: Stored): void {
  const decoded = decodeMessage(encoded(message));
  if ("rejection" in decoded) throw new Error(decoded.rejection);
  window.take(sequence, decoded, at);
}

const windowAfter = (floor: number) => new PostWindow("a", floor, CAPACITY, new History(NOW));

function livedThrough(stream: Stored[]): History {
  const window = windowAfter(0);
  for (const stored of stream) give(window, stored);
  return window.history;
}

/** As after a restart: the newest messages first, then chapter by chapter what was before them. */
function readBack(stream: Stored[]): History {
  const floor = Math.max(0, stream.length - CAPACITY);
  const window = windowAfter(floor);
  for (const stored of stream.slice(floor)) give(window, stored);
  const past = new Past(window, NOW, floor > 0 ? (stream[0]?.at ?? null) : null);
  for (let chapter = past.chapter; chapter; chapter = past.chapter) {
    past.begin();
    for (const { sequence, at, message } of stream) {
      if (at < chapter.from) continue;
      if (past.endsBefore(sequence)) break;
      past.message(sequence, encoded(message), at);
    }
    past.finish();
  }
  return window.history;
}

/** The posts that count, found the long way: of the newest posts each can be taken back or edited. */
function counted(stream: Stored[]): Post[] {
  let held: Post[] = [];
  const left: Post[] = [];
  for (const { message } of stream) {
    const decoded = decodeMessage(encoded(message));
    if ("rejection" in decoded) throw new Error(decoded.rejection);
    if (decoded.kind === "create") held.push(decoded.post);
    else if (decoded.kind === "update")
      held = held.map((post) => (post.uri === decoded.post.uri ? decoded.post : post));
    else if (decoded.kind === "delete") held = held.filter(({ uri }) => uri !== decoded.uri);
    else if (decoded.kind === "account" && !decoded.active)
      held = held.filter(({ author }) => author !== decoded.author);
    left.push(...held.splice(0, held.length - CAPACITY));
  }
  return [...left, ...held];
}

function figuresOf(posts: Post[]) {
  const count = (wanted: (post: Post) => boolean) => posts.filter(wanted).length;
  return {
    total: posts.length,
    unscored: count((post) => !post.sentiment),
    sentiments: SENTIMENTS.map((label) => count((post) => post.sentiment?.label === label)),
    topics: TOPICS.map((topic) =>
      SENTIMENTS.map((label) =>
        count((post) => post.topics.includes(topic) && post.sentiment?.label === label),
      ),
    ),
    languages: Object.fromEntries(
      ["en", "ja", "pt"].map((lang) => [lang, count((post) => post.lang === lang)]).filter(([, n]) => n),
    ),
  };
}

function figuresOfDay(history: History) {
  const { figures } = history.preset("24h");
  return {
    total: figures.total,
    unscored: figures.unscored,
    sentiments: SENTIMENTS.map((label) => figures.sentiments[label]),
    topics: TOPICS.map((topic) => SENTIMENTS.map((label) => figures.topics[topic][label])),
    languages: Object.fromEntries(figures.languages.map(({ lang, total }) => [lang, total])),
  };
}

it("the figures are those of the posts themselves, whatever is deleted, edited and taken down", () => {
  fc.assert(
    fc.property(life, (life) => {
      const stream = storedIn(life);
      expect(figuresOfDay(livedThrough(stream))).toEqual(figuresOf(counted(stream)));
    }),
  );
});

it("the figures after a restart are those of a server that was there all the time, at every step of time", () => {
  fc.assert(
    fc.property(life, (life) => {
      const stream = storedIn(life);
      const [lived, read] = [livedThrough(stream), readBack(stream)];
      for (const range of ["15m", "24h"] as const) {
        const { figures, timeline } = lived.preset(range);
        expect(read.preset(range).figures).toEqual(figures);
        expect(read.preset(range).timeline.buckets).toEqual(timeline.buckets);
      }
    }),
  );
});
