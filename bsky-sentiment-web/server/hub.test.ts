import { beforeEach, describe, expect, it } from "vitest";
import { EVERYTHING, type Filter } from "@/lib/filter";
import { postSchema, removalSchema, snapshotSchema, stateSchema, statsSchema } from "@/lib/wire";
import { account, deletion, encoded, enriched, sentiment, topics } from "@/test/enriched";
import { type Event, parseEvents } from "@/test/events";
import { SNAPSHOT_POSTS } from "./client";
import { Hub, type Viewer } from "./hub";
import { createMetrics } from "./metrics";

const CAPACITY = 1_000;
const SECOND = 1_000;

let now: number;
let hub: Hub;

beforeEach(() => {
  now = Date.parse("2026-07-04T12:00:00Z");
  hub = new Hub(createMetrics(), CAPACITY, () => now);
});

function readBack(count = 0) {
  hub.connection("connected");
  hub.begin("life1", 0, null);
  publish(1, count);
  hub.reachedEnd();
}

function publish(
  from: number,
  count: number,
  changes: (number: number) => Record<string, unknown> = () => ({}),
) {
  for (let number = from; number < from + count; number++) {
    hub.message(number, encoded(enriched(number, changes(number))), now);
  }
}

function receive(sequence: number, message: Record<string, unknown>) {
  hub.message(sequence, encoded(message), now);
}

function open(
  options: { filter?: Partial<Filter>; lastEventId?: string; maxRate?: number } = {},
  wake = () => {},
  end = () => {},
): Viewer {
  const viewer = hub.open(
    "192.0.2.1",
    {
      filter: { ...EVERYTHING, ...options.filter },
      lastEventId: options.lastEventId ?? null,
      maxRate: options.maxRate ?? null,
    },
    wake,
    end,
  );
  if (typeof viewer === "string") throw new Error("the hub took no viewer");
  viewer.busySince = null;
  return viewer;
}

/** Everything the viewer can be given now, piece by piece. */
function takeAll(viewer: Viewer): Event[] {
  let text = "";
  for (let piece = viewer.client.take(now); piece; piece = viewer.client.take(now)) text += piece;
  return parseEvents(text);
}

const texts = (events: Event[]) => events.filter((e) => e.event === "post").map((e) => e.data.text);
/** What a page would show, newest first, that was told these events. */
function shownBy(events: Event[]): string[] {
  let posts: { uri: string; author: string; text: string }[] = [];
  for (const { event, data } of events) {
    if (event === "snapshot") posts = data.posts;
    if (event === "post") posts = [data, ...posts];
    if (event === "edit") posts = posts.map((post) => (post.uri === data.uri ? data : post));
    if (event === "remove")
      posts = posts.filter(({ uri, author }) => uri !== data.uri && author !== data.author);
  }
  return posts.map((post) => post.text);
}

const names = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, place) => `post ${from + place}`);

