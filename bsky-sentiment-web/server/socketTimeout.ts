import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/** Twice what the hub gives a viewer, who takes figures every second: only a dead or blocked connection is so still. */
const SILENT_MS = 60_000;

/**
 * Cuts the connections of event streams whose other end no longer reads.
 *
 * The hub drops such a viewer, but what was written for it last would keep the connection open for ever. Next.js does not
 * show its sockets to a route; Node announces every request, with its socket, on this channel.
 */
export function cutSilentStreams(path: string): void {
  subscribe("http.server.request.start", (message) => {
    const { request } = message as { request: IncomingMessage };
    if (request.url?.startsWith(path)) request.socket.setTimeout(SILENT_MS);
  });
}
