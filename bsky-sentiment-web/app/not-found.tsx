import Link from "next/link";

export default function NotFound() {
  return (
    <main className="mx-auto max-w-prose px-6 py-24">
      <h1 className="text-2xl font-semibold">There is no such page</h1>
      <p className="mt-3 text-muted">There are two: the dashboard and the architecture behind it.</p>
      <p className="mt-6 flex gap-6">
        <Link className="link" href="/">
          Dashboard
        </Link>
        <Link className="link" href="/architecture">
          Architecture
        </Link>
      </p>
    </main>
  );
}