describe("a viewer", () => {
  it("starts with a snapshot of the newest posts and exact figures, then gets every post in order", () => {
    readBack(200);
    const viewer = open();
    const [snapshot] = takeAll(viewer);
    expect(snapshot?.event).toBe("snapshot");
    expect(snapshot?.data.posts).toHaveLength(SNAPSHOT_POSTS);
    expect(snapshot?.data.posts[0].text).toBe("post 200");
    expect(snapshot?.data.stats.last15).toMatchObject({ total: 200, sentiments: { POSITIVE: 200 } });

    publish(201, 30);
    expect(texts(takeAll(viewer))).toEqual(names(201, 230));
    expect(takeAll(viewer)).toEqual([]);
  });

  it("is told nothing but the state while older posts are still being read back", () => {
    hub.connection("connected");
    hub.begin("life1", 0, null);
    publish(1, 10);
    const viewer = open();
    expect(takeAll(viewer).map((e) => e.event)).toEqual(["state"]);
    hub.reachedEnd();
    expect(takeAll(viewer).map((e) => e.event)).toEqual(["snapshot"]);
  });

  it("goes on from its last event without a gap or a repeat, wherever it was cut off", () => {
    readBack(0);
    publish(1, 300);
    for (const last of [0, 1, 150, 299, 300]) {
      const events = takeAll(open({ lastEventId: `life1-${last}` }));
      expect(events.some((e) => e.event === "snapshot")).toBe(false);
      expect(texts(events)).toEqual(names(last + 1, 300));
    }
  });

  it("goes on from its last event after this server was started again", () => {
    readBack(300);
    const events = takeAll(open({ lastEventId: "life1-290" }));
    expect(texts(events)).toEqual(names(291, 300));
  });

  it("starts anew with a snapshot if posts after its last event are no longer here", () => {
    readBack(0);
    publish(1, CAPACITY + 100);
    expect(takeAll(open({ lastEventId: "life1-50" }))[0]?.event).toBe("snapshot");
    expect(takeAll(open({ lastEventId: "life1-100" })).map((e) => e.event)).not.toContain("snapshot");
  });

  it("starts anew if its last event is of another stream, or nonsense", () => {
    readBack(10);
    for (const lastEventId of ["other-5", "life1-99", "5", "<script>"]) {
      expect(takeAll(open({ lastEventId }))[0]?.event).toBe("snapshot");
    }
  });

  it("gets a new snapshot when the stream was created anew", () => {
    readBack(10);
    const viewer = open();
    takeAll(viewer);
    hub.begin("life2", 0, null);
    hub.message(1, encoded(enriched(77)), now);
    hub.reachedEnd();
    const snapshot = takeAll(viewer).find((e) => e.event === "snapshot");
    expect(snapshot?.data.posts.map((p: { text: string }) => p.text)).toEqual(["post 77"]);
  });

  it("gets a new snapshot, not old posts again, when the broker has lost the stream's end", () => {
    readBack(10);
    const viewer = open({ lastEventId: "life1-5" });
    expect(texts(takeAll(viewer))).toEqual(names(6, 10));
    readBack(8);
    const events = takeAll(viewer);
    expect(events.map((e) => e.event)).toContain("snapshot");
    expect(texts(events)).toEqual([]);
  });

  it("gets only what its filter lets through, in the snapshot and after it", () => {
    readBack(0);
    const mixed = (n: number) => ({
      ...sentiment(n % 2 ? "NEGATIVE" : "POSITIVE"),
      ...(n % 3 ? topics("music") : topics("music", "sports")),
    });
    publish(1, 30, mixed);
    const viewer = open({ filter: { sentiment: "NEGATIVE", topic: "sports" } });
    const [snapshot] = takeAll(viewer);
    expect(snapshot?.data.posts.map((p: { text: string }) => p.text)).toEqual(
      [27, 21, 15, 9, 3].map((n) => `post ${n}`),
    );
    expect(snapshot?.data.stats.window.total).toBe(30);
    publish(31, 12, mixed);
    expect(texts(takeAll(viewer))).toEqual(["post 33", "post 39"]);
  });

  it("is told of a deletion, an edit and an account's end in their order, each under its own id", () => {
    readBack(3);
    const viewer = open();
    const events = takeAll(viewer);
    receive(4, deletion(2));
    receive(5, enriched(3, { kind: "update", text: "edited" }));
    receive(6, account(1));
    const changes = takeAll(viewer);
    expect(changes.map(({ id, event }) => [id, event])).toEqual([
      ["life1-4", "remove"],
      ["life1-5", "edit"],
      ["life1-6", "remove"],
    ]);
    expect(shownBy([...events, ...changes])).toEqual(["edited"]);
    expect(takeAll(viewer)).toEqual([]);
  });

  it("that comes back is told what was removed and edited meanwhile, wherever it was cut off", () => {
    const events = [
      ...[1, 2, 3, 4].map((number) => enriched(number)),
      deletion(2),
      enriched(3, { kind: "update", text: "edited" }),
      account(4),
      enriched(8),
    ];
    readBack(0);
    const first = open();
    let seen = takeAll(first);
    const cutOff: Event[][] = [];
    events.forEach((message, place) => {
      receive(place + 1, message);
      seen = [...seen, ...takeAll(first)];
      cutOff.push(seen);
    });
    cutOff.forEach((had, place) => {
      const missed = takeAll(open({ lastEventId: `life1-${place + 1}` }));
      expect(missed.some((e) => e.event === "snapshot")).toBe(false);
      expect(shownBy([...had, ...missed])).toEqual(["post 8", "edited", "post 1"]);
      expect(JSON.stringify(missed)).not.toMatch(/post [234]"/);
    });
  });

  it("starts anew with a snapshot where removals after its last event are no longer known", () => {
    readBack(3);
    for (let number = 1; number <= CAPACITY; number++) receive(3 + number, deletion(1_000 + number));
    expect(hub.stats().window.total).toBe(3);
    expect(takeAll(open({ lastEventId: "life1-2" }))[0]?.event).toBe("snapshot");
    expect(takeAll(open({ lastEventId: "life1-3" })).map((e) => e.event)).not.toContain("snapshot");
  });

  it("loses a post that an edit takes out of its filter, and keeps one that stays in it", () => {
    readBack(2);
    const viewer = open({ filter: { sentiment: "POSITIVE" } });
    const events = takeAll(viewer);
    receive(3, enriched(1, { kind: "update", text: "gloomy", ...sentiment("NEGATIVE") }));
    receive(4, enriched(2, { kind: "update", text: "still glad" }));
    const changes = takeAll(viewer);
    expect(JSON.stringify(changes)).not.toContain("gloomy");
    expect(shownBy([...events, ...changes])).toEqual(["still glad"]);
  });

  it("with a limited rate misses no removal and no edit, however many posts it cannot have", () => {
    readBack(3);
    const viewer = open({ maxRate: 1 });
    const events = takeAll(viewer);
    publish(4, 100);
    receive(104, deletion(2));
    receive(105, enriched(3, { kind: "update", text: "edited" }));
    publish(106, 100);
    const changes = takeAll(viewer);
    expect(texts(changes)).toEqual(names(186, 205));
    expect(viewer.client.skipped).toBe(180);
    expect(shownBy([...events, ...changes]).slice(-2)).toEqual(["edited", "post 1"]);
  });

  it("with a limited rate gets the newest ones it has an allowance for; the others are counted", () => {
    readBack(0);
    const viewer = open({ maxRate: 10 });
    takeAll(viewer);
    publish(1, 500);
    expect(texts(takeAll(viewer))).toEqual(names(301, 500));
    expect(viewer.client.skipped).toBe(300);
    now += SECOND;
    publish(501, 100);
    expect(texts(takeAll(viewer))).toEqual(names(591, 600));
    expect(hub.stats().window.total).toBe(600);
  });

  it("gets a heartbeat every 15 seconds", () => {
    readBack(1);
    const viewer = open();
    takeAll(viewer);
    now += 15 * SECOND - 1;
    expect(viewer.client.take(now)).toBe("");
    now += 1;
    expect(viewer.client.take(now)).toBe(": heartbeat\n\n");
    expect(viewer.client.take(now)).toBe("");
  });

  it("hears figures every second even if nothing happens, so that silence means a dead connection", () => {
    const viewer = open();
    takeAll(viewer);
    for (let second = 0; second < 3; second++) {
      now += SECOND;
      hub.tick();
      expect(takeAll(viewer).map((e) => e.event)).toEqual(["stats"]);
    }
    readBack(0);
    takeAll(viewer);
    now += SECOND;
    hub.tick();
    expect(takeAll(viewer).map((e) => e.event)).toEqual(["stats"]);
  });

  it("gets new figures once a second under the id of how far it is", () => {
    readBack(1);
    const viewer = open({ filter: { topic: "sports" } });
    takeAll(viewer);
    publish(2, 5);
    now += SECOND;
    hub.tick();
    const stats = takeAll(viewer).find((e) => e.event === "stats");
    expect(stats?.id).toBe("life1-6");
    expect(stats?.data).toMatchObject({ window: { total: 6 }, rate: 5 });
  });
});

describe("the hub", () => {
  it("drops a viewer that takes nothing for half a minute, and no other", () => {
    readBack(1);
    const ended: string[] = [];
    const stalled = open({}, undefined, () => ended.push("stalled"));
    open({}, undefined, () => ended.push("waiting"));
    stalled.busySince = now;
    now += 31 * SECOND;
    hub.tick();
    expect(ended).toEqual(["stalled"]);
    expect(hub.viewers).toBe(1);
  });

  it("drops a viewer that the window has left behind, instead of hiding a gap from it", () => {
    readBack(1);
    const ended: string[] = [];
    const slow = open({}, undefined, () => ended.push("slow"));
    slow.client.take(now);
    publish(2, CAPACITY + 1);
    hub.tick();
    expect(ended).toEqual(["slow"]);
  });

  it("ends every stream when it closes, and takes no more", () => {
    readBack(1);
    let ended = 0;
    open({}, undefined, () => ended++);
    open({}, undefined, () => ended++);
    hub.close();
    expect(ended).toBe(2);
    expect(
      hub.open(
        "192.0.2.1",
        { filter: EVERYTHING, lastEventId: null, maxRate: null },
        () => {},
        () => {},
      ),
    ).toBe("stopping");
  });

  it("wakes waiting viewers once for many posts", () => {
    readBack(1);
    let woken = 0;
    open({}, () => woken++);
    publish(2, 50);
    expect(woken).toBe(0);
    hub.flush();
    hub.flush();
    expect(woken).toBe(1);
  });

  it("counts messages that are no posts by reason and goes on", async () => {
    readBack(0);
    hub.message(1, encoded("nonsense"), now);
    hub.message(2, new Uint8Array([0xff]), now);
    hub.message(3, encoded(enriched(3)), now);
    expect(hub.stats().window.total).toBe(1);
    const rejected = await hub.metrics.rejected.get();
    expect(Object.fromEntries(rejected.values.map((v) => [v.labels.reason, v.value]))).toEqual({
      not_an_object: 1,
      not_utf8: 1,
    });
  });

  it("leaves removed posts out of the snapshot and of every figure, also those removed while it read back", () => {
    hub.connection("connected");
    hub.begin("life1", 0, null);
    publish(1, 5);
    receive(6, deletion(2));
    receive(7, account(4));
    hub.reachedEnd();
    receive(8, deletion(5));
    const { posts, stats } = hub.snapshot(EVERYTHING);
    expect(posts.map((post) => post.text)).toEqual(["post 3", "post 1"]);
    expect(stats.last15).toMatchObject({
      total: 2,
      sentiments: { POSITIVE: 2 },
      topics: { music: { total: 2 } },
    });
  });

  it("wakes viewers for a removal as for a post", () => {
    readBack(1);
    let woken = 0;
    hub.flush();
    open({}, () => woken++);
    receive(2, deletion(1));
    hub.flush();
    expect(woken).toBe(1);
  });

  it("does not call a stream live that brings only removals and edits", () => {
    readBack(2);
    now += 31 * SECOND;
    receive(3, deletion(1));
    receive(4, enriched(2, { kind: "update" }));
    now += SECOND;
    expect([hub.state().state, hub.stats().rate]).toEqual(["stale", 0]);
  });

  it("counts removals, edits and what came too late by reason", async () => {
    readBack(4);
    receive(5, deletion(1));
    receive(6, account(2));
    receive(7, account(9, { active: true }));
    receive(8, enriched(1));
    receive(9, enriched(2));
    receive(10, enriched(3, { kind: "update", rev: "3k2" }));
    receive(11, enriched(3, { kind: "update", rev: "3k1" }));
    receive(12, enriched(77, { kind: "update" }));
    receive(13, enriched(3, { kind: "vote" }));
    const { removed, suppressed, edits, rejected } = hub.metrics;
    const by = async (counter: typeof removed | typeof edits | typeof rejected) =>
      Object.fromEntries((await counter.get()).values.map((v) => [Object.values(v.labels)[0], v.value]));
    expect(await by(removed)).toEqual({ delete: 1, account: 1 });
    expect(await by(suppressed)).toEqual({ delete: 1, account: 1 });
    expect(await by(edits)).toEqual({ replaced: 1, stale: 1, not_held: 1 });
    expect(await by(rejected)).toEqual({ bad_kind: 1 });
  });

  it("sends nothing that the page would refuse, at any moment", () => {
    const schemas = {
      snapshot: snapshotSchema,
      post: postSchema,
      edit: postSchema,
      remove: removalSchema,
      stats: statsSchema,
      state: stateSchema,
    };
    const seen = new Set<string>();
    const check = (events: Event[]) => {
      for (const { event, data } of events) {
        expect(schemas[event as keyof typeof schemas].safeParse(data).error).toBeUndefined();
        seen.add(event);
      }
    };
    expect(snapshotSchema.safeParse(hub.snapshot(EVERYTHING)).error).toBeUndefined();
    const viewer = open();
    check(takeAll(viewer));
    readBack(3);
    check(takeAll(viewer));
    publish(4, 3, (n) => ({ sentiment: null, topics: null, text: `${n} \ud83d` }));
    receive(7, enriched(4, { kind: "update", sentiment: null }));
    receive(8, deletion(5));
    receive(9, account(6));
    now += SECOND;
    hub.tick();
    check(takeAll(viewer));
    expect([...seen].toSorted()).toEqual(["edit", "post", "remove", "snapshot", "state", "stats"]);
  });

  it("says honestly how it stands with the data", () => {
    const states: string[] = [];
    const note = () => states.push(hub.state().state);
    note();
    hub.connection("connected");
    hub.missing("posts");
    note();
    hub.begin("life1", 0, null);
    note();
    hub.reachedEnd();
    note();
    publish(1, 1);
    note();
    now += 31 * SECOND;
    note();
    hub.connection("disconnected");
    note();
    hub.connection("connected");
    publish(2, 1);
    note();
    expect(states).toEqual([
      "connecting",
      "no-data",
      "connecting",
      "no-data",
      "live",
      "stale",
      "disconnected",
      "live",
    ]);
  });
});
