/** How many 32-bit words a SHA-256 has. */
export const hashWords = 8;

/**
 * Values by SHA-256. An open-addressing table (linear probing, at most half full) of the hashes themselves in one typed
 * array: a look-up reads one or two lines of the processor's cache before the value, where a Map of strings reads five, and a
 * hash takes 32 bytes instead of a string's 80. The hash needs no hashing: its bits are random already.
 */
export class HashIndex<Value> {
  #words: Uint32Array;
  #values: (Value | undefined)[];
  #mask: number;
  #size = 0;

  constructor(capacity = 64) {
    this.#words = new Uint32Array(capacity * hashWords);
    this.#values = new Array<Value | undefined>(capacity).fill(undefined);
    this.#mask = capacity - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** @param hash eight words. */
  get(hash: Uint32Array): Value | undefined {
    return this.#values[this.#slotOf(hash)];
  }

  set(hash: Uint32Array, value: Value): void {
    const slot = this.#slotOf(hash);
    if (this.#values[slot] === undefined) {
      if ((this.#size + 1) * 2 > this.#mask) {
        this.#grow();
        return this.set(hash, value);
      }
      this.#words.set(hash, slot * hashWords);
      this.#size += 1;
    }
    this.#values[slot] = value;
  }

  delete(hash: Uint32Array): void {
    let hole = this.#slotOf(hash);
    if (this.#values[hole] === undefined) return;
    this.#size -= 1;
    // What was pushed on by others moves up, so that no look-up ends at a hole before it.
    for (let slot = (hole + 1) & this.#mask; this.#values[slot] !== undefined; slot = (slot + 1) & this.#mask) {
      const home = (this.#words[slot * hashWords] as number) & this.#mask;
      if (((slot - home) & this.#mask) < ((slot - hole) & this.#mask)) continue;
      this.#words.copyWithin(hole * hashWords, slot * hashWords, (slot + 1) * hashWords);
      this.#values[hole] = this.#values[slot];
      hole = slot;
    }
    this.#values[hole] = undefined;
  }

  /** Where a hash is, or where it would be put. */
  #slotOf(hash: Uint32Array): number {
    const words = this.#words;
    for (let slot = (hash[0] as number) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      if (this.#values[slot] === undefined) return slot;
      let at = slot * hashWords;
      let word = 0;
      while (word < hashWords && words[at++] === hash[word]) word += 1;
      if (word === hashWords) return slot;
    }
  }

  #grow(): void {
    const [words, values] = [this.#words, this.#values];
    const capacity = values.length * 2;
    this.#words = new Uint32Array(capacity * hashWords);
    this.#values = new Array<Value | undefined>(capacity).fill(undefined);
    this.#mask = capacity - 1;
    this.#size = 0;
    for (let slot = 0; slot < values.length; slot++) {
      const value = values[slot];
      if (value !== undefined) this.set(words.subarray(slot * hashWords, (slot + 1) * hashWords), value);
    }
  }
}
