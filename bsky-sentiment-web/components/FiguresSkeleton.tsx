/** As tall as a row of figures (px). */
const ROW = 28;

/** The place of figures that are still asked for, as tall as they will be, so that nothing moves when they come. */
export function FiguresSkeleton({ name, rows }: { name: string; rows: number }) {
  const widths = Array.from({ length: rows }, (_, row) => 96 - ((row * 37) % 41));
  return (
    <section aria-busy="true">
      <h2 className="eyebrow">{name}</h2>
      <svg aria-hidden="true" className="skeleton mt-3 block w-full" height={rows * ROW}>
        {widths.map((width, row) => (
          <rect height="12" key={width} rx="4" width={`${width}%`} y={row * ROW + 8} />
        ))}
      </svg>
    </section>
  );
}
