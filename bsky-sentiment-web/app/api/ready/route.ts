import { dashboard } from "@/server/dashboard";

export const dynamic = "force-dynamic";

/** 200 while the page can show what is in the stream. */
export function GET(): Response {
  const { hub } = dashboard();
  const { state, detail } = hub.state();
  const ready = hub.caughtUp && state !== "disconnected" && !hub.closed;
  return Response.json(
    { ready, state, detail },
    { status: ready ? 200 : 503, headers: { "Cache-Control": "no-store" } },
  );
}
