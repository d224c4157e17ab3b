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
      help: "Messages that are not a post that can be shown, by reason.",
      labelNames: ["reason"] as const,
      registers,
    }),
    repeated: new Counter({
      name: "sentiment_web_posts_repeated_total",
      help: "Posts that were in the window already and were not counted again.",
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
    viewers: new Gauge({
      name: "sentiment_web_viewers",
      help: "Open event streams.",
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
