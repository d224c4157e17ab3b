import { useDeferredValue, useMemo, useRef, useState } from "react";
import { exportName, toCsv, toJson } from "@/lib/export";
import type { Feed } from "@/lib/feed";
import { type Filter, filterQuery } from "@/lib/filter";
import { formatCount, formatRate } from "@/lib/format";
import { isFound, searchWords } from "@/lib/search";
import type { Post, State } from "@/lib/wire";
import { FilterChips } from "./FilterChips";
import { PAGE_MAX_RATE } from "./followStream";
import { NoPosts } from "./NoPosts";
import { POSTS_A_PAGE, PostList } from "./PostList";
import { ShortcutsDialog } from "./ShortcutsDialog";
import { StreamBar } from "./StreamBar";
import { saveFile } from "./saveFile";
import { useHolding } from "./useHolding";
import { useShortcuts } from "./useShortcuts";
import { useShowAdult } from "./useShowAdult";

type Props = {
  feed: Feed;
  controls: { hold: () => void; showHeld: () => void; release: () => void };
  /** Posts a second in the whole network, whatever is shown here. */
  rate: number;
  state: State;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  search: string;
  onSearch: (search: string) => void;
};

/** The posts themselves, newest first. */
export function PostStream(props: Props) {
  const { feed, controls, rate, state, filter, onFilter, search, onSearch } = props;
  const [paused, setPaused] = useState(false);
  const query = filterQuery(filter);
  const [turned, setTurned] = useState({ query, page: 0 });
  const [showAdult, setShowAdult] = useShowAdult();
  const section = useRef<HTMLElement>(null);
  const searchBox = useRef<HTMLInputElement>(null);
  const help = useRef<HTMLDialogElement>(null);

  const soughtFor = useDeferredValue(search);
  const words = useMemo(() => searchWords(soughtFor), [soughtFor]);
  const found = useMemo(() => feed.shown.filter((post) => isFound(post, words)), [feed.shown, words]);
  const waiting = useMemo(() => feed.held.filter((post) => isFound(post, words)), [feed.held, words]);

  // Another filter is another list, and one that has become shorter may have lost the page.
  const lastPage = Math.max(0, Math.ceil(found.length / POSTS_A_PAGE) - 1);
  const page = turned.query === query ? Math.min(turned.page, lastPage) : 0;
  const { start, reading } = useHolding(paused || page > 0, controls);

  const goTo = (chosen: number) => {
    setTurned({ query, page: chosen });
    section.current?.focus({ preventScroll: true });
    section.current?.scrollIntoView();
  };
  const showNew = () => {
    controls.showHeld();
    goTo(0);
  };
  const seek = (wanted: string) => {
    setTurned({ query, page: 0 });
    onSearch(wanted);
  };
  const save = (format: "csv" | "json") => {
    const at = new Date();
    const posts = found.filter((post) => showAdult || !post.adult);
    const view = { filter: query, search };
    saveFile(exportName(at, format), format === "csv" ? toCsv(posts) : toJson(posts, view, at));
  };
  const onKeyDown = useShortcuts({
    j: () => step(section.current, 1),
    k: () => step(section.current, -1),
    o: () => document.activeElement?.querySelector<HTMLAnchorElement>(".post-open")?.click(),
    p: () => setPaused(!paused),
    n: showNew,
    "/": () => searchBox.current?.focus(),
    "?": () => help.current?.showModal(),
    Escape: () => section.current?.focus({ preventScroll: true }),
  });

  return (
    <section
      aria-labelledby="posts-heading"
      className="min-w-0"
      id="posts"
      onKeyDown={onKeyDown}
      ref={section}
      tabIndex={-1}
    >
      <div ref={start} className="h-px" />
      <StreamBar
        feed={feed}
        onExport={save}
        onHelp={() => help.current?.showModal()}
        onLeaveSearch={() => {
          seek("");
          section.current?.focus({ preventScroll: true });
        }}
        onPause={() => setPaused(!paused)}
        onSearch={seek}
        onShowNew={showNew}
        paused={paused}
        search={search}
        searchBox={searchBox}
        waiting={waiting.length}
      >
        <FilterChips filter={filter} onFilter={onFilter} />
      </StreamBar>
      <p className="sr-only" role="status">
        {words.length > 0 && searched(found, feed.shown)}
      </p>
      <p className="sr-only" role="status">
        {waiting.length > 0 && "New posts are waiting."}
      </p>
      <div className="flex items-baseline justify-between gap-x-6 py-2 text-sm text-muted">
        <p>
          {words.length > 0 && <span className="mr-3">{searched(found, feed.shown)}</span>}
          {rate > PAGE_MAX_RATE && (
            <span data-testid="sampled">
              Showing {query && "at most "}
              {PAGE_MAX_RATE} of {formatRate(rate)} posts/s. The figures count all.
            </span>
          )}
        </p>
        <label className="flex shrink-0 items-center gap-2">
          <input
            checked={showAdult}
            data-testid="show-adult"
            onChange={(event) => setShowAdult(event.target.checked)}
            type="checkbox"
          />
          Show adult posts
        </label>
      </div>
      <div {...reading}>
        {found.length === 0 ? (
          <NoPosts filter={filter} search={soughtFor} state={state} />
        ) : (
          <PostList
            filter={filter}
            fresh={words.length === 0 ? feed.fresh : 0}
            onFilter={onFilter}
            onPage={goTo}
            page={page}
            posts={found}
            showAdult={showAdult}
            words={words}
          />
        )}
      </div>
      <ShortcutsDialog dialog={help} />
    </section>
  );
}

function searched(found: readonly Post[], shown: readonly Post[]): string {
  return `${formatCount(found.length)} of ${formatCount(shown.length)} posts here`;
}

/** Moves the focus by so many posts; from outside them, to the first. */
function step(section: HTMLElement | null, by: number): void {
  const posts = [...(section?.querySelectorAll<HTMLElement>("article") ?? [])];
  const at = posts.findIndex((post) => post.contains(document.activeElement));
  const post = at < 0 ? posts[0] : posts[at + by];
  post?.focus({ preventScroll: true });
  post?.scrollIntoView({ block: "nearest" });
}
