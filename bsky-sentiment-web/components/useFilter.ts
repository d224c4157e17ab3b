"use client";

import { useCallback, useEffect, useState } from "react";
import { type Filter, filterQuery, parseFilter } from "@/lib/filter";

/** The filter, kept in the address so that a view can be shared and "back" undoes a choice. */
export function useFilter(initial: Filter): [Filter, (filter: Filter) => void] {
  const [filter, setFilter] = useState(initial);

  useEffect(() => {
    const readAddress = () => setFilter(parseFilter(new URLSearchParams(window.location.search)).filter);
    window.addEventListener("popstate", readAddress);
    return () => window.removeEventListener("popstate", readAddress);
  }, []);

  const choose = useCallback((chosen: Filter) => {
    const query = filterQuery(chosen);
    window.history.pushState(null, "", query ? `?${query}` : window.location.pathname);
    setFilter(chosen);
  }, []);
  return [filter, choose];
}
