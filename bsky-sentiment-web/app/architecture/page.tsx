import type { Metadata } from "next";
import Link from "next/link";
import { Logo } from "@/components/Logo";
import { WayOfAPost } from "@/components/WayOfAPost";
import { formatCount, formatLag, formatRate } from "@/lib/format";
import { WAY } from "@/lib/way";
import { dashboard } from "@/server/dashboard";

export const metadata: Metadata = { title: "Architecture · Bluesky sentiment" };

/** How a post gets here, with the figures of the moment in which the page is asked for. */
export default function Architecture() {
  const { rate, lag, viewers } = dashboard().hub.stats();
  return (
    <main className="mx-auto max-w-[96rem] px-4 py-5 sm:px-8 xl:px-12">
      <Link className="link inline-flex items-center gap-2.5 text-sm" href="/">
        <Logo />
        Back to the dashboard
      </Link>
      <h1 className="mt-10 text-3xl font-semibold tracking-tight">The way of a post</h1>
      <p className="mt-3 max-w-[65ch] text-muted">
        {formatRate(rate)} posts a second take this way now
        {lag && `, half of them in less than ${formatLag(lag.p50)}`}, to {formatCount(viewers)}{" "}
        {viewers === 1 ? "viewer" : "viewers"}. Services meet only in the streams; none calls another.
      </p>
      <div className="mt-12">
        <WayOfAPost />
      </div>
      <ol className="mt-10 grid gap-x-10 gap-y-8 md:grid-cols-2 xl:grid-cols-3">
        {WAY.map(({ name, kind, does }, place) => (
          <li className="border-t border-line pt-4" key={name}>
            <p className="text-sm text-muted">
              {place + 1} · {kind}
            </p>
            <h2 className="mt-1 font-semibold">{name}</h2>
            <p className="mt-1 text-sm text-muted">{does}</p>
          </li>
        ))}
      </ol>
    </main>
  );
}
