import { parseRange } from "@/lib/range";
import { dashboard } from "@/server/dashboard";

export const dynamic = "force-dynamic";

/** The figures of a range of time within the last day. README.md documents the format. */
export function GET(request: Request): Response {
  const asked = parseRange(new URL(request.url).searchParams, Date.now());
  if ("parameter" in asked) return refusal(asked);
  const range = dashboard().hub.range(asked);
  if (!range) return refusal({ parameter: "from", allowed: "a range that overlaps the last 24 hours" });
  return Response.json(range, { headers: { "Cache-Control": "no-store" } });
}

function refusal(parameter: { parameter: string; allowed: string }): Response {
  const body = { error: `unusable ${parameter.parameter}`, parameters: [parameter] };
  return Response.json(body, { status: 400 });
}
