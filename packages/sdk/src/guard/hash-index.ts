/** How many 32-bit words a SHA-256 has. */
export const hashWords = 8;

/** A line is 12 words: the hash, and numbers of whoever uses the index. */
const lineWords = 12;
const numbersEach = 3;
/** How many references stand beside a hash. */
const besideEach = 2;

/** The entry that no hash has: nothing stands beside it. */
export const noEntry = 0;

/**
 * Values by SHA-256. Each hash has an entry of its own, as long as it is there: a line in one typed array, without gaps. Where it is
 * says a second, small one: an open-addressing table (linear probing, at most half full) with a word for each slot. Its low bits
 * are the entry; the others are those of the hash's first word, of which the low ones say where probing begins. The hash
 * needs no hashing: its bits are random already.
 *
 * Three numbers and two references can be put beside a hash, for whoever looks often. Of 100,000 keys nothing is near, neither in the
 * processor's caches nor in its table of pages, and each object that has to be fetched costs as much as half a hash. The
 * closer all that a look-up needs stands together, the more of it is near: one table with all of this in it, as sparse as it has to be for
 * probing, is larger, and look-ups in it were measured slower. All words have a sign, because a number with one is no object anywhere.
 */
export class HashIndex<Value, First = unknown, Second = unknown> {
  #slots: Int32Array;
  #mask: number;
  #lines: Int32Array;
  /** The same memory from the first line's numbers on. */
  #numbers: Int32Array;
  readonly #values: (Value | undefined)[] = [undefined];
  readonly #beside: (First | Second | undefined)[] = [undefined, undefined];
  readonly #free: number[] = [];
  #size = 0;

  /** @param capacity a power of two, from 2 on. */
  constructor(capacity = 64) {
    this.#slots = new Int32Array(capacity);
    this.#mask = capacity - 1;
    this.#lines = new Int32Array((1 + capacity / 2) * lineWords);
    this.#numbers = this.#lines.subarray(hashWords);
  }

  get size(): number {
    return this.#size;
  }

  /** Grows now as far as it must for so many. */
  reserve(size: number): void {
    let capacity = this.#mask + 1;
    while (capacity < size * 2) capacity *= 2;
    if (capacity > this.#mask + 1) this.#resize(capacity);
    this.#reserveLines(size);
  }

  /** @param hash eight words. */
  get(hash: Int32Array): Value | undefined {
    return this.#values[this.entryOf(hash)];
  }

  set(hash: Int32Array, value: Value): void {
    let entry = this.entryOf(hash);
    if (entry === noEntry) entry = this.#add(hash);
    else this.clearBeside(entry);
    this.#values[entry] = value;
  }

  delete(hash: Int32Array): void {
    const entry = this.entryOf(hash);
    if (entry === noEntry) return;
    this.#size -= 1;
    this.#unlink(this.#slotOf(hash[0] as number, entry));
    this.#lines.fill(0, entry * lineWords, (entry + 1) * lineWords);
    this.#values[entry] = undefined;
    this.clearBeside(entry);
    this.#free.push(entry);
  }

  /** Where a hash is for as long as it stays in the index; {@link noEntry} where it is not. */
  entryOf(hash: Int32Array): number {
    const slots = this.#slots;
    const lines = this.#lines;
    const mask = this.#mask;
    const first = hash[0] as number;
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot] as number;
      if (held === 0) return noEntry;
      if (((held ^ first) & ~mask) !== 0) continue;
      const entry = held & mask;
      const at = entry * lineWords;
      if (
        lines[at] === first &&
        lines[at + 1] === hash[1] &&
        lines[at + 2] === hash[2] &&
        lines[at + 3] === hash[3] &&
        lines[at + 4] === hash[4] &&
        lines[at + 5] === hash[5] &&
        lines[at + 6] === hash[6] &&
        lines[at + 7] === hash[7]
      )
        return entry;
    }
  }

  /** Puts something beside the hash of an entry: it is gone when another value comes there. */
  putBeside(entry: number, numbers: readonly [number, number, number], first?: First, second?: Second): void {
    this.#lines.set(numbers, entry * lineWords + hashWords);
    this.#beside[entry * besideEach] = first;
    this.#beside[entry * besideEach + 1] = second;
  }

  /** A number beside a hash, from -2³¹ to 2³¹ - 1; 0 when nothing was put there. */
  number(entry: number, index: 0 | 1 | 2): number {
    return this.#numbers[entry * lineWords + index] as number;
  }

  /** The references beside a hash, to be read only where a number says that they were put there. */
  first(entry: number): First {
    return this.#beside[entry * besideEach] as First;
  }

  second(entry: number): Second {
    return this.#beside[entry * besideEach + 1] as Second;
  }

  /** Takes away what was put beside the hash of an entry. */
  clearBeside(entry: number): void {
    const from = entry * lineWords + hashWords;
    this.#lines.fill(0, from, from + numbersEach);
    this.#beside[entry * besideEach] = undefined;
    this.#beside[entry * besideEach + 1] = undefined;
  }

  #add(hash: Int32Array): number {
    if (this.#size * 2 >= this.#mask) this.#resize((this.#mask + 1) * 2);
    const entry = this.#free.pop() ?? this.#values.length;
    if (entry === this.#values.length) {
      this.#values.push(undefined);
      this.#beside.push(undefined, undefined);
      if ((entry + 1) * lineWords > this.#lines.length) this.#reserveLines(entry * 2);
    }
    this.#lines.set(hash, entry * lineWords);
    this.#link(hash[0] as number, entry);
    this.#size += 1;
    return entry;
  }

  #link(first: number, entry: number): void {
    this.#slots[this.#slotOf(first, noEntry)] = (first & ~this.#mask) | entry;
  }

  /** The slot of an entry whose hash begins so; of no entry, the first empty one. */
  #slotOf(first: number, entry: number): number {
    let slot = first & this.#mask;
    while (this.#entryAt(slot) !== entry) slot = (slot + 1) & this.#mask;
    return slot;
  }

  #entryAt(slot: number): number {
    return (this.#slots[slot] as number) & this.#mask;
  }

  #unlink(slot: number): void {
    const slots = this.#slots;
    let hole = slot;
    // What was pushed on by others moves up, so that no look-up ends at a hole before it.
    for (let next = (hole + 1) & this.#mask; this.#entryAt(next) !== noEntry; next = (next + 1) & this.#mask) {
      const home = this.#firstOf(this.#entryAt(next)) & this.#mask;
      if (((next - home) & this.#mask) < ((next - hole) & this.#mask)) continue;
      slots[hole] = slots[next] as number;
      hole = next;
    }
    slots[hole] = 0;
  }

  /** The first word of an entry's hash. */
  #firstOf(entry: number): number {
    return this.#lines[entry * lineWords] as number;
  }

  #reserveLines(count: number): void {
    const words = (count + 1) * lineWords;
    if (words <= this.#lines.length) return;
    const lines = new Int32Array(words);
    lines.set(this.#lines);
    this.#lines = lines;
    this.#numbers = lines.subarray(hashWords);
  }

  #resize(capacity: number): void {
    const before = this.#slots;
    const maskBefore = this.#mask;
    this.#slots = new Int32Array(capacity);
    this.#mask = capacity - 1;
    for (const held of before) {
      const entry = held & maskBefore;
      if (entry !== noEntry) this.#link(this.#firstOf(entry), entry);
    }
  }
}
