import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Peer, Sockets } from "./sockets";

const sockets = new Sockets();
const peers: Peer[] = [];
/** Answers with more than anybody's buffers hold, and goes on when the other end has taken it. */
const server = createServer((request, response) => {
  peers.push(sockets.peerOf(new Headers(request.headers as Record<string, string>)));
  response.write("x".repeat(50_000_000), () => response.end());
});

beforeAll(async () => {
  sockets.watch();
  await once(server.listen(0, "127.0.0.1"), "listening");
});

afterAll(() => {
  server.close();
});

async function ask(header = "") {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").pause();
  const asked = once(server, "request");
  socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\n${header}\r\n`);
  const [, response] = await asked;
  return { socket, gone: once(response, "close"), peer: peers.at(-1) };
}

it("a peer that reads nothing is cut off at once, and nobody else", async () => {
  const [stalled, other] = [await ask(), await ask()];
  expect(stalled.peer?.address).toBe("127.0.0.1");
  stalled.peer?.cut();
  await stalled.gone;
  stalled.socket.destroy();
  other.socket.resume();
  await other.gone;
  other.socket.destroy();
});

it("nobody is taken for another by a header that he writes", async () => {
  const first = await ask();
  const second = await ask("X-Socket-Number: 1\r\n");
  second.peer?.cut();
  await second.gone;
  expect(first.socket.destroyed).toBe(false);
  for (const { socket } of [first, second]) socket.destroy();
});
