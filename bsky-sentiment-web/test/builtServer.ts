import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";

const root = join(import.meta.dirname, "..");

/** Whether `npm run build` has left a server to test. */
export const built = existsSync(join(root, ".next/standalone/server.js"));
if (!built) console.warn("No built server found: run `npm run build` to have it tested too.");

/** Generous: it only bounds how long a failure takes. */
const PATIENCE = { timeout: 60_000, interval: 100 };

/** Starts the built server and waits until it answers. */
export async function startServer(
  port: number,
  natsUrl: string,
  settings: Record<string, string> = {},
): Promise<ChildProcess> {
  const env = { ...process.env, PORT: `${port}`, HOSTNAME: "127.0.0.1", NATS_URL: natsUrl, ...settings };
  const server = spawn("node", ["scripts/start.mjs"], { cwd: root, env, stdio: "ignore" });
  await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/api/health`), PATIENCE);
  return server;
}
