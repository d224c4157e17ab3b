import type { TrustedProxies } from "./address";
import { Hub, WINDOW_POSTS } from "./hub";
import { log } from "./log";
import { createMetrics } from "./metrics";
import { StreamReader } from "./nats";
import { Seats } from "./seats";
import { readSettings, type Settings, SettingsError } from "./settings";
import { Sockets } from "./sockets";

/** Open requests other than streams are short; whoever needs longer than this is not waited for. */
const EXIT_AFTER_MS = 5_000;

/** What the routes share: the hub, its reader, and what they measure. */
export type Dashboard = {
  hub: Hub;
  reader: StreamReader;
  sockets: Sockets;
  trustedProxies: TrustedProxies;
  metricsEnabled: boolean;
  startedAt: number;
};

/**
 * Next.js bundles instrumentation and every route by itself, so each would get its own copy of a module variable.
 * The process-wide object is the only place they all see.
 */
const key = Symbol.for("bsky-sentiment-web.dashboard");
const shared = globalThis as typeof globalThis & { [key]?: Dashboard };

/** Starts reading and serving; once per process. An environment that cannot be used ends the process with a word why. */
export function startDashboard(): void {
  if (shared[key]) return;
  const settings = settingsOrExit();
  const { metricsEnabled, maxViewers, maxViewersPerAddress, trustedProxies } = settings;
  const metrics = createMetrics();
  const seats = new Seats(maxViewers, maxViewersPerAddress);
  const hub = new Hub(metrics, WINDOW_POSTS, Date.now, seats);
  const reader = new StreamReader(settings, hub, metrics, WINDOW_POSTS);
  const sockets = new Sockets();
  shared[key] = { hub, reader, sockets, trustedProxies, metricsEnabled, startedAt: Date.now() };
  hub.start();
  sockets.watch();
  void reader.run();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop(hub, reader));
}

/** @throws Error if `startDashboard` has not run, which Next.js does before it serves anything. */
export function dashboard(): Dashboard {
  const running = shared[key];
  if (!running) throw new Error("the dashboard has not been started");
  return running;
}

function settingsOrExit(): Settings {
  try {
    return readSettings(process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.error(`Cannot start: ${error.message}`);
    process.exit(1);
  }
}

/** Next.js waits for open requests before it exits, and an event stream never ends by itself. */
function stop(hub: Hub, reader: StreamReader): void {
  log("info", "stopping", { viewers: hub.viewers });
  hub.close();
  void reader.stop();
  setTimeout(() => process.exit(0), EXIT_AFTER_MS).unref();
}
