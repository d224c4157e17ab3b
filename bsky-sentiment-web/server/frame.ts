/** One server-sent event. JSON has no line breaks of its own, so one `data:` line always suffices. */
export function sseFrame(event: string, data: unknown, id?: string): string {
  return `${id ? `id: ${id}\n` : ""}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A comment, which browsers pass over. */
export const HEARTBEAT = ": heartbeat\n\n";
