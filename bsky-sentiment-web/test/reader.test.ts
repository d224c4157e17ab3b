import { type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EVERYTHING } from "@/lib/filter";
import { eventStream } from "@/server/eventStream";
import { Hub } from "@/server/hub";
import { createMetrics } from "@/server/metrics";
import { StreamReader } from "@/server/nats";
import { readSettings } from "@/server/settings";
import { Broker, findNatsServer, freePort } from "./broker";
import { account, deletion, encoded, enriched } from "./enriched";
import { type Event, parseEvents } from "./events";

const STREAM = "bluesky-posts-enriched";
const binary = findNatsServer();
/** Generous: it only bounds how long a failure takes. */
const PATIENCE = { timeout: 30_000, interval: 50 };

if (!binary) {
  console.warn(
    "No nats-server found (NATS_SERVER_BIN, PATH, ../.venv/bin): the tests with a real broker are skipped.",
  );
}

describe.skipIf(!binary)("with a real broker", { timeout: 60_000 }, () => {
  let broker: Broker;
  let hub: Hub;
  let reader: StreamReader;
  let connection: NatsConnection;
  let manager: JetStreamManager;

  beforeEach(async () => {
    broker = new Broker(binary ?? "", await freePort());
    const metrics = createMetrics();
    hub = new Hub(metrics, 1_000);
    reader = new StreamReader(readSettings({ NATS_URL: broker.url }), hub, metrics, 1_000);
    hub.start();
    void reader.run();
  });

  afterEach(async () => {
    hub.close();
    await reader.stop();
    await connection?.close();
    await broker.remove();
  });

  async function startBroker() {
    await broker.start();
    connection = await connect({ servers: broker.url });
    manager = await jetstreamManager(connection);
  }

  const createStream = () => manager.streams.add({ name: STREAM, subjects: ["bluesky.enriched.>"] });

  async function publish(from: number, to: number) {
    const js = jetstream(connection);
    for (let number = from; number <= to; number++) {
      await js.publish("bluesky.enriched.positive.music", encoded(enriched(number)));
    }
  }

  const state = (expected: string) => vi.waitFor(() => expect(hub.state().state).toBe(expected), PATIENCE);
  const total = (expected: number) =>
    vi.waitFor(() => expect(hub.stats().window.total).toBe(expected), PATIENCE);

  /** Reads an event stream as a browser would, into a growing list. */
  function view(lastEventId: string | null = null) {
    const abort = new AbortController();
    const body = eventStream(
      hub,
      { address: "192.0.2.1", cut: () => {} },
      { filter: EVERYTHING, maxRate: null, lastEventId },
      abort.signal,
    );
    if (typeof body === "string") throw new Error("the hub took no viewer");
    const events: Event[] = [];
    const ended = (async () => {
      for await (const chunk of body) events.push(...parseEvents(new TextDecoder().decode(chunk)));
    })();
    const posts = () => events.filter((e) => e.event === "post").map((e) => e.data.text);
    return { events, posts, ended };
  }

  it("waits for a broker that is not there yet, then for a stream, then shows what comes", async () => {
    expect(hub.state().state).toBe("connecting");
    await startBroker();
    await state("no-data");
    await createStream();
    await publish(1, 20);
    await total(20);
    await state("live");
  });

  it("reads back the end of a stream that is there already", async () => {
    await startBroker();
    await createStream();
    await publish(1, 1_050);
    await vi.waitFor(() => {
      expect(hub.snapshot(EVERYTHING).posts[0]?.text).toBe("post 1050");
    }, PATIENCE);
    expect(hub.stats().window.total).toBe(1_000);
  });

  it("counts what is older than the window too, each post once, and goes on from there after the broker's death", async () => {
    await startBroker();
    await createStream();
    await publish(1, 130);
    const late = new Hub(createMetrics(), 100);
    const lateReader = new StreamReader(readSettings({ NATS_URL: broker.url }), late, late.metrics, 100);
    void lateReader.run();
    const counted = (posts: number) =>
      vi.waitFor(() => {
        const { stats, timelines } = late.snapshot(EVERYTHING);
        expect([stats.last15.total, stats.window.total, timelines.day.complete]).toEqual([posts, 100, true]);
      }, PATIENCE);
    try {
      await counted(130);
      expect((await late.metrics.history.get()).values[0]?.value).toBe(30);
      await connection.close();
      await broker.kill();
      await vi.waitFor(() => expect(late.state().state).toBe("disconnected"), PATIENCE);
      await startBroker();
      await publish(131, 140);
      await counted(140);
    } finally {
      await lateReader.stop();
    }
  });

  it("serves many viewers from one consumer", async () => {
    await startBroker();
    await createStream();
    const viewers = Array.from({ length: 50 }, () => view());
    await state("no-data");
    await publish(1, 30);
    const all = Array.from({ length: 30 }, (_, place) => `post ${place + 1}`);
    for (const viewer of viewers) {
      await vi.waitFor(() => {
        const snapshot = viewer.events.find((e) => e.event === "snapshot");
        const first = snapshot?.data.posts.map((p: { text: string }) => p.text).toReversed() ?? [];
        expect([...first, ...viewer.posts()]).toEqual(all);
      }, PATIENCE);
    }
    const { consumer_count } = (await manager.streams.info(STREAM)).state;
    expect(consumer_count).toBe(1);
  });

  it("goes on without a gap or a repeat after the broker was killed and started again", async () => {
    await startBroker();
    await createStream();
    await state("no-data");
    expect(hub.snapshot(EVERYTHING).timelines.day.complete).toBe(true);
    const viewer = view();
    await vi.waitFor(() => expect(viewer.events.some((e) => e.event === "snapshot")).toBe(true), PATIENCE);
    await publish(1, 10);
    await vi.waitFor(() => expect(viewer.posts()).toHaveLength(10), PATIENCE);

    await connection.close();
    await broker.kill();
    await state("disconnected");
    await startBroker();
    await publish(11, 25);
    const all = Array.from({ length: 25 }, (_, place) => `post ${place + 1}`);
    await vi.waitFor(() => expect(viewer.posts()).toEqual(all), PATIENCE);
    await state("live");
  });

  it("obeys removals and edits from their own subjects, and tells a viewer who was away of them", async () => {
    await startBroker();
    await createStream();
    await publish(1, 4);
    await total(4);
    const birth = Date.parse((await manager.streams.info(STREAM)).created).toString(36);
    const js = jetstream(connection);
    await js.publish("bluesky.enriched.delete", encoded(deletion(1)));
    await js.publish("bluesky.enriched.account", encoded(account(2)));
    await js.publish(
      "bluesky.enriched.negative.music",
      encoded(enriched(3, { kind: "update", text: "edited" })),
    );
    await vi.waitFor(() => {
      expect(hub.snapshot(EVERYTHING).posts.map((post) => post.text)).toEqual(["post 4", "edited"]);
    }, PATIENCE);
    const viewer = view(`${birth}-4`);
    await vi.waitFor(() => expect(viewer.events.length).toBeGreaterThanOrEqual(3), PATIENCE);
    expect(viewer.events.slice(0, 3)).toMatchObject([
      { id: `${birth}-5`, event: "remove", data: { uri: enriched(1).uri } },
      { id: `${birth}-6`, event: "remove", data: { author: enriched(2).author } },
      { id: `${birth}-7`, event: "edit", data: { text: "edited" } },
    ]);
  });

  /** Posts 1 to 3, then the end of the first and of the second one's author, as one processor publishes them. */
  async function publishLife(root: string, sentiment: string, changes: Record<string, unknown>) {
    const js = jetstream(connection);
    for (const number of [1, 2, 3]) {
      await js.publish(`${root}.${sentiment}.music`, encoded(enriched(number, changes)));
    }
    await js.publish(`${root}.delete`, encoded(deletion(1)));
    await js.publish(`${root}.account`, encoded(account(2)));
  }

  it("is given each post and each removal once while a topics-only processor publishes them too", async () => {
    await startBroker();
    await createStream();
    await publishLife("bluesky.enriched.topics.only", "none", { sentiment: null, text: "topics only" });
    await publishLife("bluesky.enriched", "positive", {});
    await publishLife("bluesky.enriched.topics.only", "none", { sentiment: null, text: "topics only" });
    await publish(4, 4);
    await total(2);
    expect(hub.snapshot(EVERYTHING).posts.map((post) => post.text)).toEqual(["post 4", "post 3"]);
    expect(hub.stats().last15.unscored).toBe(0);
    expect((await hub.metrics.received.get()).values[0]?.value).toBe(6);
    expect((await hub.metrics.repeated.get()).values[0]?.value).toBe(0);
  });

  it("shows what the topics-only processor publishes, removals obeyed, when that is asked for", async () => {
    await startBroker();
    await createStream();
    await publishLife("bluesky.enriched", "positive", { text: "fully enriched" });
    await publishLife("bluesky.enriched.topics.only", "none", { sentiment: null });
    const topicsHub = new Hub(createMetrics(), 1_000);
    const settings = readSettings({ NATS_URL: broker.url, OUTPUT_SUBJECT: "bluesky.enriched.topics.only" });
    const topicsReader = new StreamReader(settings, topicsHub, topicsHub.metrics, 1_000);
    void topicsReader.run();
    try {
      await vi.waitFor(
        () => expect(topicsHub.stats().last15).toMatchObject({ total: 1, unscored: 1 }),
        PATIENCE,
      );
      const [post] = topicsHub.snapshot(EVERYTHING).posts;
      expect(post).toMatchObject({ text: "post 3", sentiment: null, topics: ["music"] });
      expect((await topicsHub.metrics.received.get()).values[0]?.value).toBe(5);
    } finally {
      await topicsReader.stop();
    }
  });

  it("notices that its consumer was deleted and goes on where it was", async () => {
    await startBroker();
    await createStream();
    await publish(1, 5);
    await total(5);
    for await (const { name } of manager.consumers.list(STREAM)) await manager.consumers.delete(STREAM, name);
    await publish(6, 9);
    await total(9);
  });

  it("notices a stream that was deleted and created anew, and starts again with it", async () => {
    await startBroker();
    await createStream();
    await publish(1, 20);
    await total(20);
    const viewer = view();
    await manager.streams.delete(STREAM);
    await createStream();
    await publish(101, 103);
    await total(3);
    await vi.waitFor(() => {
      const newest = viewer.events.findLast((e) => e.event === "snapshot");
      expect(newest?.data.stats.window.total).toBe(3);
    }, PATIENCE);
  });

  it("notices that the broker has lost the stream's end, and starts again with what it has", async () => {
    await startBroker();
    await createStream();
    await publish(1, 5);
    await total(5);
    const restart = async (meanwhile = () => {}) => {
      await connection.close();
      await broker.kill();
      meanwhile();
      await startBroker();
    };
    let loseWhatFollows = () => {};
    await restart(() => {
      loseWhatFollows = broker.keepStore();
    });
    await publish(6, 10);
    await total(10);
    await restart(() => loseWhatFollows());
    await publish(101, 103);
    await vi.waitFor(() => {
      const posts = hub.snapshot(EVERYTHING).posts.map((post) => post.text);
      expect(posts.slice(0, 4)).toEqual(["post 103", "post 102", "post 101", "post 5"]);
    }, PATIENCE);
  });

  it("ends open event streams when it stops", async () => {
    await startBroker();
    await createStream();
    await state("no-data");
    const viewer = view();
    hub.close();
    await viewer.ended;
    expect(hub.viewers).toBe(0);
  });
});
