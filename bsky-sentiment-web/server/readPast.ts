import { type ConsumerMessages, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Metrics } from "./metrics";
import type { Chapter, Past } from "./past";
import type { Settings } from "./settings";

/** Messages asked for in advance: about 1 MB of them. */
const PULL_MESSAGES = 500;
/** So long at most new posts and viewers wait while the past is counted. */
const SLICE_MS = 5;
const CONSUMER_INACTIVE_MS = 30_000;

/**
 * Counts the next chapter of the past, with an ordered consumer that lives only for it.
 *
 * @throws if the chapter could not be read to its end; it is then to be read again.
 */
export async function readChapter(
  connection: NatsConnection,
  { stream, subjects }: Settings,
  past: Past,
  chapter: Chapter,
  metrics: Metrics,
): Promise<void> {
  const consumer = await jetstream(connection).consumers.get(stream, {
    filter_subjects: subjects,
    opt_start_time: new Date(chapter.from).toISOString(),
    inactive_threshold: CONSUMER_INACTIVE_MS,
  });
  past.begin();
  try {
    const { num_pending } = await consumer.info(true);
    const messages = await consumer.consume({
      max_messages: PULL_MESSAGES,
      abort_on_missing_resource: true,
    });
    if (num_pending > 0) await countAll(messages, past, chapter, metrics);
    else messages.stop();
  } finally {
    // It would go by itself in a while.
    await consumer.delete().catch(() => false);
  }
  past.finish();
}

async function countAll(
  messages: ConsumerMessages,
  past: Past,
  { before }: Chapter,
  metrics: Metrics,
): Promise<void> {
  let breakAt = performance.now() + SLICE_MS;
  for await (const message of messages) {
    if (past.endsBefore(message.seq)) return;
    const rejection = past.message(message.seq, message.data, Date.parse(message.timestamp));
    if (message.seq < before) {
      metrics.history.inc();
      if (rejection) metrics.rejected.inc({ reason: rejection });
    }
    if (message.info.pending === 0) return;
    if (performance.now() < breakAt) continue;
    await new Promise((resolve) => setImmediate(resolve));
    breakAt = performance.now() + SLICE_MS;
  }
  throw new Error("the consumer of older posts ended too early");
}
