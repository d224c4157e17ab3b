/** An enriched message as the processor publishes it, with what a test wants to be different. */
export function enriched(number: number, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    uri: `at://did:plc:author${number}/app.bsky.feed.post/3k${number}`,
    cid: "bafyreia",
    author: `did:plc:author${number}`,
    text: `post ${number}`,
    timestamp: "2026-07-04T14:38:08.999Z",
    langs: ["en"],
    sentiment: {
      label: "POSITIVE",
      score: 0.92,
      probabilities: { negative: 0.01, neutral: 0.07, positive: 0.92 },
    },
    topics: { topics: ["music"], top_topic: "music", top_confidence: 0.81, probabilities: { music: 0.81 } },
    processor: "nats-stream-processor",
    processed_at: "2026-07-04T14:38:09.200Z",
    ...changes,
  };
}

export function sentiment(label: string): Record<string, unknown> {
  return { sentiment: { label, score: 0.5 } };
}

export function topics(...labels: string[]): Record<string, unknown> {
  return { topics: { topics: labels, top_topic: labels[0] } };
}

export function encoded(message: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}
