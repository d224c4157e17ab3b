/** From the left of the scale to the right. Also the only values that `sentiment` in a query may have. */
export const SENTIMENTS = ["NEGATIVE", "NEUTRAL", "POSITIVE"] as const;

export type Sentiment = (typeof SENTIMENTS)[number];

export function isSentiment(value: string): value is Sentiment {
  return (SENTIMENTS as readonly string[]).includes(value);
}

/** `POSITIVE` as a reader would write it: "Positive". */
export function sentimentName(sentiment: Sentiment): string {
  return sentiment.charAt(0) + sentiment.slice(1).toLowerCase();
}
