import { memo } from "react";
import type { Filter } from "@/lib/filter";
import { formatCount } from "@/lib/format";
import { SENTIMENTS, sentimentName } from "@/lib/sentiments";
import { type Topic, topicName } from "@/lib/topics";
import type { Figures } from "@/lib/wire";

/** Of fewer posts a share says nothing, and its colour would shout. */
const FEWEST_POSTS = 5;

type Props = {
  topics: Figures["topics"];
  order: readonly Topic[];
  filter: Filter;
  onFilter: (filter: Filter) => void;
};

/** Which mood each topic is written in: the deeper the colour, the greater the share of its posts; a click shows these. */
export const HeatMap = memo(function HeatMap({ topics, order, filter, onFilter }: Props) {
  return (
    <section aria-labelledby="heat-heading">
      <table className="heat w-full table-fixed text-sm">
        <caption className="eyebrow pb-1 text-left" id="heat-heading">
          Topic by sentiment
        </caption>
        <thead>
          <tr className="text-xs text-muted">
            <th className="font-normal" scope="col">
              <span className="sr-only">Topic</span>
            </th>
            {SENTIMENTS.map((sentiment) => (
              <th className={`w-[3.75rem] font-medium ink-${sentiment}`} key={sentiment} scope="col">
                {sentimentName(sentiment)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {order.map((topic) => (
            <tr key={topic}>
              <th className="truncate pr-3 text-left font-normal" scope="row">
                {topicName(topic)}
              </th>
              {SENTIMENTS.map((sentiment) => {
                const chosen = filter.topic === topic && filter.sentiment === sentiment;
                const other = chosen ? { topic: null, sentiment: null } : { topic, sentiment };
                return (
                  <HeatCell
                    chosen={chosen}
                    counts={topics[topic]}
                    key={sentiment}
                    onChoose={() => onFilter({ ...filter, ...other })}
                    sentiment={sentiment}
                    topic={topic}
                  />
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
});

type CellProps = {
  topic: Topic;
  sentiment: (typeof SENTIMENTS)[number];
  counts: Figures["topics"][Topic];
  chosen: boolean;
  onChoose: () => void;
};

function HeatCell({ topic, sentiment, counts, chosen, onChoose }: CellProps) {
  const scored = counts.NEGATIVE + counts.NEUTRAL + counts.POSITIVE;
  const count = counts[sentiment];
  const share = count / scored;
  const enough = scored >= FEWEST_POSTS;
  const words = enough ? `${Math.round(100 * share)} %` : "–";
  const whole = `${formatCount(count)} of ${formatCount(scored)} posts`;
  return (
    <td className="p-0">
      <button
        aria-label={`${topicName(topic)}, ${sentimentName(sentiment)}: ${words}, ${whole}`}
        aria-pressed={chosen}
        className={`heat-cell ${enough ? "" : "text-muted"}`}
        data-testid={`heat-${topic}-${sentiment}`}
        onClick={onChoose}
        title={whole}
        type="button"
      >
        <svg aria-hidden="true">
          <rect className="heat-ground" height="100%" rx="3" width="100%" />
          {enough && (
            <rect
              className={`heat-${sentiment}`}
              fillOpacity={share.toFixed(3)}
              height="100%"
              rx="3"
              width="100%"
            />
          )}
        </svg>
        <span className="relative">{words}</span>
      </button>
    </td>
  );
}
