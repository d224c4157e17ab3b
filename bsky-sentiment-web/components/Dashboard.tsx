"use client";

import { useMemo } from "react";
import { isLive, rangeQuery, spanOf, spanOfTimeline } from "@/lib/span";
import type { Theme } from "@/lib/theme";
import type { View } from "@/lib/view";
import type { Range, Snapshot } from "@/lib/wire";
import { FiguresSkeleton } from "./FiguresSkeleton";
import { Header } from "./Header";
import { HeatMap } from "./HeatMap";
import { Languages } from "./Languages";
import { PostStream } from "./PostStream";
import { SentimentOverTime } from "./SentimentOverTime";
import { TopicRanking } from "./TopicRanking";
import { useHeld } from "./useHeld";
import { useLive } from "./useLive";
import { useRange } from "./useRange";
import { useSettledOrder } from "./useSettledOrder";
import { useTimeline } from "./useTimeline";
import { useView } from "./useView";

type Props = {
  snapshot: Snapshot;
  view: View;
  /** The figures of the view's range, if that is not the live one. */
  first: Range | null;
  theme: Theme;
};

export function Dashboard({ snapshot, view, first, theme }: Props) {
  const { filter, range, search, chooseFilter, chooseRange, chooseSearch } = useView(view);
  const { feed, controls, stats, state, timelines } = useLive(snapshot, filter);
  const live = isLive(range);
  const timeline = useTimeline(timelines.minutes15, stats.latest);
  const answer = useRange(live ? null : range, first);
  const { held, holding } = useHeld();

  const figures = live ? stats.last15 : (answer.range?.figures ?? null);
  const shown = live ? timeline : (answer.range?.timeline ?? null);
  const span = useMemo(
    () => (shown && !live ? spanOfTimeline(shown) : spanOf(range, stats.at)),
    [shown, live, range, stats.at],
  );
  const order = useSettledOrder((figures ?? stats.last15).topics, rangeQuery(range), held);
  return (
    <>
      <a className="skip-link button" href="#posts">
        Skip to the posts
      </a>
      <div className="mx-auto max-w-[112rem] px-4 sm:px-8 xl:px-12" data-state={state.state}>
        <Header state={state} stats={stats} theme={theme} />
        <main className="dashboard">
          <div className="area-mood">
            <SentimentOverTime
              failed={answer.failed}
              figures={figures}
              filter={filter}
              onFilter={chooseFilter}
              onRange={chooseRange}
              range={range}
              span={span}
              timeline={shown}
            />
          </div>
          <div className="area-topics" {...holding}>
            {figures ? (
              <TopicRanking filter={filter} onFilter={chooseFilter} order={order} topics={figures.topics} />
            ) : (
              <FiguresSkeleton name="Topics" rows={19} />
            )}
          </div>
          <div className="area-figures" {...holding}>
            {figures ? (
              <HeatMap filter={filter} onFilter={chooseFilter} order={order} topics={figures.topics} />
            ) : (
              <FiguresSkeleton name="Topic by sentiment" rows={19} />
            )}
            {figures ? (
              <Languages figures={figures} filter={filter} onFilter={chooseFilter} />
            ) : (
              <FiguresSkeleton name="Languages" rows={8} />
            )}
          </div>
          <div className="area-posts">
            <PostStream
              controls={controls}
              feed={feed}
              filter={filter}
              onFilter={chooseFilter}
              onSearch={chooseSearch}
              rate={stats.rate}
              search={search}
              state={state}
            />
          </div>
        </main>
      </div>
    </>
  );
}
