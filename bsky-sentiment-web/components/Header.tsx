import Link from "next/link";
import { memo, type ReactNode } from "react";
import { formatCount, formatLag, formatRate } from "@/lib/format";
import type { Theme } from "@/lib/theme";
import type { State, Stats } from "@/lib/wire";
import { Logo } from "./Logo";
import { StateMark } from "./StateMark";
import { ThemeSwitch } from "./ThemeSwitch";

type Props = { state: State; stats: Stats; theme: Theme };

/** What this is, whether to believe it, and how fast it goes; while it does not go, why, in the same place. */
export const Header = memo(function Header({ state, stats, theme }: Props) {
  const { rate, lag, viewers } = stats;
  const live = state.state === "live";
  return (
    <header className="flex flex-wrap items-center gap-x-8 gap-y-4 py-5">
      <div className="flex min-w-0 flex-wrap items-center gap-x-4 gap-y-2">
        <h1 className="flex items-center gap-2.5 text-lg font-semibold tracking-tight">
          <Logo />
          Bluesky sentiment
        </h1>
        <StateMark state={state} />
      </div>
      {!live && (
        <p
          aria-hidden="true"
          className="order-last w-full text-sm text-muted lg:order-none lg:mr-auto lg:w-auto"
        >
          {state.detail}
        </p>
      )}
      <dl className="order-last flex w-full gap-x-8 lg:order-none lg:ml-auto lg:w-auto" hidden={!live}>
        <Figure name="posts/s" title="Posts a second, the mean of ten seconds">
          <span data-testid="rate">{formatRate(rate)}</span>
        </Figure>
        <Figure
          name="lag"
          title="From when the pipeline first saw a post to its arrival here: the median of ten seconds"
        >
          <span data-testid="lag">{lag ? formatLag(lag.p50) : "–"}</span>
          {lag && <span className="ml-2 text-xs font-normal text-muted">p99 {formatLag(lag.p99)}</span>}
        </Figure>
        <Figure name={viewers === 1 ? "viewer" : "viewers"} title="Open event streams">
          <span data-testid="viewers">{formatCount(viewers)}</span>
        </Figure>
      </dl>
      <div className="ml-auto flex items-center gap-4 lg:ml-0">
        <Link className="link text-sm" href="/architecture">
          Architecture
        </Link>
        <ThemeSwitch initial={theme} />
      </div>
    </header>
  );
});

function Figure({ name, title, children }: { name: string; title: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline gap-1.5" title={title}>
      <dd className="order-first text-sm font-semibold">{children}</dd>
      <dt className="order-last text-xs text-muted">{name}</dt>
    </div>
  );
}
