"use client";

import type { Filter } from "@/lib/filter";
import type { Snapshot } from "@/lib/wire";
import { Header } from "./Header";
import { PostStream } from "./PostStream";
import { SentimentShare } from "./SentimentShare";
import { TopicRanking } from "./TopicRanking";
import { useFilter } from "./useFilter";
import { useLive } from "./useLive";

export function Dashboard({ snapshot, filter: first }: { snapshot: Snapshot; filter: Filter }) {
  const [filter, choose] = useFilter(first);
  const { feed, controls, stats, state } = useLive(snapshot, filter);

  return (
    <>
      <a className="button sr-only focus:not-sr-only focus:absolute focus:m-2" href="#posts">
        Skip to the posts
      </a>
      <div className="mx-auto max-w-[96rem] px-4 sm:px-8 xl:px-12">
        <Header stats={stats} state={state} />
        <main className="grid gap-x-12 gap-y-10 pb-16 lg:grid-cols-[minmax(20rem,26rem)_minmax(0,1fr)] xl:gap-x-20">
          <div className="space-y-10 lg:sticky lg:top-8 lg:self-start">
            <SentimentShare
              stats={stats.last15}
              chosen={filter.sentiment}
              onChoose={(sentiment) => choose({ ...filter, sentiment })}
            />
            <TopicRanking
              topics={stats.last15.topics}
              chosen={filter.topic}
              onChoose={(topic) => choose({ ...filter, topic })}
            />
          </div>
          <PostStream
            controls={controls}
            feed={feed}
            filter={filter}
            onFilter={choose}
            rate={stats.rate}
            state={state}
          />
        </main>
      </div>
    </>
  );
}
