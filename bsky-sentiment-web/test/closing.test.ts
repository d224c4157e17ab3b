import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, it } from "vitest";
import { freePort } from "./broker";
import { built, startServer } from "./builtServer";

const VIEWERS = 500;
/** So many of them take nothing from the start. */
const STALLED = 100;
/** What a pod is given from SIGTERM to SIGKILL. */
const GRACE_MS = 10_000;

/** A viewer by its bare socket; one that is stalled does not read. */
async function view(port: number, stalled: boolean): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write("GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  if (stalled) return socket.pause();
  const [head] = await once(socket, "data");
  expect(`${head}`).toMatch(/^HTTP\/1.1 200/);
  return socket.resume();
}

it.skipIf(!built)(
  `a server with ${VIEWERS} viewers is gone in the time that a pod is given, though ${STALLED} of them read nothing`,
  { timeout: 60_000 },
  async () => {
    const [port, nobody] = [await freePort(), await freePort()];
    const server = await startServer(port, `nats://127.0.0.1:${nobody}`, {
      MAX_VIEWERS_PER_ADDRESS: `${VIEWERS}`,
    });
    try {
      const viewers: Socket[] = [];
      while (viewers.length < VIEWERS) viewers.push(await view(port, viewers.length < STALLED));
      const reading = viewers.slice(STALLED).map((socket) => once(socket, "end"));
      const { viewers: counted } = await (await fetch(`http://127.0.0.1:${port}/api/health`)).json();
      expect(counted).toBe(VIEWERS);
      const gone = once(server, "exit", { signal: AbortSignal.timeout(GRACE_MS) });
      server.kill("SIGTERM");
      expect(await gone).toEqual([0, null]);
      await Promise.all(reading);
      for (const socket of viewers) socket.destroy();
    } finally {
      server.kill("SIGKILL");
    }
  },
);
