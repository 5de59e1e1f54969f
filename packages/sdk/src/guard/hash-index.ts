/** How many 32-bit words a SHA-256 has. */
export const hashWords = 8;

/** A slot is 16 words, a line of the processor's cache: the hash, and two numbers of whoever uses the index. */
const slotWords = 16;
/** How many references stand beside a hash. */
const besideEach = 3;

/**
 * Values by SHA-256. An open-addressing table (linear probing, at most half full) of the hashes themselves in one typed
 * array: a look-up reads one line of the processor's cache before the value, where a Map of strings reads five. The hash needs
 * no hashing: its bits are random already.
 *
 * Two numbers and three references can be put beside a hash, for whoever looks often: in a table of 100,000 keys each object that has
 * to be fetched from far away takes longer than the comparison, and these are where the hash has led already.
 */
export class HashIndex<Value, First = unknown, Second = unknown, Third = unknown> {
  #words: Uint32Array;
  #values: (Value | undefined)[];
  /** Made when something is first put beside a hash. */
  #beside: (First | Second | Third | undefined)[] = [];
  #mask: number;
  #size = 0;

  constructor(capacity = 64) {
    this.#words = new Uint32Array(capacity * slotWords);
    this.#values = new Array<Value | undefined>(capacity).fill(undefined);
    this.#mask = capacity - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** Grows now as far as it must for so many. */
  reserve(size: number): void {
    let capacity = this.#values.length;
    while (capacity < size * 2 + 1) capacity *= 2;
    if (capacity > this.#values.length) this.#resize(capacity);
  }

  /** @param hash eight words. */
  get(hash: Uint32Array): Value | undefined {
    return this.#values[this.slotOf(hash)];
  }

  set(hash: Uint32Array, value: Value): void {
    const slot = this.slotOf(hash);
    if (this.#values[slot] === undefined) {
      if ((this.#size + 1) * 2 > this.#mask) {
        this.#resize(this.#values.length * 2);
        return this.set(hash, value);
      }
      this.#words.set(hash, slot * slotWords);
      this.#size += 1;
    }
    this.#values[slot] = value;
    this.clearBeside(slot);
  }

  delete(hash: Uint32Array): void {
    let hole = this.slotOf(hash);
    if (this.#values[hole] === undefined) return;
    this.#size -= 1;
    // What was pushed on by others moves up, so that no look-up ends at a hole before it.
    for (let slot = (hole + 1) & this.#mask; this.#values[slot] !== undefined; slot = (slot + 1) & this.#mask) {
      const home = (this.#words[slot * slotWords] as number) & this.#mask;
      if (((slot - home) & this.#mask) < ((slot - hole) & this.#mask)) continue;
      this.#words.copyWithin(hole * slotWords, slot * slotWords, slot * slotWords + hashWords);
      this.#values[hole] = this.#values[slot];
      this.clearBeside(hole);
      hole = slot;
    }
    this.#words.fill(0, hole * slotWords, (hole + 1) * slotWords);
    this.#values[hole] = undefined;
    this.clearBeside(hole);
  }

  /** Where a hash is, or where it would be put. True until the next change. */
  slotOf(hash: Uint32Array): number {
    const words = this.#words;
    const first = hash[0] as number;
    for (let slot = first & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * slotWords;
      // Before a look at the value, which is far away: an empty slot is all zeros, and leads to no value.
      if (words[at] === first) {
        let word = 1;
        while (word < hashWords && words[at + word] === hash[word]) word += 1;
        if (word === hashWords) return slot;
      }
      if (this.#values[slot] === undefined) return slot;
    }
  }

  /** Puts something beside the hash of a slot: it is gone when another value comes there, or the value to another slot. */
  putBeside(slot: number, numbers: readonly [number, number], first?: First, second?: Second, third?: Third): void {
    if (this.#beside.length === 0) {
      this.#beside = new Array<undefined>(this.#values.length * besideEach).fill(undefined);
    }
    this.#words[slot * slotWords + hashWords] = numbers[0];
    this.#words[slot * slotWords + hashWords + 1] = numbers[1];
    this.#beside[slot * besideEach] = first;
    this.#beside[slot * besideEach + 1] = second;
    this.#beside[slot * besideEach + 2] = third;
  }

  /** The numbers beside a hash, from 0 to 2³² - 1; 0 when nothing was put there. */
  firstNumber(slot: number): number {
    return this.#words[slot * slotWords + hashWords] as number;
  }

  secondNumber(slot: number): number {
    return this.#words[slot * slotWords + hashWords + 1] as number;
  }

  /** The references beside a hash, to be read only where a number says that they were put there. */
  first(slot: number): First {
    return this.#beside[slot * besideEach] as First;
  }

  second(slot: number): Second {
    return this.#beside[slot * besideEach + 1] as Second;
  }

  third(slot: number): Third {
    return this.#beside[slot * besideEach + 2] as Third;
  }

  /** Takes away what was put beside the hash of a slot. */
  clearBeside(slot: number): void {
    this.#words[slot * slotWords + hashWords] = 0;
    this.#words[slot * slotWords + hashWords + 1] = 0;
    if (this.#beside.length > 0) this.#beside.fill(undefined, slot * besideEach, (slot + 1) * besideEach);
  }

  #resize(capacity: number): void {
    const [words, values] = [this.#words, this.#values];
    this.#words = new Uint32Array(capacity * slotWords);
    this.#values = new Array<Value | undefined>(capacity).fill(undefined);
    this.#beside = [];
    this.#mask = capacity - 1;
    this.#size = 0;
    for (let slot = 0; slot < values.length; slot++) {
      const value = values[slot];
      if (value !== undefined) this.set(words.subarray(slot * slotWords, slot * slotWords + hashWords), value);
    }
  }
}
