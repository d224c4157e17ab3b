import type { State } from "@/lib/wire";

const NAMES: Record<State["state"], string> = {
  connecting: "Connecting",
  "no-data": "No data yet",
  live: "Live",
  stale: "Stale",
  disconnected: "Disconnected",
};

/** Whether what is shown is news. The one place of the page that speaks up by itself; why stands beside it, to be read. */
export function StateMark({ state: { state, detail } }: { state: State }) {
  return (
    <p className="state-mark" data-state={state} data-testid="state" role="status" title={detail}>
      <span aria-hidden="true" className="state-dot size-2 rounded-full" />
      <span className="font-semibold">{NAMES[state]}</span>
      <span className="sr-only">{detail}</span>
    </p>
  );
}
