import type { State } from "@/lib/wire";

/** At the quietest hour the network still writes several posts a second; half a minute of nothing is a fault. */
export const STALE_AFTER_MS = 30_000;

export type Facts = {
  connection: "connecting" | "connected" | "disconnected";
  /** The name of the stream that does not exist yet. */
  streamMissing: string | null;
  caughtUp: boolean;
  /** When the broker stored the newest post of the window (ms). */
  newestAt: number | null;
  now: number;
};

/** What the page may honestly claim. "Live" needs a recent post, not merely a connection. */
export function describeState({ connection, streamMissing, caughtUp, newestAt, now }: Facts): State {
  if (connection === "connecting") return { state: "connecting", detail: "Waiting for the message broker." };
  if (connection === "disconnected") {
    return { state: "disconnected", detail: "The message broker cannot be reached; trying again." };
  }
  if (streamMissing) {
    return { state: "no-data", detail: `The stream ${streamMissing} does not exist yet; waiting for it.` };
  }
  if (!caughtUp) return { state: "connecting", detail: "Reading back the newest posts." };
  if (newestAt === null) return { state: "no-data", detail: "The stream holds no posts yet." };
  const seconds = Math.round((now - newestAt) / 1_000);
  if (now - newestAt > STALE_AFTER_MS) {
    return { state: "stale", detail: `The newest post is ${quietTime(seconds)} old.` };
  }
  return { state: "live", detail: "Posts arrive as they are written." };
}

/** Coarse on purpose, so that the sentence changes once a minute and not every second. */
function quietTime(seconds: number): string {
  if (seconds < 60) return "half a minute";
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return minutes === 1 ? "a minute" : `${minutes} minutes`;
  return `${Math.floor(minutes / 60)} hours`;
}
