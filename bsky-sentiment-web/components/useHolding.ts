"use client";

import { type FocusEvent, useEffect, useRef, useState } from "react";

type Controls = { hold: () => void; release: () => void };

/**
 * Holds the posts still while `still`, and while somebody reads: a pointer is on them, the keyboard is in them, or their
 * beginning has been scrolled away. What comes meanwhile waits.
 */
export function useHolding(still: boolean, { hold, release }: Controls) {
  const start = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState(false);
  const [focused, setFocused] = useState(false);
  const away = useScrolledPast(start);
  const holding = still || pointed || focused || away;

  useEffect(() => (holding ? hold() : release()), [holding, hold, release]);

  // What had the focus may be taken out of the page, which tells nobody.
  useEffect(() => {
    if (focused && !list.current?.contains(document.activeElement)) setFocused(false);
  });

  return {
    /** For the element above the posts whose sight means that nothing has been scrolled away. */
    start,
    /** For the element around the posts. */
    reading: {
      ref: list,
      onPointerEnter: () => setPointed(true),
      onPointerLeave: () => setPointed(false),
      onFocus: (event: FocusEvent) => setFocused(event.target.matches(":focus-visible")),
      onBlur: () => setFocused(false),
    },
  };
}

/** True while the element lies above what can be seen. */
function useScrolledPast(element: { current: HTMLElement | null }): boolean {
  const [past, setPast] = useState(false);
  useEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (entry) setPast(!entry.isIntersecting && entry.boundingClientRect.top < window.innerHeight / 2);
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return past;
}
