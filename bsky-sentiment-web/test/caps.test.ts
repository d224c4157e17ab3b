import type { ChildProcess } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { freePort } from "./broker";
import { built, startServer } from "./builtServer";

/** Two streams in all, one for an address, behind a proxy that is trusted. */
const CAPS = { MAX_VIEWERS: "2", MAX_VIEWERS_PER_ADDRESS: "1", TRUSTED_PROXIES: "127.0.0.1" };

describe.skipIf(!built)("a server with few seats", { timeout: 60_000 }, () => {
  let server: ChildProcess;
  let url: string;

  beforeAll(async () => {
    const [port, nobody] = [await freePort(), await freePort()];
    url = `http://127.0.0.1:${port}/api/stream`;
    server = await startServer(port, `nats://127.0.0.1:${nobody}`, CAPS);
  });

  afterAll(() => {
    server.kill("SIGKILL");
  });

  async function asks(
    address: string,
    method = "GET",
  ): Promise<{ status: number; leave: () => void; answer: Response }> {
    const leaving = new AbortController();
    const answer = await fetch(url, {
      method,
      headers: { "X-Forwarded-For": address },
      signal: leaving.signal,
    });
    return { status: answer.status, leave: () => leaving.abort(), answer };
  }

  it("gives one to each address, tells who is refused why and for how long, and gives on what is left", async () => {
    const [first, second] = [await asks("192.0.2.1"), await asks("192.0.2.2")];
    expect([first.status, second.status]).toEqual([200, 200]);
    const full = await asks("192.0.2.3");
    expect([full.status, await full.answer.json()]).toEqual([
      503,
      { error: expect.stringContaining("this server") },
    ]);
    second.leave();
    await vi.waitFor(async () => expect((await asks("192.0.2.1")).status).toBe(429), 10_000);
    const again = await asks("192.0.2.1");
    expect(await again.answer.json()).toEqual({ error: expect.stringContaining("this address") });
    for (const refused of [full, again]) expect(refused.answer.headers.get("Retry-After")).toBe("10");
    expect((await asks("192.0.2.3")).status).toBe(200);
    first.leave();
  });

  it("keeps none for who only asks for the head", async () => {
    for (let times = 0; times < 3; times++) expect((await asks("192.0.2.9", "HEAD")).status).toBe(200);
    await vi.waitFor(async () => {
      const seat = await asks("192.0.2.9");
      seat.leave();
      expect(seat.status).toBe(200);
    }, 10_000);
  });
});
