import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** Whoever takes nothing of an answer for so long is gone; event streams say something every second. */
const SILENT_MS = 60_000;
/** Where a route finds the number of its socket. What a client writes there is overwritten. */
const NUMBER_HEADER = "x-socket-number";

/** The other end of a request's socket. */
export type Peer = {
  address: string;
  /** Ends the connection at once, whatever is still to be sent. */
  cut: () => void;
};

/**
 * Next.js does not show its sockets to a route; Node announces every request, with its socket, on a channel before it is
 * handled. So a route learns the peer's address, and can cut off one that does not read: an end of the answer would wait
 * behind what was written before, for as long as the other end likes, and no longer count as a viewer.
 */
export class Sockets {
  readonly #open = new Map<string, Socket>();
  readonly #numbers = new WeakMap<Socket, string>();
  #last = 0;

  /** Begins to number them. */
  watch(): void {
    subscribe("http.server.request.start", (message) => {
      const { request } = message as { request: IncomingMessage };
      request.headers[NUMBER_HEADER] = this.#numberOf(request.socket);
      request.socket.setTimeout(SILENT_MS);
    });
  }

  /** Who asks with these headers. */
  peerOf(headers: Headers): Peer {
    const socket = this.#open.get(headers.get(NUMBER_HEADER) ?? "");
    return { address: socket?.remoteAddress ?? "", cut: () => socket?.destroy() };
  }

  #numberOf(socket: Socket): string {
    const known = this.#numbers.get(socket);
    if (known) return known;
    const number = `${++this.#last}`;
    this.#numbers.set(socket, number);
    this.#open.set(number, socket);
    socket.once("close", () => this.#open.delete(number));
    return number;
  }
}
