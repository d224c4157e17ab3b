import { z } from "zod";
import { parseFilter } from "@/lib/filter";
import { dashboard } from "@/server/dashboard";
import { eventStream } from "@/server/eventStream";
import type { Refusal } from "@/server/seats";

export const dynamic = "force-dynamic";

const headers = {
  "Content-Type": "text/event-stream; charset=utf-8",
  // no-transform keeps compression, and X-Accel-Buffering keeps nginx, from holding events back.
  "Cache-Control": "no-cache, no-transform",
  "X-Accel-Buffering": "no",
};

/** Posts a second; a page that shows more cannot be read, and a limit of none is what leaving it out means. */
const maxRateSchema = z.coerce.number().int().min(1).max(100);
const MAX_EVENT_ID_LENGTH = 64;

const RETRY_AFTER_S = "10";
const REFUSALS: Record<Refusal, { status: number; error: string }> = {
  address: { status: 429, error: "this address has as many open streams as it may" },
  process: { status: 503, error: "this server has as many open streams as it may" },
  stopping: { status: 503, error: "this server is stopping" },
};

/** Server-sent events: `snapshot`, then `post`, `edit`, `remove`, `stats` and `state`. README.md documents the format. */
export function GET(request: Request): Response {
  const query = new URL(request.url).searchParams;
  const { filter, errors } = parseFilter(query);
  if (errors.length > 0) {
    return Response.json({ error: "unknown filter value", parameters: errors }, { status: 400 });
  }
  const maxRate = query.has("max_rate") ? maxRateSchema.safeParse(query.get("max_rate")) : null;
  if (maxRate && !maxRate.success) {
    const parameters = [{ parameter: "max_rate", allowed: "a whole number from 1 to 100" }];
    return Response.json({ error: "unusable max_rate", parameters }, { status: 400 });
  }
  const lastEventId = request.headers.get("Last-Event-ID") ?? query.get("last_event_id");
  const options = {
    filter,
    maxRate: maxRate?.data ?? null,
    lastEventId: lastEventId && lastEventId.length <= MAX_EVENT_ID_LENGTH ? lastEventId : null,
  };
  const { hub, sockets, trustedProxies } = dashboard();
  const { address: peer, cut } = sockets.peerOf(request.headers);
  const address = trustedProxies.clientOf(peer, request.headers.get("X-Forwarded-For"));
  const body = eventStream(hub, { address, cut }, options, request.signal);
  return typeof body === "string" ? refuse(body) : new Response(body, { headers });
}

/** Without it Next.js would open a stream for a HEAD request too, which nobody reads and nobody ends. */
export function HEAD(): Response {
  return new Response(null, { headers });
}

function refuse(refusal: Refusal): Response {
  const { status, error } = REFUSALS[refusal];
  return Response.json({ error }, { status, headers: { "Retry-After": RETRY_AFTER_S } });
}
