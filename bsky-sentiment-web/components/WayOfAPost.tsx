import { WAY } from "@/lib/way";

/** Units of the drawing: a box, and the way to the next. */
const [BOX_WIDTH, BOX_HEIGHT, GAP] = [188, 64, 44];
const PITCH = BOX_WIDTH + GAP;
const WIDTH = WAY.length * PITCH - GAP;

/** The stations side by side, an arrow from each to the next. The list beside it says the same in words. */
export function WayOfAPost() {
  return (
    <svg aria-hidden="true" className="way max-xl:hidden" viewBox={`-1 -1 ${WIDTH + 2} ${BOX_HEIGHT + 2}`}>
      {WAY.map(({ name, kind }, place) => (
        <g key={name} transform={`translate(${place * PITCH} 0)`}>
          <rect
            className={`way-${kind}`}
            height={BOX_HEIGHT}
            rx={kind === "stream" ? 32 : 10}
            width={BOX_WIDTH}
          />
          <text className="way-name" textAnchor="middle" x={BOX_WIDTH / 2} y="29">
            {name}
          </text>
          <text className="way-kind" textAnchor="middle" x={BOX_WIDTH / 2} y="47">
            {kind}
          </text>
          {place > 0 && (
            <path className="way-arrow" d={`M${-GAP + 6} ${BOX_HEIGHT / 2}h${GAP - 12}m-7 -6l7 6l-7 6`} />
          )}
        </g>
      ))}
    </svg>
  );
}
