/** What was noted last about each key, for a fixed number of keys; the one noted longest ago is forgotten first. */
export class Notes<T> {
  readonly #notes = new Map<string, T>();

  constructor(readonly capacity: number) {}

  get(key: string): T | undefined {
    return this.#notes.get(key);
  }

  set(key: string, note: T): void {
    this.#notes.delete(key);
    this.#notes.set(key, note);
    if (this.#notes.size <= this.capacity) return;
    for (const oldest of this.#notes.keys()) {
      this.#notes.delete(oldest);
      return;
    }
  }

  delete(key: string): void {
    this.#notes.delete(key);
  }

  values(): IterableIterator<T> {
    return this.#notes.values();
  }
}
