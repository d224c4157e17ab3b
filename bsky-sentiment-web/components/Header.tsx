import type { ReactNode } from "react";
import { formatCount, formatRate } from "@/lib/format";
import type { State, Stats } from "@/lib/wire";

const NAMES: Record<State["state"], string> = {
  connecting: "Connecting",
  "no-data": "No data yet",
  live: "Live",
  stale: "Stale",
  disconnected: "Disconnected",
};

/** What this is, whether to believe it, and how fast it goes. */
export function Header({ state, stats }: { state: State; stats: Stats }) {
  return (
    <header className="flex flex-wrap items-end justify-between gap-x-10 gap-y-6 py-8 sm:py-10">
      <div>
        <h1 className="text-2xl font-semibold tracking-tight sm:text-3xl">Bluesky sentiment</h1>
        <div
          className="mt-2 flex flex-wrap items-center gap-x-2 text-sm"
          data-state={state.state}
          data-testid="state"
          role="status"
        >
          <span aria-hidden="true" className="state-dot size-2.5 rounded-full" />
          <span className="font-semibold">{NAMES[state.state]}</span>
          <span className="text-muted">{state.detail}</span>
        </div>
      </div>
      <dl className="flex gap-10">
        <Figure name="posts a second">
          <span data-testid="rate">{formatRate(stats.rate)}</span>
        </Figure>
        <Figure name="posts counted">
          <span data-count={stats.window.total} data-testid="total">
            {formatCount(stats.window.total)}
          </span>
        </Figure>
      </dl>
    </header>
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex flex-col-reverse">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="text-2xl font-semibold leading-tight sm:text-3xl">{children}</dd>
    </div>
  );
}
