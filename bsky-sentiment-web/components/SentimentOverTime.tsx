import { memo } from "react";
import type { Filter } from "@/lib/filter";
import { formatCount } from "@/lib/format";
import type { AskedRange } from "@/lib/range";
import { isLive, type Span } from "@/lib/span";
import type { Figures, Timeline } from "@/lib/wire";
import { RangeSwitch } from "./RangeSwitch";
import { Ribbon } from "./Ribbon";
import { SentimentFigures } from "./SentimentFigures";

type Props = {
  figures: Figures | null;
  timeline: Timeline | null;
  span: Span;
  range: AskedRange;
  failed: boolean;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  onRange: (range: AskedRange) => void;
};

/** The mood of a stretch of time: its figures, and how they came about. */
export const SentimentOverTime = memo(function SentimentOverTime(props: Props) {
  const { figures, timeline, span, range, failed, filter, onFilter, onRange } = props;
  return (
    <section aria-labelledby="sentiment-heading">
      <h2 className="sr-only" id="sentiment-heading">
        Sentiment
      </h2>
      <div className="flex flex-wrap items-end justify-between gap-x-8 gap-y-4">
        <SentimentFigures figures={figures} filter={filter} onFilter={onFilter} />
        <div className="flex flex-wrap items-center gap-x-5 gap-y-2 pb-1.5">
          <p className="text-sm text-muted">
            <span className="font-medium text-ink" data-count={figures?.total ?? 0} data-testid="total">
              {figures ? formatCount(figures.total) : "–"}
            </span>{" "}
            posts
            {figures !== null &&
              figures.unscored > 0 &&
              `, ${formatCount(figures.unscored)} without a sentiment`}
          </p>
          <RangeSwitch onRange={onRange} range={range} />
        </div>
      </div>
      <Ribbon flowing={isLive(range)} onPick={onRange} span={span} timeline={timeline} />
      {failed && (
        <p className="notice mt-3" data-testid="range-failed">
          The server does not answer for this range; asking again.
        </p>
      )}
      {"from" in range && figures?.total === 0 && (
        <p className="mt-3 text-sm text-muted">No posts in this time.</p>
      )}
    </section>
  );
});
