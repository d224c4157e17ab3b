import type { ChildProcess } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "./broker";
import { built, startServer } from "./builtServer";

/** The built server with no broker to be found, which is no reason for it not to answer. */
describe.skipIf(!built)("the built server", { timeout: 60_000 }, () => {
  let server: ChildProcess;
  let origin: string;

  beforeAll(async () => {
    const [port, nobody] = [await freePort(), await freePort()];
    origin = `http://127.0.0.1:${port}`;
    server = await startServer(port, `nats://127.0.0.1:${nobody}`);
  });

  afterAll(() => {
    server.kill("SIGKILL");
  });

  it("is healthy and not ready without a broker, and says why", async () => {
    const health = await fetch(`${origin}/api/health`);
    expect([health.status, (await health.json()).state]).toEqual([200, "connecting"]);
    expect((await fetch(`${origin}/api/ready`)).status).toBe(503);
    expect(await (await fetch(`${origin}/metrics`)).text()).toMatch(/^nats_connected 0$/m);
  });

  it("gives every page a nonce of its own, and every script of the page carries it", async () => {
    const nonces = new Set<string>();
    for (const path of ["/", "/", "/there-is-no-such-page"]) {
      const answer = await fetch(origin + path);
      const policy = answer.headers.get("Content-Security-Policy") ?? "";
      const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? "";
      const scripts = (await answer.text()).match(/<script[^>]*>/g) ?? [];
      expect(scripts.length).toBeGreaterThan(0);
      for (const script of scripts) expect(script).toContain(`nonce="${nonce}"`);
      expect(policy).not.toMatch(/unsafe/);
      expect(policy).toContain("frame-ancestors 'none'");
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(3);
  });

  it("lets no browser make of any answer more than it is", async () => {
    const page = await (await fetch(origin)).text();
    const script = /_next\/static\/[^"]+\.js/.exec(page)?.[0];
    const data = [
      `/${script}`,
      "/api/health",
      "/api/ready",
      "/api/stats",
      "/api/nothing",
      "/api/stream?lang=*",
      "/metrics",
    ];
    for (const path of [...data, "/", "/architecture", "/icon.svg", "/there-is-no-such-page", "/metrics/x"]) {
      const { headers } = await fetch(origin + path);
      expect([path, headers.get("X-Content-Type-Options")]).toEqual([path, "nosniff"]);
      expect([path, headers.get("Cross-Origin-Resource-Policy")]).toEqual([path, "same-origin"]);
      expect([path, headers.get("Referrer-Policy")]).toEqual([path, "no-referrer"]);
      expect([path, headers.get("Strict-Transport-Security")]).toEqual([path, "max-age=31536000"]);
      const policy = headers.get("Content-Security-Policy");
      expect([path, policy]).toEqual([
        path,
        expect.stringMatching(/^default-src 'none'; .*frame-ancestors 'none'$/),
      ]);
      if (data.includes(path)) expect([path, policy]).toEqual([path, expect.not.stringContaining("nonce")]);
    }
  });

  it.each(["sentiment=joy", "topic=*", "topic=%3E", "topic=sports.%3E", "max_rate=0", "max_rate=x"])(
    "answers the stream query %s with 400 and what is allowed instead",
    async (query) => {
      const answer = await fetch(`${origin}/api/stream?${query}`);
      expect(answer.status).toBe(400);
      const { error, parameters } = await answer.json();
      expect(error).toMatch(/^un/);
      expect(parameters).toMatchObject([{ parameter: query.split("=")[0], allowed: expect.anything() }]);
    },
  );

  it("leaves by itself when told to stop, though a stream is open", async () => {
    const stream = await fetch(`${origin}/api/stream`);
    expect(stream.headers.get("Content-Type")).toBe("text/event-stream; charset=utf-8");
    const exited = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGTERM");
    expect(await stream.text()).toContain("event: state");
    await exited;
  });
});
