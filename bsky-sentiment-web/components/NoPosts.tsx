import { EVERYTHING, type Filter, filterQuery } from "@/lib/filter";
import type { State } from "@/lib/wire";

type Props = { state: State; filter: Filter; search: string };

/** Why there are no posts, and what will bring some. */
export function NoPosts({ state, filter, search }: Props) {
  const [what, why] = explain({ state, filter, search });
  return (
    <div
      className="mt-4 rounded-xl border border-dashed border-line px-6 py-16 text-center text-muted"
      data-testid="nothing"
    >
      <p className="font-medium text-ink">{what}</p>
      <p className="mt-1 text-sm">{why}</p>
    </div>
  );
}

function explain({ state, filter, search }: Props): [string, string] {
  if (search) return ["No post here has these words", "Only the posts of this page are searched."];
  const filtered = filterQuery(filter) !== filterQuery(EVERYTHING);
  const listening = state.state === "live" || state.state === "stale";
  if (filtered && listening)
    return ["No post matches this filter yet", "The next one that does appears here."];
  return ["No posts yet", state.detail];
}
