import { dashboard } from "@/server/dashboard";

export const dynamic = "force-dynamic";

/** 503 only if a restart would help: a broker that is away or a stream that is missing needs patience instead. */
export function GET(): Response {
  const { hub, reader, startedAt } = dashboard();
  const alive = reader.alive;
  const { state, detail } = hub.state();
  const body = {
    status: alive ? "ok" : "failed",
    state,
    detail,
    posts: hub.stats().window.total,
    viewers: hub.viewers,
    uptime_seconds: Math.round((Date.now() - startedAt) / 1_000),
  };
  return Response.json(body, { status: alive ? 200 : 503, headers: { "Cache-Control": "no-store" } });
}
