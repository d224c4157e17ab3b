import { connection } from "next/server";
import { Dashboard } from "@/components/Dashboard";
import { parseFilter } from "@/lib/filter";
import { dashboard } from "@/server/dashboard";

type Query = Promise<Record<string, string | string[] | undefined>>;

/** The first picture comes with the page; the browser then follows the stream from exactly there. */
export default async function Page({ searchParams }: { searchParams: Query }) {
  await connection();
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(await searchParams)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first) query.set(name, first);
  }
  const { filter } = parseFilter(query);
  return <Dashboard filter={filter} snapshot={dashboard().hub.snapshot(filter)} />;
}
