import { dashboard } from "@/server/dashboard";

export const dynamic = "force-dynamic";

/** Prometheus text format. */
export async function GET(): Promise<Response> {
  const { hub, metricsEnabled } = dashboard();
  if (!metricsEnabled) return new Response("metrics are switched off (METRICS_ENABLED)\n", { status: 404 });
  const { registry } = hub.metrics;
  return new Response(await registry.metrics(), { headers: { "Content-Type": registry.contentType } });
}
