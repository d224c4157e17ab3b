/**
 * The newest items of an ascending sequence, a fixed number of them.
 *
 * Sequences rise but may have gaps (a stream deletes, a message may be no post), so a position is always found by
 * search and never by arithmetic. Pushing costs O(1), finding a position O(log n).
 */
export class Ring<T extends { readonly sequence: number }> {
  readonly #items: T[] = [];
  #head = 0;

  constructor(readonly capacity: number) {}

  get size(): number {
    return this.#items.length;
  }

  get newest(): T | undefined {
    return this.at(this.size - 1);
  }

  /** The item at a place counted from the oldest one. */
  at(place: number): T | undefined {
    if (place < 0 || place >= this.size) return undefined;
    return this.#items[(this.#head + place) % this.size];
  }

  /**
   * Adds the newest item and returns the one that had to leave for it.
   *
   * @throws RangeError if its sequence does not rise.
   */
  push(item: T): T | undefined {
    const newest = this.newest;
    if (newest && item.sequence <= newest.sequence) {
      throw new RangeError(`sequence ${item.sequence} does not follow ${newest.sequence}`);
    }
    if (this.size < this.capacity) {
      this.#items.push(item);
      return undefined;
    }
    const evicted = this.#items[this.#head];
    this.#items[this.#head] = item;
    this.#head = (this.#head + 1) % this.capacity;
    return evicted;
  }

  /** The place of the first item above a sequence; `size` if there is none. */
  placeAfter(sequence: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.at(middle)?.sequence ?? 0) <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
