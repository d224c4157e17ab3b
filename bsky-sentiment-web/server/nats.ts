import {
  type Consumer,
  type ConsumerMessages,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StreamInfo,
} from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { StreamListener } from "./listener";
import { log, reason } from "./log";
import type { Metrics } from "./metrics";
import type { Past } from "./past";
import { readChapter } from "./readPast";
import type { Settings } from "./settings";

/** Between two tries to connect, to find the stream, or to make a consumer. */
const RETRY_MS = 1_000;
/** How often the stream and the consumer are looked at from outside. */
const WATCH_MS = 3_000;
/** The broker forgets a consumer that nobody has pulled from for so long; only leftovers of crashes live on. */
const CONSUMER_INACTIVE_MS = 60_000;
/** Messages asked for in advance. */
const PULL_MESSAGES = 1_000;
/** Without a round of the loop for so long, the reader hangs and only a restart would help. */
const HUNG_AFTER_MS = 120_000;

/** Where reading goes on: the stream's birth says whether the sequence still means the same. */
type Position = { created: string; sequence: number };

/** Reads the enriched stream in order, for ever, through broker restarts and streams that come, go and come again. */
export class StreamReader {
  #position: Position | null = null;
  #past: Past | null = null;
  #readingPast = false;
  #connection: NatsConnection | null = null;
  #stopped = false;
  #lastRound = Date.now();
  #complaint = "";

  constructor(
    private readonly settings: Settings,
    private readonly listener: StreamListener,
    private readonly metrics: Metrics,
    private readonly window: number,
  ) {}

  /** False if only a restart of the process would help. */
  get alive(): boolean {
    return !this.#stopped && Date.now() - this.#lastRound < HUNG_AFTER_MS;
  }

  /** Runs until `stop`; no fault of the broker ends it. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      this.#lastRound = Date.now();
      try {
        await this.#session();
      } catch (error) {
        this.#complain("cannot connect to the broker, trying again", reason(error));
      }
      await this.#pause();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#connection?.close();
  }

  /** One connection, from the first word to its end. */
  async #session(): Promise<void> {
    const connection = await connect({
      ...this.settings.nats,
      name: "bsky-sentiment-web",
      maxReconnectAttempts: -1,
      reconnectTimeWait: RETRY_MS,
    });
    this.#connection = connection;
    if (this.#stopped) return connection.close();
    log("info", "connected to the broker", { server: connection.getServer() });
    this.listener.connection("connected");
    void this.#reportStatus(connection);
    while (!this.#stopped && !connection.isClosed()) {
      await this.#tryReading(connection);
      await this.#pause();
    }
    this.listener.connection("disconnected");
  }

