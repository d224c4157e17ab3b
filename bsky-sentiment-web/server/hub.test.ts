import { beforeEach, describe, expect, it } from "vitest";
import { EVERYTHING } from "@/lib/filter";
import { postSchema, removalSchema, snapshotSchema, stateSchema, statsSchema } from "@/lib/wire";
import { account, deletion, encoded, enriched } from "@/test/enriched";
import type { Event } from "@/test/events";
import { CAPACITY, FedHub, SECOND } from "@/test/fedHub";

let fed: FedHub;

beforeEach(() => {
  fed = new FedHub();
});

describe("the hub", () => {
  it("cuts off a viewer that takes nothing for half a minute, and no other", () => {
    fed.readBack(1);
    const done: string[] = [];
    const stalled = fed.open({}, (handle) => done.push(`stalled one ${handle}`));
    fed.open({}, (handle) => done.push(`waiting one ${handle}`));
    stalled.busySince = fed.now;
    fed.now += 31 * SECOND;
    fed.hub.tick();
    expect(done).toEqual(["stalled one cut", "waiting one woken"]);
    expect(fed.hub.viewers).toBe(1);
  });

  it("cuts off a viewer that the window has left behind, instead of hiding a gap from it", () => {
    fed.readBack(1);
    const done: string[] = [];
    const slow = fed.open({}, (handle) => done.push(handle));
    slow.client.take(fed.now);
    fed.publish(2, CAPACITY + 1);
    fed.hub.tick();
    expect(done).toEqual(["cut"]);
  });

  it("ends every stream when it closes, and takes no more", () => {
    fed.readBack(1);
    const done: string[] = [];
    fed.open({}, (handle) => done.push(handle));
    fed.open({}, (handle) => done.push(handle));
    fed.hub.close();
    expect(done).toEqual(["ended", "ended"]);
    expect(() => fed.open()).toThrow("stopping");
  });

  it("wakes waiting viewers once for many posts", () => {
    fed.readBack(1);
    const done: string[] = [];
    fed.open({}, (handle) => done.push(handle));
    fed.publish(2, 50);
    expect(done).toEqual([]);
    fed.hub.flush();
    fed.hub.flush();
    expect(done).toEqual(["woken"]);
  });

  it("counts messages that are no posts by reason and goes on", async () => {
    fed.readBack(0);
    fed.hub.message(1, encoded("nonsense"), fed.now);
    fed.hub.message(2, new Uint8Array([0xff]), fed.now);
    fed.hub.message(3, encoded(enriched(3)), fed.now);
    expect(fed.hub.stats().window.total).toBe(1);
    const rejected = await fed.hub.metrics.rejected.get();
    expect(Object.fromEntries(rejected.values.map((v) => [v.labels.reason, v.value]))).toEqual({
      not_an_object: 1,
      not_utf8: 1,
    });
  });

  it("leaves removed posts out of the snapshot and of every figure, also those removed while it read back", () => {
    fed.hub.connection("connected");
    fed.hub.begin("life1", 0, null);
    fed.publish(1, 5);
    fed.receive(6, deletion(2));
    fed.receive(7, account(4));
    fed.hub.reachedEnd();
    fed.receive(8, deletion(5));
    const { posts, stats } = fed.hub.snapshot(EVERYTHING);
    expect(posts.map((post) => post.text)).toEqual(["post 3", "post 1"]);
    expect(stats.last15).toMatchObject({
      total: 2,
      sentiments: { POSITIVE: 2 },
      topics: { music: { total: 2 } },
    });
  });

  it("wakes viewers for a removal as for a post", () => {
    fed.readBack(1);
    fed.hub.flush();
    const done: string[] = [];
    fed.open({}, (handle) => done.push(handle));
    fed.receive(2, deletion(1));
    fed.hub.flush();
    expect(done).toEqual(["woken"]);
  });

  it("does not call a stream live that brings only removals and edits", () => {
    fed.readBack(2);
    fed.now += 31 * SECOND;
    fed.receive(3, deletion(1));
    fed.receive(4, enriched(2, { kind: "update" }));
    fed.now += SECOND;
    expect([fed.hub.state().state, fed.hub.stats().rate]).toEqual(["stale", 0]);
  });

  it("counts removals, edits and what came too late by reason", async () => {
    fed.readBack(4);
    fed.receive(5, deletion(1));
    fed.receive(6, account(2));
    fed.receive(7, account(9, { active: true }));
    fed.receive(8, enriched(1));
    fed.receive(9, enriched(2));
    fed.receive(10, enriched(3, { kind: "update", rev: "3k2" }));
    fed.receive(11, enriched(3, { kind: "update", rev: "3k1" }));
    fed.receive(12, enriched(77, { kind: "update" }));
    fed.receive(13, enriched(3, { kind: "vote" }));
    const { removed, suppressed, edits, rejected } = fed.hub.metrics;
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
    expect(snapshotSchema.safeParse(fed.hub.snapshot(EVERYTHING)).error).toBeUndefined();
    const viewer = fed.open();
    check(fed.takeAll(viewer));
    fed.readBack(3);
    check(fed.takeAll(viewer));
    fed.publish(4, 3, (n) => ({ sentiment: null, topics: null, text: `${n} \ud83d` }));
    fed.receive(7, enriched(4, { kind: "update", sentiment: null }));
    fed.receive(8, deletion(5));
    fed.receive(9, account(6));
    fed.now += SECOND;
    fed.hub.tick();
    check(fed.takeAll(viewer));
    expect([...seen].toSorted()).toEqual(["edit", "post", "remove", "snapshot", "state", "stats"]);
  });

  it("says honestly how it stands with the data", () => {
    const states: string[] = [];
    const note = () => states.push(fed.hub.state().state);
    note();
    fed.hub.connection("connected");
    fed.hub.missing("posts");
    note();
    fed.hub.begin("life1", 0, null);
    note();
    fed.hub.reachedEnd();
    note();
    fed.publish(1, 1);
    note();
    fed.now += 31 * SECOND;
    note();
    fed.hub.connection("disconnected");
    note();
    fed.hub.connection("connected");
    fed.publish(2, 1);
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
