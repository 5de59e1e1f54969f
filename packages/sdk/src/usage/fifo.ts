/** A queue: first in, first out, at a constant price for each entry, which an array's `shift` does not have. */
export class Fifo<Entry> {
  #entries: (Entry | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** The oldest; undefined when there is none. */
  get first(): Entry | undefined {
    return this.#entries[this.#head];
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Takes the oldest out; undefined when there is none. */
  shift(): Entry | undefined {
    const entry = this.#entries[this.#head];
    if (this.length === 0) return undefined;
    this.#entries[this.#head++] = undefined; // so that it can be collected
    if (this.#head > 1_000 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }

  /** Puts entries back where they were, before all others. */
  putBack(entries: readonly Entry[]): void {
    this.#entries = [...entries, ...this.#entries.slice(this.#head)];
    this.#head = 0;
  }
}
