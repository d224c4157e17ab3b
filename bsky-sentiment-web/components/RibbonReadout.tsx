import { formatCount, formatShare } from "@/lib/format";
import { SENTIMENTS, sentimentName } from "@/lib/sentiments";
import { MINUTE_MS, type Span } from "@/lib/span";
import { knownFrom, scoredOf } from "@/lib/timeline";
import type { Timeline } from "@/lib/wire";
import type { Clock } from "./useClock";

type Props = { timeline: Timeline; place: number; selection: Span | null; clock: Clock; x: number };

/** What was counted at the instant pointed at. It appears only in the browser, where a style may say where it stands. */
export function RibbonReadout({ timeline, place, selection, clock, x }: Props) {
  const bucket = timeline.buckets[place];
  if (!bucket) return null;
  const time = timeline.from + place * timeline.step;
  const clockOf = timeline.step < MINUTE_MS ? clock.second : clock.minute;
  const scored = scoredOf(bucket);
  const side = x > 50 ? { right: `calc(${100 - x}% + 0.75rem)` } : { left: `calc(${x}% + 0.75rem)` };
  return (
    <div aria-hidden="true" className="readout" data-testid="readout" style={side}>
      <p className="font-semibold">
        {selection
          ? `${clock.minute(selection.from)}–${clock.minute(selection.to)}`
          : `${clockOf(time)}–${clockOf(time + timeline.step)}`}
      </p>
      {selection && <p className="text-muted">Let go, or press Enter, to zoom in</p>}
      {!selection && time + timeline.step <= knownFrom(timeline) && <p className="text-muted">Not known</p>}
      {!selection && time + timeline.step > knownFrom(timeline) && (
        <table className="mt-1">
          <tbody>
            {SENTIMENTS.toReversed().map((sentiment) => {
              const count = bucket[SENTIMENTS.indexOf(sentiment)] ?? 0;
              return (
                <tr key={sentiment}>
                  <th className={`pr-4 text-left font-medium ink-${sentiment}`}>
                    {sentimentName(sentiment)}
                  </th>
                  <td className="pr-3 text-right">{formatShare(count, scored)}</td>
                  <td className="text-right font-medium">{formatCount(count)}</td>
                </tr>
              );
            })}
            <tr className="text-muted">
              <th className="pr-4 text-left font-normal">No sentiment</th>
              <td />
              <td className="text-right">{formatCount(bucket[3])}</td>
            </tr>
          </tbody>
        </table>
      )}
    </div>
  );
}
