"use client";

import { useSyncExternalStore } from "react";

/** Under this name the browser remembers the choice. */
const KEY = "show-adult-posts";
const CHANGED = "show-adult-posts-changed";

function subscribe(changed: () => void): () => void {
  window.addEventListener("storage", changed);
  window.addEventListener(CHANGED, changed);
  return () => {
    window.removeEventListener("storage", changed);
    window.removeEventListener(CHANGED, changed);
  };
}

/** A browser may forbid its storage; then nothing is remembered, and adult posts stay hidden. */
function remembered(): boolean {
  try {
    return localStorage.getItem(KEY) === "yes";
  } catch {
    return false;
  }
}

function remember(shown: boolean): void {
  try {
    if (shown) localStorage.setItem(KEY, "yes");
    else localStorage.removeItem(KEY);
  } catch {
    return;
  }
  window.dispatchEvent(new Event(CHANGED));
}

/** Whether posts with an adult label are shown, as this reader has chosen: no, until asked for. */
export function useShowAdult(): [boolean, (shown: boolean) => void] {
  const shown = useSyncExternalStore(subscribe, remembered, () => false);
  return [shown, remember];
}
