import { memo, useState } from "react";
import type { Filter } from "@/lib/filter";
import { formatCount } from "@/lib/format";
import { type Topic, topicName } from "@/lib/topics";
import type { Figures } from "@/lib/wire";
import { DivergingBar, longestSide } from "./DivergingBar";

/** Topics that a phone shows before it is asked for the rest: the posts are further down. */
const FIRST_TOPICS = 8;

type Props = {
  topics: Figures["topics"];
  order: readonly Topic[];
  filter: Filter;
  onFilter: (filter: Filter) => void;
};

/** Topics by how many posts have them, each with the mood of these to either side of the middle; a click shows only those posts. */
export const TopicRanking = memo(function TopicRanking({ topics, order, filter, onFilter }: Props) {
  const [whole, setWhole] = useState(false);
  const longest = longestSide(Object.values(topics));
  const largest = Math.max(1, ...order.map((topic) => topics[topic].total));
  return (
    <section aria-labelledby="topics-heading">
      <div className="flex items-baseline justify-between">
        <h2 className="eyebrow" id="topics-heading">
          Topics
        </h2>
        <p aria-hidden="true" className="text-xs text-muted">
          <span className="ink-NEGATIVE">negative</span> · <span className="ink-POSITIVE">positive</span>
        </p>
      </div>
      <ol className="mt-3">
        {order.map((topic, place) => (
          <li className={place < FIRST_TOPICS || whole ? "" : "max-md:hidden"} key={topic}>
            <button
              aria-pressed={filter.topic === topic}
              className="choice topic-row"
              data-count={topics[topic].total}
              data-testid={`topic-${topic}`}
              data-topic={topic}
              onClick={() => onFilter({ ...filter, topic: filter.topic === topic ? null : topic })}
              type="button"
            >
              <span className="topic-name">
                <svg aria-hidden="true">
                  <rect
                    className="bar topic-volume"
                    height="100%"
                    rx="3"
                    width={`${((100 * topics[topic].total) / largest).toFixed(2)}%`}
                  />
                </svg>
                <span aria-hidden="true" className="topic-dot size-2 shrink-0 rounded-full" />
                <span className="relative truncate">{topicName(topic)}</span>
              </span>
              <DivergingBar counts={topics[topic]} longest={longest} />
              <span className="text-right text-muted">{formatCount(topics[topic].total)}</span>
            </button>
          </li>
        ))}
      </ol>
      <button
        aria-expanded={whole}
        className="button mt-3 w-full md:hidden"
        onClick={() => setWhole(!whole)}
        type="button"
      >
        {whole ? "Fewer topics" : `All ${order.length} topics`}
      </button>
    </section>
  );
});
