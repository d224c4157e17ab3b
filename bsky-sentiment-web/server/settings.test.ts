import { describe, expect, it } from "vitest";
import { TrustedProxies } from "./address";
import { readSettings, SettingsError } from "./settings";

describe("the settings", () => {
  it("have defaults for a broker on this machine", () => {
    expect(readSettings({})).toEqual({
      nats: { servers: ["nats://localhost:4222"] },
      stream: "bluesky-posts-enriched",
      subjects: ["bluesky.enriched.*.*", "bluesky.enriched.*"],
      metricsEnabled: true,
      maxViewers: 5_000,
      maxViewersPerAddress: 50,
      trustedProxies: expect.any(TrustedProxies),
    });
  });

  it("take the subject of one topic, and an empty variable as none", () => {
    const { subjects } = readSettings({ OUTPUT_SUBJECT: "bluesky.enriched.*.food_&_dining" });
    expect(subjects).toEqual(["bluesky.enriched.*.food_&_dining", "bluesky.enriched.*"]);
    expect(readSettings({ OUTPUT_SUBJECT: "" })).toEqual(readSettings({}));
  });

  it("take several servers, and credentials out of the address", () => {
    expect(readSettings({ NATS_URL: "nats://web:s%40fe@a:4222, tls://b" }).nats).toEqual({
      servers: ["nats://a:4222", "tls://b:4222"],
      user: "web",
      pass: "s@fe",
      inboxPrefix: "_INBOX.web",
    });
  });

  it("give no inbox of its own to a user whose name is no token of a subject", () => {
    expect(readSettings({ NATS_URL: "nats://we.b%3E:s@a" }).nats).not.toHaveProperty("inboxPrefix");
  });

  it("name the variable at fault and never its value", () => {
    for (const env of [
      { NATS_URL: "http://secret" },
      { NATS_URL: "secret" },
      { OUTPUT_STREAM: "secret.*" },
      { OUTPUT_SUBJECT: "secret.>.x" },
      { OUTPUT_SUBJECT: ">" },
      { MAX_VIEWERS: "secret" },
      { MAX_VIEWERS_PER_ADDRESS: "0" },
      { TRUSTED_PROXIES: "secret" },
      { TRUSTED_PROXIES: "10.0.0.0/secret" },
      { TRUSTED_PROXIES: "10.0.0.0/99" },
    ]) {
      expect(() => readSettings(env)).toThrow(SettingsError);
      expect(() => readSettings(env)).toThrow(new RegExp(`^${Object.keys(env)[0]}`));
      expect(() => readSettings(env)).not.toThrow(/secret/);
    }
  });
});
