import { SENTIMENTS, type Sentiment } from "@/lib/sentiments";

/**
 * Three parts of a whole, side by side in the order of the scale. Drawn as SVG, because widths there are attributes,
 * which the page's policy allows, where inline styles are forbidden.
 */
export function ShareBar({ parts, className }: { parts: Record<Sentiment, number>; className: string }) {
  const whole = SENTIMENTS.reduce((sum, sentiment) => sum + parts[sentiment], 0);
  let left = 0;
  return (
    <svg aria-hidden="true" className={`block w-full ${className}`}>
      {whole === 0 && <rect className="fill-NEUTRAL opacity-30" height="100%" width="100%" />}
      {SENTIMENTS.map((sentiment) => {
        const width = whole === 0 ? 0 : (100 * parts[sentiment]) / whole;
        const x = left;
        left += width;
        return (
          <rect
            className={`bar fill-${sentiment}`}
            height="100%"
            key={sentiment}
            width={`${width.toFixed(2)}%`}
            x={`${x.toFixed(2)}%`}
          />
        );
      })}
    </svg>
  );
}
