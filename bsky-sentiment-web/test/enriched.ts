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

/** The deletion of the post that `enriched` makes under this number. */
export function deletion(number: number, changes: Record<string, unknown> = {}): Record<string, unknown> {
  const { uri, author } = enriched(number);
  return { kind: "delete", uri, author, timestamp: "2026-07-04T14:39:00Z", received_at: null, ...changes };
}

/** The account of that post's author, gone or come back. */
export function account(number: number, changes: Record<string, unknown> = {}): Record<string, unknown> {
  const { author } = enriched(number);
  const timestamp = "2026-07-04T14:39:00Z";
  return { kind: "account", author, active: false, status: "takendown", timestamp, ...changes };
}

export function encoded(message: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}