  async #reportStatus(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type !== "disconnect" && type !== "reconnect") continue;
      log(type === "reconnect" ? "info" : "warning", `broker ${type}`);
      this.listener.connection(type === "reconnect" ? "connected" : "disconnected");
    }
  }

  async #tryReading(connection: NatsConnection): Promise<void> {
    this.#lastRound = Date.now();
    try {
      const manager = await jetstreamManager(connection, { checkAPI: false });
      const info = await manager.streams.info(this.settings.stream);
      await this.#read(connection, manager, info);
    } catch (error) {
      if (isStreamMissing(error)) this.#reportMissing();
      else this.#complain("cannot read the stream, trying again", reason(error));
    }
  }

  #reportMissing(): void {
    this.#position = null;
    this.listener.missing(this.settings.stream);
    this.#complain("the stream does not exist yet, waiting for it", this.settings.stream);
  }

  /** Reads with one consumer until that, the stream or the connection is gone. */
  async #read(connection: NatsConnection, manager: JetStreamManager, info: StreamInfo): Promise<void> {
    const position = this.#resume(info);
    const consumer = await jetstream(connection).consumers.get(this.settings.stream, {
      filter_subjects: this.settings.subjects,
      opt_start_seq: position.sequence + 1,
      inactive_threshold: CONSUMER_INACTIVE_MS,
    });
    if ((await consumer.info(true)).num_pending === 0) this.#reachedEnd(connection);
    this.#complaint = "";
    const messages = await consumer.consume({ max_messages: PULL_MESSAGES, abort_on_missing_resource: true });
    const watch = setInterval(
      () =>
        void this.#watch(connection, manager, consumer, messages, position).catch((error) =>
          messages.stop(error),
        ),
      WATCH_MS,
    );
    try {
      for await (const message of messages) {
        position.sequence = message.seq;
        this.listener.message(message.seq, message.data, Date.parse(message.timestamp));
        if (message.info.pending === 0) this.#reachedEnd(connection);
      }
    } finally {
      clearInterval(watch);
      this.metrics.restarts.inc();
    }
  }

  /** The old position if the stream is still the same one, otherwise one that reads back a window's worth. */
  #resume({ created, state }: StreamInfo): Position {
    const known = this.#position;
    if (known && known.created === created && known.sequence <= state.last_seq) return known;
    const first = Math.max(state.first_seq, state.last_seq - this.window + 1, 1);
    const position = { created, sequence: first - 1 };
    this.#position = position;
    const earlier = state.messages > 0 && position.sequence >= state.first_seq;
    const oldest = earlier ? Date.parse(state.first_ts) : null;
    this.#past = this.listener.begin(Date.parse(created).toString(36), position.sequence, oldest);
    return position;
  }

  /**
   * Looks from outside whether reading still works: a consumer can be gone, or its pull request lost, with no word to
   * us, and a stream that was deleted and made again answers under the same name.
   *
   * @throws if reading must start anew.
   */
  async #watch(
    connection: NatsConnection,
    manager: JetStreamManager,
    consumer: Consumer,
    messages: ConsumerMessages,
    position: Position,
  ): Promise<void> {
    this.#lastRound = Date.now();
    const before = messages.getReceived();
    let pending: number;
    try {
      const { created } = await manager.streams.info(this.settings.stream);
      if (created !== position.created) throw new RecreatedError("the stream was created anew");
      pending = (await consumer.info()).num_pending;
    } catch (error) {
      // No answer means a broker that is away or busy; the client reconnects by itself.
      if (error instanceof RecreatedError || error instanceof JetStreamApiError) throw error;
      return;
    }
    if (pending === 0) return this.#settle(connection, messages, before);
    await this.#pause();
    if (messages.getReceived() === before) throw new Error("the consumer has stopped delivering");
  }

  /** Nothing is left to deliver, though the last message may not have said so. */
  #settle(connection: NatsConnection, messages: ConsumerMessages, before: number): void {
    if (messages.getReceived() === before && messages.getPending() === 0) this.#reachedEnd(connection);
  }

  #reachedEnd(connection: NatsConnection): void {
    this.listener.reachedEnd();
    if (this.#past?.chapter && !this.#readingPast) void this.#readPast(connection);
  }

  /** Reads the day before the window, beside the new posts; what a fault breaks off is read again. */
  async #readPast(connection: NatsConnection): Promise<void> {
    this.#readingPast = true;
    for (let chapter = this.#past?.chapter; chapter && !this.#stopped; chapter = this.#past?.chapter) {
      const past = this.#past;
      if (!past || connection.isClosed()) break;
      try {
        await readChapter(connection, this.settings, past, chapter, this.metrics);
      } catch (error) {
        this.#complain("cannot read older posts, trying again", reason(error));
        await this.#pause();
      }
    }
    this.#readingPast = false;
  }

  /** Says once what keeps it from reading, however often that is tried again. */
  #complain(event: string, cause: string): void {
    if (this.#stopped || this.#complaint === event + cause) return;
    this.#complaint = event + cause;
    log("warning", event, { reason: cause });
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, this.#stopped ? 0 : RETRY_MS);
    });
  }
}

class RecreatedError extends Error {}

function isStreamMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}
