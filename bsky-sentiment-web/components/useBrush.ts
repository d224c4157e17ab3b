"use client";

import { type KeyboardEvent, type PointerEvent, useState } from "react";
import { type Span, wholeMinutes } from "@/lib/span";

/** Shorter drags (part of the width) are taken for a click. */
const SHORTEST_DRAG = 0.01;

type Brush = {
  /** The instant under the pointer or the keyboard's cursor. */
  cursor: number | null;
  /** Where a selection began, while there is one. */
  anchor: number | null;
};

const IDLE: Brush = { cursor: null, anchor: null };

/**
 * Points at an instant of a stretch of time and picks a part of it, by pointer or keyboard: arrows move, with Shift they
 * select, Enter picks, Escape lets go.
 *
 * @param step how far an arrow key goes (ms).
 */
export function useBrush(span: Span, step: number, onPick: (picked: Span) => void) {
  const [brush, setBrush] = useState(IDLE);
  const clamp = (time: number) => Math.max(span.from, Math.min(span.to - 1, time));
  const cursor = brush.cursor === null ? null : clamp(brush.cursor);
  const selection = brush.anchor === null || cursor === null ? null : wholeMinutes(brush.anchor, cursor);

  const timeOf = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return clamp(span.from + ((event.clientX - left) / width) * (span.to - span.from));
  };
  const pick = () => {
    if (selection) onPick(selection);
    setBrush(IDLE);
  };

  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const time = timeOf(event);
    setBrush({ cursor: time, anchor: time });
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const time = timeOf(event);
    setBrush(({ anchor }) => ({ cursor: time, anchor }));
  };
  const onPointerUp = (event: PointerEvent<HTMLElement>) => {
    if (brush.anchor === null) return;
    const dragged = Math.abs(timeOf(event) - brush.anchor) / (span.to - span.from);
    if (dragged >= SHORTEST_DRAG) pick();
    else setBrush(({ cursor: time }) => ({ cursor: time, anchor: null }));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const from = cursor ?? span.to - 1;
    const to = keyTarget(event.key, from, step, span);
    if (to !== null) setBrush({ cursor: clamp(to), anchor: event.shiftKey ? (brush.anchor ?? from) : null });
    else if (event.key === "Enter" && selection) pick();
    else if (event.key === "Escape") setBrush({ cursor, anchor: null });
    else return;
    event.preventDefault();
  };
  const leave = () => setBrush(IDLE);

  return {
    cursor,
    selection,
    handlers: {
      onBlur: leave,
      onKeyDown,
      onPointerCancel: leave,
      onPointerDown,
      onPointerLeave: leave,
      onPointerMove,
      onPointerUp,
    },
  };
}

const PAGE_STEPS = 10;

/** Where a key moves the cursor to, or null if it moves nothing. */
function keyTarget(key: string, from: number, step: number, span: Span): number | null {
  const targets: Record<string, number> = {
    ArrowLeft: from - step,
    ArrowRight: from + step,
    PageDown: from - PAGE_STEPS * step,
    PageUp: from + PAGE_STEPS * step,
    Home: span.from,
    End: span.to - 1,
  };
  return targets[key] ?? null;
}
