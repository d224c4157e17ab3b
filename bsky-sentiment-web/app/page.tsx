import { cookies } from "next/headers";
import { Dashboard } from "@/components/Dashboard";
import { isLive } from "@/lib/span";
import { parseTheme, THEME_COOKIE } from "@/lib/theme";
import { parseView } from "@/lib/view";
import { dashboard } from "@/server/dashboard";

type Query = Promise<Record<string, string | string[] | undefined>>;

/** The first picture comes with the page; the browser then follows the stream from exactly there. */
export default async function Page({ searchParams }: { searchParams: Query }) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(await searchParams)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first) query.set(name, first);
  }
  const { hub } = dashboard();
  const view = parseView(query, Date.now());
  const first = isLive(view.range) ? null : hub.range(view.range);
  const theme = parseTheme((await cookies()).get(THEME_COOKIE)?.value);
  return <Dashboard first={first} snapshot={hub.snapshot(view.filter)} theme={theme} view={view} />;
}
