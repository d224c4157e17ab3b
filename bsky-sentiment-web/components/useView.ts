"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import type { Filter } from "@/lib/filter";
import type { AskedRange } from "@/lib/range";
import { parseView, type View, viewAddress } from "@/lib/view";

/** What is typed is written into the address when it rests for so long: browsers forbid more than a few writes a second. */
const REST_MS = 300;

/** The view, kept in the address so that it can be shared and "back" undoes a choice. The setters stay the same. */
export function useView(initial: View) {
  const [view, setView] = useState(initial);
  const latest = useRef(view);
  latest.current = view;

  useEffect(() => {
    const readAddress = () => setView(parseView(new URLSearchParams(window.location.search), Date.now()));
    window.addEventListener("popstate", readAddress);
    return () => window.removeEventListener("popstate", readAddress);
  }, []);

  const choose = useCallback((change: Partial<View>) => {
    const chosen = { ...latest.current, ...change };
    window.history.pushState(null, "", viewAddress(chosen));
    setView(chosen);
  }, []);
  const chooseFilter = useCallback((filter: Filter) => choose({ filter }), [choose]);
  const chooseRange = useCallback((range: AskedRange) => choose({ range }), [choose]);

  const writing = useRef<ReturnType<typeof setTimeout>>(undefined);
  const chooseSearch = useCallback((search: string) => {
    setView((view) => ({ ...view, search }));
    clearTimeout(writing.current);
    writing.current = setTimeout(() => {
      window.history.replaceState(null, "", viewAddress(latest.current));
    }, REST_MS);
  }, []);
  return { ...view, chooseFilter, chooseRange, chooseSearch };
}
