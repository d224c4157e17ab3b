/** Why no more viewers are taken: the process or the address has as many as it may, or the server is stopping. */
export type Refusal = "process" | "address" | "stopping";

/** How many event streams may be open, in all and from one address. */
export class Seats {
  readonly #byAddress = new Map<string, number>();
  taken = 0;

  constructor(
    readonly perProcess: number,
    readonly perAddress: number,
  ) {}

  /** Takes a seat, or says why there is none. */
  take(address: string): Refusal | null {
    if (this.taken >= this.perProcess) return "process";
    const beside = this.#byAddress.get(address) ?? 0;
    if (beside >= this.perAddress) return "address";
    this.#byAddress.set(address, beside + 1);
    this.taken++;
    return null;
  }

  free(address: string): void {
    const left = (this.#byAddress.get(address) ?? 0) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
    this.taken--;
  }
}
