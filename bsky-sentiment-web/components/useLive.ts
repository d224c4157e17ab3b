"use client";

import { useEffect, useMemo, useRef, useState } from "react";
import { applyChanges, type Change, type Feed, feedOf, hold, release, restart, showHeld } from "@/lib/feed";
import { type Filter, filterQuery } from "@/lib/filter";
import type { Snapshot, State, Stats } from "@/lib/wire";
import { followStream } from "./followStream";

/** What came is drawn together this often, so that the page moves calmly. */
const DRAW_MS = 250;

/** What the page was told since it was last drawn. */
type News = { changes: Change[]; stats: Stats | null; state: State | null };

const nothing = (): News => ({ changes: [], stats: null, state: null });

/** Follows the hub for as long as the page is open. */
export function useLive(initial: Snapshot, filter: Filter) {
  const [feed, setFeed] = useState<Feed>(() => feedOf(initial.posts));
  const [stats, setStats] = useState(initial.stats);
  const [state, setState] = useState(initial.state);
  const [timelines, setTimelines] = useState(initial.timelines);
  const lastEventId = useRef(initial.id);
  const query = filterQuery(filter);
  const followed = useRef(query);

  useEffect(() => {
    // Another filter is another list: going on from the last event would leave the old posts in it.
    if (followed.current !== query) lastEventId.current = null;
    followed.current = query;

    let news = nothing();
    const draw = setInterval(() => {
      const { changes, stats, state } = news;
      news = nothing();
      if (changes.length > 0) setFeed((feed) => applyChanges(feed, changes));
      if (stats) setStats(stats);
      if (state) setState(state);
    }, DRAW_MS);

    const close = followStream(query, lastEventId, {
      snapshot: (snapshot) => {
        news = { changes: [], stats: snapshot.stats, state: snapshot.state };
        setFeed((feed) => restart(feed, snapshot.posts));
        setTimelines(snapshot.timelines);
      },
      post: (post) => news.changes.push({ kind: "post", post }),
      edit: (post) => news.changes.push({ kind: "edit", post }),
      remove: (removal) => news.changes.push({ kind: "remove", removal }),
      stats: (stats) => {
        news.stats = stats;
      },
      state: (state) => {
        news.state = state;
      },
    });
    return () => {
      clearInterval(draw);
      close();
    };
  }, [query]);

  const controls = useMemo(
    () => ({
      hold: () => setFeed(hold),
      showHeld: () => setFeed(showHeld),
      release: () => setFeed(release),
    }),
    [],
  );
  return { feed, controls, stats, state, timelines };
}
