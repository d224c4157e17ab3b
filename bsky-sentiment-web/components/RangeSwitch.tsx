import type { AskedRange } from "@/lib/range";
import { LIVE } from "@/lib/span";
import { useClock } from "./useClock";

const RANGES = [
  ["15m", "15 min"],
  ["24h", "24 h"],
] as const;

type Props = { range: AskedRange; onRange: (range: AskedRange) => void };

/** How much of the past is shown; a picked stretch can be let go of again. */
export function RangeSwitch({ range, onRange }: Props) {
  const { minute } = useClock();
  return (
    <div className="flex items-center gap-2">
      {"from" in range && (
        <button className="button" data-testid="reset-range" onClick={() => onRange(LIVE)} type="button">
          {minute(range.from)}–{minute(range.to)} <span aria-hidden="true">×</span>
          <span className="sr-only">, back to the last 15 minutes</span>
        </button>
      )}
      <fieldset className="segments">
        <legend className="sr-only">Time</legend>
        {RANGES.map(([value, name]) => (
          <button
            aria-pressed={"range" in range && range.range === value}
            className="segment px-3 text-sm"
            data-testid={`range-${value}`}
            key={value}
            onClick={() => onRange({ range: value })}
            type="button"
          >
            {name}
          </button>
        ))}
      </fieldset>
    </div>
  );
}
