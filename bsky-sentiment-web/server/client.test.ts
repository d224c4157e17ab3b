import { beforeEach, describe, expect, it } from "vitest";
import { encoded, enriched, sentiment, topics } from "@/test/enriched";
import { CAPACITY, FedHub, names, SECOND, texts } from "@/test/fedHub";
import { SNAPSHOT_POSTS } from "./client";

let fed: FedHub;

beforeEach(() => {
  fed = new FedHub();
});

describe("a viewer", () => {
  it("starts with a snapshot of the newest posts and exact figures, then gets every post in order", () => {
    fed.readBack(200);
    const viewer = fed.open();
    const [snapshot] = fed.takeAll(viewer);
    expect(snapshot?.event).toBe("snapshot");
    expect(snapshot?.data.posts).toHaveLength(SNAPSHOT_POSTS);
    expect(snapshot?.data.posts[0].text).toBe("post 200");
    expect(snapshot?.data.stats.last15).toMatchObject({ total: 200, sentiments: { POSITIVE: 200 } });

    fed.publish(201, 30);
    expect(texts(fed.takeAll(viewer))).toEqual(names(201, 230));
    expect(fed.takeAll(viewer)).toEqual([]);
  });

  it("is told nothing but the state while older posts are still being read back", () => {
    fed.hub.connection("connected");
    fed.hub.begin("life1", 0, null);
    fed.publish(1, 10);
    const viewer = fed.open();
    expect(fed.takeAll(viewer).map((e) => e.event)).toEqual(["state"]);
    fed.hub.reachedEnd();
    expect(fed.takeAll(viewer).map((e) => e.event)).toEqual(["snapshot"]);
  });

  it("goes on from its last event without a gap or a repeat, wherever it was cut off", () => {
    fed.readBack(0);
    fed.publish(1, 300);
    for (const last of [0, 1, 150, 299, 300]) {
      const events = fed.takeAll(fed.open({ lastEventId: `life1-${last}` }));
      expect(events.some((e) => e.event === "snapshot")).toBe(false);
      expect(texts(events)).toEqual(names(last + 1, 300));
    }
  });

  it("goes on from its last event after this server was started again", () => {
    fed.readBack(300);
    const events = fed.takeAll(fed.open({ lastEventId: "life1-290" }));
    expect(texts(events)).toEqual(names(291, 300));
  });

  it("starts anew with a snapshot if posts after its last event are no longer here", () => {
    fed.readBack(0);
    fed.publish(1, CAPACITY + 100);
    expect(fed.takeAll(fed.open({ lastEventId: "life1-50" }))[0]?.event).toBe("snapshot");
    expect(fed.takeAll(fed.open({ lastEventId: "life1-100" })).map((e) => e.event)).not.toContain("snapshot");
  });

  it("starts anew if its last event is of another stream, or nonsense", () => {
    fed.readBack(10);
    for (const lastEventId of ["other-5", "life1-99", "5", "<script>"]) {
      expect(fed.takeAll(fed.open({ lastEventId }))[0]?.event).toBe("snapshot");
    }
  });

  it("gets a new snapshot when the stream was created anew", () => {
    fed.readBack(10);
    const viewer = fed.open();
    fed.takeAll(viewer);
    fed.hub.begin("life2", 0, null);
    fed.hub.message(1, encoded(enriched(77)), fed.now);
    fed.hub.reachedEnd();
    const snapshot = fed.takeAll(viewer).find((e) => e.event === "snapshot");
    expect(snapshot?.data.posts.map((p: { text: string }) => p.text)).toEqual(["post 77"]);
  });

  it("gets a new snapshot, not old posts again, when the broker has lost the stream's end", () => {
    fed.readBack(10);
    const viewer = fed.open({ lastEventId: "life1-5" });
    expect(texts(fed.takeAll(viewer))).toEqual(names(6, 10));
    fed.readBack(8);
    const events = fed.takeAll(viewer);
    expect(events.map((e) => e.event)).toContain("snapshot");
    expect(texts(events)).toEqual([]);
  });

  it("gets only what its filter lets through, in the snapshot and after it", () => {
    fed.readBack(0);
    const mixed = (n: number) => ({
      ...sentiment(n % 2 ? "NEGATIVE" : "POSITIVE"),
      ...(n % 3 ? topics("music") : topics("music", "sports")),
    });
    fed.publish(1, 30, mixed);
    const viewer = fed.open({ filter: { sentiment: "NEGATIVE", topic: "sports" } });
    const [snapshot] = fed.takeAll(viewer);
    expect(snapshot?.data.posts.map((p: { text: string }) => p.text)).toEqual(
      [27, 21, 15, 9, 3].map((n) => `post ${n}`),
    );
    expect(snapshot?.data.stats.window.total).toBe(30);
    fed.publish(31, 12, mixed);
    expect(texts(fed.takeAll(viewer))).toEqual(["post 33", "post 39"]);
  });

  it("with a limited rate gets the newest ones it has an allowance for; the others are counted", () => {
    fed.readBack(0);
    const viewer = fed.open({ maxRate: 10 });
    fed.takeAll(viewer);
    fed.publish(1, 500);
    expect(texts(fed.takeAll(viewer))).toEqual(names(301, 500));
    expect(viewer.client.skipped).toBe(300);
    fed.now += SECOND;
    fed.publish(501, 100);
    expect(texts(fed.takeAll(viewer))).toEqual(names(591, 600));
    expect(fed.hub.stats().window.total).toBe(600);
  });

  it("gets a heartbeat every 15 seconds", () => {
    fed.readBack(1);
    const viewer = fed.open();
    fed.takeAll(viewer);
    fed.now += 15 * SECOND - 1;
    expect(viewer.client.take(fed.now)).toBe("");
    fed.now += 1;
    expect(viewer.client.take(fed.now)).toBe(": heartbeat\n\n");
    expect(viewer.client.take(fed.now)).toBe("");
  });

  it("hears figures every second even if nothing happens, so that silence means a dead connection", () => {
    const viewer = fed.open();
    fed.takeAll(viewer);
    for (let second = 0; second < 3; second++) {
      fed.now += SECOND;
      fed.hub.tick();
      expect(fed.takeAll(viewer).map((e) => e.event)).toEqual(["stats"]);
    }
    fed.readBack(0);
    fed.takeAll(viewer);
    fed.now += SECOND;
    fed.hub.tick();
    expect(fed.takeAll(viewer).map((e) => e.event)).toEqual(["stats"]);
  });

  it("gets new figures once a second under the id of how far it is", () => {
    fed.readBack(1);
    const viewer = fed.open({ filter: { topic: "sports" } });
    fed.takeAll(viewer);
    fed.publish(2, 5);
    fed.now += SECOND;
    fed.hub.tick();
    const stats = fed.takeAll(viewer).find((e) => e.event === "stats");
    expect(stats?.id).toBe("life1-6");
    expect(stats?.data).toMatchObject({ window: { total: 6 }, rate: 5 });
  });
});
