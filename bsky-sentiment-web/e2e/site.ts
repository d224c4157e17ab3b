import type { ChildProcess } from "node:child_process";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { vi } from "vitest";
import { Broker, freePort } from "@/test/broker";
import { startServer } from "@/test/builtServer";
import { encoded, enriched } from "@/test/enriched";

const PATIENCE = { timeout: 60_000, interval: 50 };

/** The built dashboard on a real broker, as a visitor finds it. Either can go and come back. */
export class Site {
  #connection: NatsConnection | null = null;
  #server: ChildProcess | null = null;
  #published = 0;

  private constructor(
    private readonly broker: Broker,
    private readonly port: number,
  ) {}

  static async withBroker(natsServer: string): Promise<Site> {
    return new Site(new Broker(natsServer, await freePort()), await freePort());
  }

  async open(): Promise<void> {
    await this.startBroker();
    const manager = await jetstreamManager(this.#connected());
    await manager.streams.add({ name: "bluesky-posts-enriched", subjects: ["bluesky.enriched.>"] });
    await this.startServer();
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async startBroker(): Promise<void> {
    await this.broker.start();
    this.#connection = await connect({ servers: this.broker.url });
  }

  async killBroker(): Promise<void> {
    await this.#connection?.close();
    await this.broker.kill();
  }

  /** Resolves once it shows what the stream has. */
  async startServer(): Promise<void> {
    this.#server = await startServer(this.port, this.broker.url);
    await vi.waitFor(async () => {
      if (!(await fetch(`${this.origin}/api/ready`)).ok) throw new Error("the dashboard is not ready");
    }, PATIENCE);
  }

  async stopServer(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    const gone = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGTERM");
    await gone;
  }

  async close(): Promise<void> {
    await this.stopServer();
    await this.#connection?.close();
    await this.broker.remove();
  }

  /** Publishes posts of just now, in order, each with a number of its own; tells the numbers. */
  async publish(...posts: Record<string, unknown>[]): Promise<number[]> {
    const numbers = [];
    for (const changes of posts) {
      const number = ++this.#published;
      const timestamp = new Date().toISOString();
      await this.tell("positive.music", enriched(number, { timestamp, ...changes }));
      numbers.push(number);
    }
    return numbers;
  }

  /** Publishes a message as it is. */
  async tell(subject: string, message: Record<string, unknown>): Promise<void> {
    await jetstream(this.#connected()).publish(`bluesky.enriched.${subject}`, encoded(message));
  }

  #connected(): NatsConnection {
    if (!this.#connection) throw new Error("the broker has not been started");
    return this.#connection;
  }
}
