import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { expect, it, vi } from "vitest";
import { Broker, findNatsServer, freePort } from "@/test/broker";
import { built, startServer } from "@/test/builtServer";
import { encoded, enriched } from "@/test/enriched";

/** Few and short among the other tests; `npm run load` asks for a thousand viewers and ten minutes, and measures. */
const MEASURING = process.env.MINUTES !== undefined;
const VIEWERS = Number(process.env.VIEWERS ?? 40);
const RATE = Number(process.env.RATE ?? 50); // posts a second
const SECONDS = MEASURING ? Number(process.env.MINUTES) * 60 : 4;
const MOST_GROWTH = 50; // MiB
const OLDEST = 1_000; // milliseconds, of 99 posts of 100
/** Until then caches and buffers grow to their size. */
const WARM_UP = 0.2;
const PROGRESS_EVERY = 15;
const natsServer = findNatsServer();

type Told = Record<"snapshots" | "posts" | "gaps" | "repeats" | "ended" | "broken" | "p50" | "p99", number>;

it.skipIf(!built || !natsServer)(
  `every post comes once to each of ${VIEWERS} viewers, over one connection to the broker, and all see the end`,
  { timeout: (SECONDS + 180) * 1_000 },
  async () => {
    const [brokerPort, monitoringPort, port] = [await freePort(), await freePort(), await freePort()];
    const broker = new Broker(natsServer ?? "", brokerPort, monitoringPort);
    await broker.start();
    const connection = await connect({ servers: broker.url });
    await (await jetstreamManager(connection)).streams.add({
      name: "bluesky-posts-enriched",
      subjects: ["bluesky.enriched.>"],
    });
    const seats = { MAX_VIEWERS: `${VIEWERS}`, MAX_VIEWERS_PER_ADDRESS: `${VIEWERS}` };
    const server = await startServer(port, broker.url, seats);
    const origin = `http://127.0.0.1:${port}`;
    await vi.waitFor(async () => expect((await fetch(`${origin}/api/ready`)).status).toBe(200), 60_000);
    const viewers = fork(join(import.meta.dirname, "viewers.mjs"), [`${origin}/api/stream`, `${VIEWERS}`]);
    try {
      await once(viewers, "message");
      const memory = async () =>
        Number(
          /^process_resident_memory_bytes (.+)$/m.exec(await (await fetch(`${origin}/metrics`)).text())?.[1],
        ) /
        2 ** 20;
      let warm = 0;
      let published = 0;
      const stream = jetstream(connection);
      const begun = Date.now();
      for (let second = 0; second < SECONDS; second++) {
        for (; published < RATE * (second + 1); published++) {
          const due = begun + (published / RATE) * 1_000;
          if (due > Date.now()) await setTimeout(due - Date.now());
          await stream.publish(
            "bluesky.enriched.positive.music",
            encoded(enriched(published, { text: `${Date.now()}` })),
          );
        }
        if (second === Math.floor(SECONDS * WARM_UP)) warm = await memory();
        if (second % PROGRESS_EVERY === PROGRESS_EVERY - 1)
          report(second + 1, await ask(viewers), await memory());
      }
      await vi.waitFor(async () => expect((await ask(viewers)).posts).toBe(VIEWERS * published), 60_000);
      const [used, told] = [await memory(), await ask(viewers)];
      report(SECONDS, told, used);
      expect([told.snapshots, told.gaps, told.repeats, told.ended]).toEqual([VIEWERS, 0, 0, 0]);
      const { num_connections } = await (await fetch(`http://127.0.0.1:${monitoringPort}/connz`)).json();
      expect(num_connections).toBe(2); // the dashboard's and our own
      if (MEASURING) {
        expect(used - warm).toBeLessThan(MOST_GROWTH);
        expect(told.p99).toBeLessThan(OLDEST);
      }

      const gone = once(server, "exit");
      server.kill("SIGTERM");
      await gone;
      await vi.waitFor(async () => expect((await ask(viewers)).ended).toBe(VIEWERS), 10_000);
      expect((await ask(viewers)).broken).toBe(0);
    } finally {
      viewers.kill();
      server.kill("SIGKILL");
      await connection.close();
      await broker.remove();
    }
  },
);

async function ask(viewers: ChildProcess): Promise<Told> {
  viewers.send("how is it going?");
  const [told] = await once(viewers, "message");
  return told;
}

function report(seconds: number, { posts, p50, p99 }: Told, memory: number): void {
  console.info(
    `${seconds} s: ${posts} posts shown, ${p50} ms old at the median and ${p99} ms at 99 of 100; ` +
      `the server takes ${memory.toFixed(0)} MiB`,
  );
}
