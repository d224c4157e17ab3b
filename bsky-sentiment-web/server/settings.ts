import { z } from "zod";
import { TrustedProxies } from "./address";
import { filterSubjects } from "./subjects";

/** Characters that neither a subject wildcard nor the JetStream API's own subjects could misread. */
const streamName = /^[A-Za-z0-9_-]+$/;
const subject = /^[A-Za-z0-9_&-]+(\.([A-Za-z0-9_&-]+|\*))*(\.>)?$/;

/** Each open event stream costs a socket and a second's worth of buffers. */
const viewers = z.coerce.number("must be a whole number").int().min(1).max(100_000);

export const environment = z.object({
  NATS_URL: z.string().min(1).default("nats://localhost:4222"),
  OUTPUT_STREAM: z
    .string()
    .regex(streamName, "must be a stream name: letters, digits, - and _")
    .default("bluesky-posts-enriched"),
  OUTPUT_SUBJECT: z
    .string()
    .regex(subject, "must be a subject such as bluesky.enriched.>")
    .default("bluesky.enriched.>"),
  METRICS_ENABLED: z.enum(["true", "false", "1", "0"]).default("true"),
  MAX_VIEWERS: viewers.default(5_000),
  MAX_VIEWERS_PER_ADDRESS: viewers.default(50),
  TRUSTED_PROXIES: z.string().default(""),
});

export type NatsServer = {
  servers: string[];
  user?: string;
  pass?: string;
  token?: string;
  /** Where answers come to: the broker can keep each user from reading what is meant for another. */
  inboxPrefix?: string;
};

export type Settings = {
  nats: NatsServer;
  stream: string;
  /** What of it is read; no two of them match the same message. */
  subjects: string[];
  metricsEnabled: boolean;
  /** Event streams that may be open at once, in all and from one address. */
  maxViewers: number;
  maxViewersPerAddress: number;
  trustedProxies: TrustedProxies;
};

/** An environment variable that cannot be used, said so that its owner can mend it. */
export class SettingsError extends Error {}

/**
 * Reads the settings.
 *
 * @throws SettingsError naming every variable at fault; values are not repeated, they may hold a password.
 */
export function readSettings(env: Record<string, string | undefined>): Settings {
  // An empty variable, as `NAME=` in an env file gives, means the same as none.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new SettingsError(faults.join("; "));
  }
  const { NATS_URL, OUTPUT_STREAM, OUTPUT_SUBJECT, METRICS_ENABLED } = parsed.data;
  const { MAX_VIEWERS, MAX_VIEWERS_PER_ADDRESS, TRUSTED_PROXIES } = parsed.data;
  return {
    nats: readServers(NATS_URL),
    stream: OUTPUT_STREAM,
    subjects: filterSubjects(OUTPUT_SUBJECT),
    metricsEnabled: METRICS_ENABLED === "true" || METRICS_ENABLED === "1",
    maxViewers: MAX_VIEWERS,
    maxViewersPerAddress: MAX_VIEWERS_PER_ADDRESS,
    trustedProxies: readProxies(TRUSTED_PROXIES),
  };
}

/** `nats://user:pass@a:4222,nats://b:4222`: the client wants addresses and credentials apart. */
function readServers(urls: string): NatsServer {
  const server: NatsServer = { servers: [] };
  for (const part of urls.split(",")) {
    const address = part.trim();
    if (!URL.canParse(address) || !/^(nats|tls):$/.test(new URL(address).protocol)) {
      throw new SettingsError(
        "NATS_URL: must be nats://host:port or tls://host:port, several apart by commas",
      );
    }
    const url = new URL(address);
    server.servers.push(`${url.protocol}//${url.hostname}:${url.port || "4222"}`);
    if (url.username && url.password) {
      server.user = decodeURIComponent(url.username);
      server.pass = decodeURIComponent(url.password);
      if (streamName.test(server.user)) server.inboxPrefix = `_INBOX.${server.user}`;
    } else if (url.username) {
      server.token = decodeURIComponent(url.username);
    }
  }
  return server;
}

function readProxies(list: string): TrustedProxies {
  try {
    return new TrustedProxies(
      list
        .split(",")
        .map((entry) => entry.trim())
        .filter(Boolean),
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SettingsError(
      "TRUSTED_PROXIES: must be addresses or subnets such as 10.0.0.0/8, several apart by commas",
    );
  }
}
