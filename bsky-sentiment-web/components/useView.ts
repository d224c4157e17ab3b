"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import type { Filter } from "@/lib/filter";
import type { AskedRange } from "@/lib/range";
import { parseView, type View, viewAddress } from "@/lib/view";

/** The view, kept in the address so that it can be shared and "back" undoes a choice. Both setters stay the same. */
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
  return { ...view, chooseFilter, chooseRange };
}
