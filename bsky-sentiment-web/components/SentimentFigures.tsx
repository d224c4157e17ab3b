import { memo } from "react";
import type { Filter } from "@/lib/filter";
import { formatCount, formatShare } from "@/lib/format";
import { SENTIMENTS, sentimentName } from "@/lib/sentiments";
import type { Figures } from "@/lib/wire";

type Props = { figures: Figures | null; filter: Filter; onFilter: (filter: Filter) => void };

/** The share of each sentiment among all posts of the range that have one; a click shows only those posts. */
export const SentimentFigures = memo(function SentimentFigures({ figures, filter, onFilter }: Props) {
  const scored = figures ? figures.total - figures.unscored : 0;
  return (
    <div className="flex gap-x-4 sm:gap-x-8">
      {SENTIMENTS.map((sentiment) => (
        <button
          aria-pressed={filter.sentiment === sentiment}
          className="choice px-2 py-1.5 text-left"
          data-count={figures?.sentiments[sentiment] ?? 0}
          data-testid={`sentiment-${sentiment}`}
          key={sentiment}
          onClick={() =>
            onFilter({ ...filter, sentiment: filter.sentiment === sentiment ? null : sentiment })
          }
          type="button"
        >
          <span className="flex items-center gap-1.5 text-sm font-medium">
            <svg aria-hidden="true" className="size-2.5">
              <rect className={`fill-${sentiment}`} height="100%" rx="2" width="100%" />
            </svg>
            <span className={`ink-${sentiment}`}>{sentimentName(sentiment)}</span>
          </span>
          <span className="block text-2xl font-semibold tracking-tight sm:text-4xl">
            {formatShare(figures?.sentiments[sentiment] ?? 0, scored)}
          </span>
          <span className="block text-sm text-muted">
            {figures ? formatCount(figures.sentiments[sentiment]) : "–"}
            <span className="max-sm:hidden"> posts</span>
          </span>
        </button>
      ))}
    </div>
  );
});
