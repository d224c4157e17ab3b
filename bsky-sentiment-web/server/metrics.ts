import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** The names here are what README.md documents. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    received: new Counter({
      name: "sentiment_web_messages_received_total",
      help: "Messages read from the enriched stream, those read back at the start included.",
      registers,
    }),
    rejected: new Counter({
      name: "sentiment_web_messages_rejected_total",
      help: "Messages that cannot be used, by reason.",
      labelNames: ["reason"] as const,
      registers,
    }),
    repeated: new Counter({
      name: "sentiment_web_posts_repeated_total",
      help: "Posts and edits that were known already and were not counted again.",
      registers,
    }),
    edits: new Counter({
      name: "sentiment_web_edits_total",
      help: "Edits of posts, by outcome: replaced, not_held, or stale.",
      labelNames: ["outcome"] as const,
      registers,
    }),
    removed: new Counter({
      name: "sentiment_web_posts_removed_total",
      help: "Posts taken out of the window, because they were deleted or their account is not active any more.",
      labelNames: ["reason"] as const,
      registers,
    }),
    suppressed: new Counter({
      name: "sentiment_web_posts_suppressed_total",
      help: "Posts and edits not taken in, because a deletion or the end of the account had come before them.",
      labelNames: ["reason"] as const,
      registers,
    }),
    windowPosts: new Gauge({
      name: "sentiment_web_window_posts",
      help: "Posts in the window that figures and replays are made from.",
      registers,
    }),
    age: new Histogram({
      name: "sentiment_web_post_age_seconds",
      help: "Time from a post's storage in the broker to its arrival here.",
      buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
      registers,
    }),
    lag: new Histogram({
      name: "sentiment_web_post_lag_seconds",
      help: "Time from when the suite first saw a post to its arrival here.",
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    history: new Counter({
      name: "sentiment_web_history_messages_total",
      help: "Messages older than the window that were read back for the figures of the last day.",
      registers,
    }),
    historySeconds: new Gauge({
      name: "sentiment_web_history_seconds",
      help: "How far back the figures reach, at most a day.",
      registers,
    }),
    viewers: new Gauge({
      name: "sentiment_web_viewers",
      help: "Open event streams.",
      registers,
    }),
    refused: new Counter({
      name: "sentiment_web_viewers_refused_total",
      help: "Event streams not opened, because the process or the address has as many as it may, or at the end.",
      labelNames: ["reason"] as const,
      registers,
    }),
    dropped: new Counter({
      name: "sentiment_web_viewers_dropped_total",
      help: "Event streams ended because their reader did not keep up, by reason.",
      labelNames: ["reason"] as const,
      registers,
    }),
    sampledOut: new Counter({
      name: "sentiment_web_posts_sampled_out_total",
      help: "Posts not sent to viewers who asked for a limited rate, added when a viewer leaves.",
      registers,
    }),
    connected: new Gauge({
      name: "nats_connected",
      help: "1 while connected to the broker.",
      registers,
    }),
    restarts: new Counter({
      name: "sentiment_web_consumer_restarts_total",
      help: "Times that the stream's consumer had to be made anew.",
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
