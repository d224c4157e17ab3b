import type { ReactNode, RefObject } from "react";
import type { Feed } from "@/lib/feed";
import { formatCount } from "@/lib/format";

type Props = {
  feed: Feed;
  /** How many of the posts that wait would be seen, were they shown. */
  waiting: number;
  paused: boolean;
  search: string;
  searchBox: RefObject<HTMLInputElement | null>;
  onPause: () => void;
  onShowNew: () => void;
  onSearch: (search: string) => void;
  onLeaveSearch: () => void;
  onExport: (format: "csv" | "json") => void;
  onHelp: () => void;
  children: ReactNode;
};

/** What one can do with the posts. It stays in sight while they scroll. */
export function StreamBar(props: Props) {
  const { feed, waiting, paused, search, children } = props;
  return (
    <div className="stream-bar">
      <div className="flex min-h-9 items-center gap-2">
        <h2 className="eyebrow mr-auto" id="posts-heading">
          Posts
        </h2>
        {waiting + feed.missed > 0 && (
          <button
            className="button new-posts"
            data-testid="new-posts"
            onClick={props.onShowNew}
            type="button"
          >
            {newPosts(waiting, feed.missed)}
          </button>
        )}
        <button className="button w-24" data-testid="pause" onClick={props.onPause} type="button">
          {paused ? "Resume" : "Pause"}
        </button>
      </div>
      <div className="mt-2 flex gap-2">
        <input
          aria-label="Search these posts"
          autoComplete="off"
          className="stream-search"
          data-testid="search"
          enterKeyHint="search"
          onChange={(event) => props.onSearch(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && props.onLeaveSearch()}
          placeholder="Search these posts"
          ref={props.searchBox}
          spellCheck={false}
          type="search"
          value={search}
        />
        {(["csv", "json"] as const).map((format) => (
          <button
            aria-label={`Save these posts as ${format.toUpperCase()}`}
            className="button"
            data-testid={`export-${format}`}
            key={format}
            onClick={() => props.onExport(format)}
            type="button"
          >
            {format.toUpperCase()}
          </button>
        ))}
        <button aria-label="Keys" className="button" onClick={props.onHelp} type="button">
          ?
        </button>
      </div>
      {children}
    </div>
  );
}

function newPosts(waiting: number, missed: number): string {
  const count = formatCount(waiting);
  if (missed > 0) return `${count} new posts, ${formatCount(missed)} more left out`;
  return waiting === 1 ? "1 new post" : `${count} new posts`;
}
