import { SENTIMENTS, type Sentiment } from "@/lib/sentiments";

type Counts = Record<Sentiment, number>;

function scoredOf(counts: Counts): number {
  return SENTIMENTS.reduce((sum, sentiment) => sum + counts[sentiment], 0);
}

/** How far a bar reaches to either side of the middle, as parts of its length: neutral posts lie astride of it. */
function sides(counts: Counts): [number, number] {
  const scored = scoredOf(counts);
  if (scored === 0) return [0, 0];
  return [counts.NEGATIVE + counts.NEUTRAL / 2, counts.POSITIVE + counts.NEUTRAL / 2].map(
    (side) => side / scored,
  ) as [number, number];
}

/** The longest side of several bars, so that all can be drawn on one scale with their middles in one line. */
export function longestSide(all: readonly Counts[]): number {
  return Math.max(0.5, ...all.flatMap(sides));
}

/** Bars are as long as each other; the further one lies to the right, the more positive are its posts. */
export function DivergingBar({ counts, longest }: { counts: Counts; longest: number }) {
  const scored = scoredOf(counts);
  const [left] = sides(counts);
  let x = 50 - (50 * left) / longest;
  return (
    <svg aria-hidden="true" className="block h-2.5 w-full">
      {SENTIMENTS.map((sentiment) => {
        const width = scored === 0 ? 0 : (50 * counts[sentiment]) / scored / longest;
        const start = x;
        x += width;
        return (
          <rect
            className={`bar fill-${sentiment}`}
            height="100%"
            key={sentiment}
            width={`${width.toFixed(2)}%`}
            x={`${start.toFixed(2)}%`}
          />
        );
      })}
      <line className="axis" x1="50%" x2="50%" y1="0" y2="100%" />
    </svg>
  );
}
