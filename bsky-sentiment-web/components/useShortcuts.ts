"use client";

import type { KeyboardEvent } from "react";

/** Where a letter is a letter, and not a command. */
const WRITING = "input, textarea, select, dialog, [contenteditable]";

/**
 * Commands of single keys for an element, heard only while the focus is in it (WCAG 2.1.4), so that nobody who dictates
 * or reads the page by keys of their own sets one off elsewhere.
 */
export function useShortcuts(commands: Record<string, () => void>) {
  return (event: KeyboardEvent) => {
    const command = commands[event.key];
    const writing = event.target instanceof Element && event.target.closest(WRITING);
    if (!command || writing || event.defaultPrevented) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    command();
  };
}
