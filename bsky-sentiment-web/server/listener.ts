import type { Past } from "./past";

/** What the reader of the stream reports. The hub listens. */
export interface StreamListener {
  connection(status: "connected" | "disconnected"): void;
  /** The stream does not exist (yet). */
  missing(stream: string): void;
  /**
   * Reading starts after sequence `floor` of the stream's life `epoch`; whatever was known before is void. `oldest` is
   * when the broker stored the stream's first message (ms), or null if none is at or below `floor`. Returns what is to be
   * read of those, once everything stored since is.
   */
  begin(epoch: string, floor: number, oldest: number | null): Past;
  /** One message in order; `storedAt` is when the broker stored it (ms). */
  message(sequence: number, data: Uint8Array, storedAt: number): void;
  /** Everything that was stored has been read; what comes now is new. */
  reachedEnd(): void;
}
