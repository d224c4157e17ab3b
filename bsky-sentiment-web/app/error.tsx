"use client";

/** The page itself failed; the stream behind it may well be fine. */
export default function PageError({ reset }: { error: Error; reset: () => void }) {
  return (
    <main className="mx-auto max-w-prose px-6 py-24">
      <h1 className="text-2xl font-semibold">The page could not be drawn</h1>
      <p className="mt-3 text-muted">The posts go on being read and counted; only what shows them failed.</p>
      <button className="button mt-6" type="button" onClick={reset}>
        Try again
      </button>
    </main>
  );
}
