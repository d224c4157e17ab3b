import { formatProbability } from "@/lib/format";
import { SENTIMENTS, sentimentName } from "@/lib/sentiments";
import type { Post } from "@/lib/wire";
import { ShareBar } from "./ShareBar";

/** Why a post has no sentiment, by the processor's word for it; another word of it is shown as it is. */
const REASONS: Record<string, string> = {
  language_not_supported: "no model knows its language",
  uncertain: "the model is not certain",
};

/** The sentiment of a post with its three probabilities, or why it has none. */
export function SentimentMark({ post: { sentiment, unscoredReason } }: { post: Post }) {
  if (!sentiment) {
    return (
      <span className="text-muted">
        <span data-testid="post-sentiment">No sentiment</span>
        {unscoredReason && `: ${REASONS[unscoredReason] ?? unscoredReason.replaceAll("_", " ")}`}
      </span>
    );
  }
  const { label, score, probabilities } = sentiment;
  const parts = probabilities && {
    NEGATIVE: probabilities.negative,
    NEUTRAL: probabilities.neutral,
    POSITIVE: probabilities.positive,
  };
  const exactly = parts
    ? SENTIMENTS.map((name) => `${sentimentName(name)} ${formatProbability(parts[name])}`).join(", ")
    : undefined;
  return (
    <span className="flex items-center gap-2" title={exactly}>
      {parts && <ShareBar className="h-2 max-w-14 min-w-14 overflow-hidden rounded-full" parts={parts} />}
      <span className={`font-medium ink-${label}`} data-label={label} data-testid="post-sentiment">
        {sentimentName(label)} {formatProbability(score)}
      </span>
      {exactly && <span className="sr-only">({exactly})</span>}
    </span>
  );
}
