/** What the reader of the stream reports. The hub listens. */
export interface StreamListener {
  connection(status: "connected" | "disconnected"): void;
  /** The stream does not exist (yet). */
  missing(stream: string): void;
  /** Reading starts after sequence `floor` of the stream's life `epoch`; whatever was known before is void. */
  begin(epoch: string, floor: number): void;
  /** One message in order; `storedAt` is when the broker stored it (ms). */
  message(sequence: number, data: Uint8Array, storedAt: number): void;
  /** Everything that was stored has been read; what comes now is new. */
  reachedEnd(): void;
}
