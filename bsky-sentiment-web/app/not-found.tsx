import Link from "next/link";

export default function NotFound() {
  return (
    <main className="mx-auto max-w-prose px-6 py-24">
      <h1 className="text-2xl font-semibold">There is no such page</h1>
      <p className="mt-3 text-muted">
        <Link className="underline underline-offset-4" href="/">
          Back to the dashboard
        </Link>
      </p>
    </main>
  );
}
