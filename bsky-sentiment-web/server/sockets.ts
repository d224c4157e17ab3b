import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/** Twice what the hub gives a viewer, who takes figures every second: only a dead or blocked connection is so still. */
const SILENT_MS = 60_000;
/** Where a route finds the address of the socket's other end. What a client writes there is overwritten. */
export const PEER_HEADER = "x-peer-address";

/**
 * Next.js does not show its sockets to a route; Node announces every request, with its socket, on this channel before it
 * is handled. So routes learn the peer's address, and the connections of event streams are cut whose other end no longer
 * reads: the hub drops such a viewer, but what was written for it last would keep the connection open for ever.
 */
export function watchSockets(eventStreams: string): void {
  subscribe("http.server.request.start", (message) => {
    const { request } = message as { request: IncomingMessage };
    request.headers[PEER_HEADER] = request.socket.remoteAddress ?? "";
    if (request.url?.startsWith(eventStreams)) request.socket.setTimeout(SILENT_MS);
  });
}
