import { formatCount, formatShare } from "@/lib/format";
import { SENTIMENTS, type Sentiment, sentimentName } from "@/lib/sentiments";
import type { Stats } from "@/lib/wire";
import { ShareBar } from "./ShareBar";

type Props = {
  stats: Stats["last15"];
  chosen: Sentiment | null;
  onChoose: (sentiment: Sentiment | null) => void;
};

/** The share of each sentiment among all posts of the window; a click shows only those posts. */
export function SentimentShare({ stats, chosen, onChoose }: Props) {
  const scored = stats.total - stats.unscored;
  return (
    <section aria-labelledby="sentiment-heading">
      <h2 className="eyebrow" id="sentiment-heading">
        Sentiment
      </h2>
      <ShareBar className="mt-3 h-4 overflow-hidden rounded-full" parts={stats.sentiments} />
      <div className="mt-3 grid grid-cols-3 gap-4">
        {SENTIMENTS.map((sentiment) => (
          <button
            aria-pressed={chosen === sentiment}
            className="choice px-2 py-2 text-left"
            data-count={stats.sentiments[sentiment]}
            data-testid={`sentiment-${sentiment}`}
            key={sentiment}
            onClick={() => onChoose(chosen === sentiment ? null : sentiment)}
            type="button"
          >
            <span className={`block text-sm font-medium ink-${sentiment}`}>{sentimentName(sentiment)}</span>
            <span className="block text-xl font-semibold sm:text-2xl">
              {formatShare(stats.sentiments[sentiment], scored)}
            </span>
            <span className="block text-sm text-muted">{formatCount(stats.sentiments[sentiment])}</span>
          </button>
        ))}
      </div>
      {stats.unscored > 0 && (
        <p className="mt-2 text-sm text-muted">Without a sentiment: {formatCount(stats.unscored)}.</p>
      )}
    </section>
  );
}
