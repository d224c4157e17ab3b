"use client";

import { useState } from "react";
import { formatCount } from "@/lib/format";
import { TOPICS, type Topic, topicName } from "@/lib/topics";
import type { Figures } from "@/lib/wire";
import { useSettledOrder } from "./useSettledOrder";

type Props = { topics: Figures["topics"]; chosen: Topic | null; onChoose: (topic: Topic | null) => void };

/** Topics by how many posts of the window have them; a click shows only those posts. */
export function TopicRanking({ topics, chosen, onChoose }: Props) {
  const [held, setHeld] = useState(false);
  const order = useSettledOrder(topics, held);
  const largest = Math.max(1, ...TOPICS.map((topic) => topics[topic].total));
  return (
    <section
      aria-labelledby="topics-heading"
      onBlur={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
    >
      <h2 className="eyebrow" id="topics-heading">
        Topics
      </h2>
      <ul className="mt-2">
        {order.map((topic) => (
          <li key={topic}>
            <button
              aria-pressed={chosen === topic}
              className="choice grid w-[calc(100%+1rem)] grid-cols-[minmax(0,11.5rem)_minmax(2rem,1fr)_3rem] items-center gap-3 px-2 py-1 text-left text-sm"
              data-count={topics[topic].total}
              data-testid={`topic-${topic}`}
              data-topic={topic}
              onClick={() => onChoose(chosen === topic ? null : topic)}
              type="button"
            >
              <span className="truncate">{topicName(topic)}</span>
              <svg aria-hidden="true" className="block h-2 w-full">
                <rect
                  className="bar topic-fill"
                  height="100%"
                  rx="4"
                  width={`${((100 * topics[topic].total) / largest).toFixed(2)}%`}
                />
              </svg>
              <span className="text-right text-muted">{formatCount(topics[topic].total)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
