"use client";

import { formatCount } from "@/lib/format";
import type { AskedRange } from "@/lib/range";
import { SENTIMENTS, sentimentName } from "@/lib/sentiments";
import type { Span } from "@/lib/span";
import { knownFrom, placeAt } from "@/lib/timeline";
import type { Timeline } from "@/lib/wire";
import { RibbonFilm } from "./RibbonFilm";
import { RibbonReadout } from "./RibbonReadout";
import { useBrush } from "./useBrush";
import { type Clock, useClock } from "./useClock";

type Props = {
  timeline: Timeline | null;
  span: Span;
  /** True if now is its right edge, which moves. */
  flowing: boolean;
  onPick: (range: AskedRange) => void;
};

const SHARES = ["75%", "50%", "25%"];

/** The share of each sentiment over time, to point at, to read out, and to pick a part of. */
export function Ribbon({ timeline, span, flowing, onPick }: Props) {
  const clock = useClock();
  const step = timeline?.step ?? 1;
  const { cursor, selection, handlers } = useBrush(span, step, onPick);
  const x = (time: number) => (100 * (time - span.from)) / (span.to - span.from);
  const place = timeline && cursor !== null ? placeAt(timeline, cursor) : null;

  return (
    <div className="relative mt-4">
      <div
        aria-describedby="ribbon-help"
        aria-label="Sentiment over time"
        aria-valuemax={span.to}
        aria-valuemin={span.from}
        aria-valuenow={cursor ?? span.to}
        aria-valuetext={
          timeline ? readAloud(timeline, place ?? timeline.buckets.length - 1, clock) : "no data yet"
        }
        className="ribbon"
        data-testid="ribbon"
        role="slider"
        tabIndex={0}
        {...handlers}
      >
        <RibbonFilm clock={clock} flowing={flowing} span={span} timeline={timeline} />
        <svg aria-hidden="true" className="ribbon-marks">
          {SHARES.map((share) => (
            <line className="grid-line" key={share} x1="0" x2="100%" y1={share} y2={share} />
          ))}
          {selection && (
            <rect
              className="selection"
              height="100%"
              width={`${x(selection.to) - x(selection.from)}%`}
              x={`${x(selection.from)}%`}
            />
          )}
          {cursor !== null && (
            <line className="cursor-line" x1={`${x(cursor)}%`} x2={`${x(cursor)}%`} y1="0" y2="100%" />
          )}
        </svg>
      </div>
      <p className="sr-only" id="ribbon-help">
        Arrow keys move through time; with Shift they select, Enter zooms in, Escape lets go.
      </p>
      {timeline && place !== null && cursor !== null && (
        <RibbonReadout clock={clock} place={place} selection={selection} timeline={timeline} x={x(cursor)} />
      )}
    </div>
  );
}

function readAloud(timeline: Timeline, place: number, { second }: Clock): string {
  const bucket = timeline.buckets[place];
  const time = timeline.from + place * timeline.step;
  if (!bucket || time + timeline.step <= knownFrom(timeline)) return `${second(time)}: not known`;
  const counts = SENTIMENTS.map(
    (sentiment, index) => `${sentimentName(sentiment)} ${formatCount(bucket[index] ?? 0)}`,
  );
  return `${second(time)}: ${counts.join(", ")}, without a sentiment ${formatCount(bucket[3])}`;
}
