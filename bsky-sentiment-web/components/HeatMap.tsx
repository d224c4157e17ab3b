import { memo } from "react";
import { formatCount } from "@/lib/format";
import { SENTIMENTS, sentimentName } from "@/lib/sentiments";
import { type Topic, topicName } from "@/lib/topics";
import type { Figures } from "@/lib/wire";

/** Of fewer posts a share says nothing, and its colour would shout. */
const FEWEST_POSTS = 5;

/** Which mood each topic is written in: the deeper the colour, the greater the share of its posts. */
export const HeatMap = memo(function HeatMap({
  topics,
  order,
}: {
  topics: Figures["topics"];
  order: readonly Topic[];
}) {
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
              {SENTIMENTS.map((sentiment) => (
                <HeatCell counts={topics[topic]} key={sentiment} sentiment={sentiment} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
});

type CellProps = { counts: Figures["topics"][Topic]; sentiment: (typeof SENTIMENTS)[number] };

function HeatCell({ counts, sentiment }: CellProps) {
  const scored = counts.NEGATIVE + counts.NEUTRAL + counts.POSITIVE;
  const count = counts[sentiment];
  const share = count / scored;
  return (
    <td className="relative p-0 text-center" title={`${formatCount(count)} of ${formatCount(scored)} posts`}>
      <svg aria-hidden="true" className="absolute inset-px size-[calc(100%-2px)]">
        <rect className="heat-ground" height="100%" rx="3" width="100%" />
        {scored >= FEWEST_POSTS && (
          <rect
            className={`heat-${sentiment}`}
            fillOpacity={share.toFixed(3)}
            height="100%"
            rx="3"
            width="100%"
          />
        )}
      </svg>
      <span className={`relative text-xs ${scored >= FEWEST_POSTS ? "" : "text-muted"}`}>
        {scored >= FEWEST_POSTS ? `${Math.round(100 * share)} %` : "–"}
      </span>
    </td>
  );
}
