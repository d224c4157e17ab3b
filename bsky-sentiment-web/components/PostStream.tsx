import type { Feed } from "@/lib/feed";
import { EVERYTHING, type Filter } from "@/lib/filter";
import { formatCount } from "@/lib/format";
import { sentimentName } from "@/lib/sentiments";
import { topicName } from "@/lib/topics";
import type { State } from "@/lib/wire";
import { PostCard } from "./PostCard";
import { PAGE_MAX_RATE } from "./useLive";

type Props = {
  feed: Feed;
  rate: number;
  state: State;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  onPause: () => void;
  onResume: () => void;
};

/** The posts themselves, newest first. */
export function PostStream({ feed, rate, state, filter, onFilter, onPause, onResume }: Props) {
  return (
    <section aria-labelledby="posts-heading" id="posts" tabIndex={-1}>
      <div className="sticky top-0 z-10 -mx-2 flex min-h-12 flex-wrap items-center gap-2 bg-ground px-2 py-2 lg:-mt-2">
        <h2 className="eyebrow mr-auto" id="posts-heading">
          Posts
        </h2>
        {filter.sentiment && (
          <Chosen
            name={sentimentName(filter.sentiment)}
            onClear={() => onFilter({ ...filter, sentiment: null })}
          />
        )}
        {filter.topic && (
          <Chosen name={topicName(filter.topic)} onClear={() => onFilter({ ...filter, topic: null })} />
        )}
        {feed.paused && feed.held.length > 0 && (
          <button className="button" data-testid="new-posts" onClick={onResume} type="button">
            {newPosts(feed)}
          </button>
        )}
        <button
          aria-pressed={feed.paused}
          className="button w-24"
          data-testid="pause"
          onClick={feed.paused ? onResume : onPause}
          type="button"
        >
          {feed.paused ? "Resume" : "Pause"}
        </button>
      </div>
      {rate > PAGE_MAX_RATE && (
        <p className="text-sm text-muted" data-testid="sampled">
          A sample, at a pace to read; the figures count every post.
        </p>
      )}
      {feed.shown.length === 0 ? (
        <Nothing filter={filter} state={state} />
      ) : (
        <ul className="mt-1 divide-y divide-line">
          {feed.shown.map((post) => (
            <li key={post.uri}>
              <PostCard post={post} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function newPosts({ held, missed }: Feed): string {
  const count = formatCount(held.length);
  if (missed > 0) return `${count} newest of ${formatCount(held.length + missed)} new posts`;
  return held.length === 1 ? "1 new post" : `${count} new posts`;
}

function Chosen({ name, onClear }: { name: string; onClear: () => void }) {
  return (
    <button aria-label={`Remove the filter ${name}`} className="button" onClick={onClear} type="button">
      {name} <span aria-hidden="true">×</span>
    </button>
  );
}

function Nothing({ state, filter }: { state: State; filter: Filter }) {
  const filtered = filter.sentiment !== EVERYTHING.sentiment || filter.topic !== EVERYTHING.topic;
  const listening = state.state === "live" || state.state === "stale";
  return (
    <div
      className="mt-4 rounded-xl border border-dashed border-line px-6 py-16 text-center text-muted"
      data-testid="nothing"
    >
      <p className="font-medium text-ink">
        {filtered && listening ? "No post matches this filter yet" : "No posts yet"}
      </p>
      <p className="mt-1 text-sm">
        {filtered && listening ? "The next one that does appears here." : state.detail}
      </p>
    </div>
  );
}
