"use client";

import { memo, useEffect, useRef } from "react";
import { RIBBON_HEIGHT, RIBBON_WIDTH, ribbonPaths, runsOf } from "@/lib/ribbon";
import { SENTIMENTS } from "@/lib/sentiments";
import type { Span } from "@/lib/span";
import { timeTicks } from "@/lib/ticks";
import { firstPosts, knownFrom, totalOf } from "@/lib/timeline";
import type { Timeline } from "@/lib/wire";
import type { Clock } from "./useClock";

/** Figures come this often; between two of them the film glides on by as much. */
const FRAME_MS = 1_000;
/** Labels nearer to an edge than this (per cent) would be cut on a phone. */
const EDGE = 5.5;
/** A start without posts says so where it is at least as wide (per cent): the words fit into it on a phone. */
const WORTH_A_WORD = 55;

type Props = { timeline: Timeline | null; span: Span; flowing: boolean; clock: Clock };

/** What moves with time: the three bands, below them how many posts there were, and the hours. */
export const RibbonFilm = memo(function RibbonFilm({ timeline, span, flowing, clock }: Props) {
  const film = useRef<SVGSVGElement>(null);
  const length = span.to - span.from;
  const x = (time: number) => (100 * (time - span.from)) / length;
  const begins = timeline && firstPosts(timeline);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each new right edge is a step to glide
  useEffect(() => {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!flowing || still) return;
    const step = { transform: `translateX(${(100 * FRAME_MS) / length}%)` };
    const glide = film.current?.animate([step, { transform: "none" }], FRAME_MS);
    return () => glide?.cancel();
  }, [flowing, span.to, length]);

  return (
    <svg aria-hidden="true" className="ribbon-film" ref={film}>
      <defs>
        <pattern
          height="8"
          id="unknown"
          patternTransform="rotate(45)"
          patternUnits="userSpaceOnUse"
          width="8"
        >
          <line className="hatch" x1="0" x2="0" y1="0" y2="8" />
        </pattern>
      </defs>
      <rect className="ribbon-ground" height="76%" width="110%" />
      <rect fill="url(#unknown)" height="76%" width="110%" />
      {timeline && <Bands span={span} timeline={timeline} />}
      {timeline && <Volume span={span} timeline={timeline} />}
      {timeTicks(span, clock.offset).map((tick) => (
        <g key={tick}>
          <line className="tick" x1={`${x(tick)}%`} x2={`${x(tick)}%`} y1="0" y2="92%" />
          {x(tick) > EDGE && x(tick) < 100 - EDGE && (
            <text className="tick-label" textAnchor="middle" x={`${x(tick)}%`} y="100%">
              {clock.minute(tick)}
            </text>
          )}
        </g>
      ))}
      {begins !== null && x(begins) > WORTH_A_WORD && (
        <text className="ribbon-words" textAnchor="middle" x={`${x(begins) / 2}%`} y="30%">
          No posts read before {clock.minute(begins)}
        </text>
      )}
    </svg>
  );
});

function Bands({ timeline, span }: { timeline: Timeline; span: Span }) {
  const paths = ribbonPaths(runsOf(timeline), span);
  return (
    <svg
      aria-hidden="true"
      className="overflow-visible"
      height="76%"
      preserveAspectRatio="none"
      viewBox={`0 0 ${RIBBON_WIDTH} ${RIBBON_HEIGHT}`}
      width="100%"
    >
      {SENTIMENTS.map((sentiment) => (
        <path className={`band fill-${sentiment}`} d={paths[sentiment]} key={sentiment} />
      ))}
    </svg>
  );
}

/** All posts of each bucket, those without a sentiment included. */
function Volume({ timeline, span }: { timeline: Timeline; span: Span }) {
  const { from, step, buckets } = timeline;
  const most = Math.max(1, ...buckets.map(totalOf));
  const left = ((from - span.from) / (span.to - span.from)) * RIBBON_WIDTH;
  const width = (step / (span.to - span.from)) * RIBBON_WIDTH;
  const bar = (total: number, place: number) => {
    const height = (100 * total) / most;
    const start = left + place * width;
    return `M${start.toFixed(2)} 100v${-height.toFixed(2)}h${(width * 0.8).toFixed(2)}V100Z`;
  };
  const bars = buckets.map((bucket, place) => {
    const total = from + place * step < knownFrom(timeline) ? 0 : totalOf(bucket);
    return total > 0 ? bar(total, place) : "";
  });
  return (
    <svg
      aria-hidden="true"
      className="overflow-visible"
      height="12%"
      preserveAspectRatio="none"
      viewBox={`0 0 ${RIBBON_WIDTH} 100`}
      width="100%"
      y="79%"
    >
      <path className="fill-plain" d={bars.join("")} />
    </svg>
  );
}
