import { type Anchor, comparePositions, type Position } from "./position.js";

/**
 * The newest events of the log, in their order, for all readers at once: a reader is one number, its offset, so a thousand of
 * them need no more memory than one. Who falls behind further than the ring is long finds its place gone.
 */
export class EventRing<Entry extends Anchor> {
  readonly #size: number;
  #entries: (Entry | undefined)[];
  /** Offsets count from 0 for as long as the ring lives; entries are kept at their offset modulo the size. */
  #first = 0;
  #next = 0;
  #restartedAt = 0;
  #floor: Anchor;
  #end: Anchor;

  constructor(size: number, start: Anchor) {
    this.#size = size;
    this.#entries = new Array<Entry | undefined>(size);
    this.#floor = start;
    this.#end = start;
  }

  /** The place of the last event that is not here any more: everything after it is. */
  get floor(): Anchor {
    return this.#floor;
  }

  /** The place of the newest event. */
  get end(): Anchor {
    return this.#end;
  }

  /** The offset that the next event will have. */
  get nextOffset(): number {
    return this.#next;
  }

  append(entry: Entry): void {
    if (comparePositions(entry, this.#end) <= 0) throw new Error("an event came before its turn");
    if (this.#next - this.#first === this.#size) {
      const oldest = this.#entries[this.#first % this.#size];
      if (oldest) this.#floor = oldest;
      this.#first += 1;
    }
    this.#entries[this.#next % this.#size] = entry;
    this.#next += 1;
    this.#end = entry;
  }

  /** Begins anew after another place: every reader finds its own gone. */
  restart(at: Anchor): void {
    this.#entries = new Array<Entry | undefined>(this.#size);
    // One is left out, so that a reader who had read all is told as well.
    this.#next += 1;
    this.#first = this.#next;
    this.#restartedAt = this.#next;
    this.#floor = at;
    this.#end = at;
  }

  /** The event at an offset; `gone` when the ring went on without this reader, undefined when there is none yet. */
  at(offset: number): Entry | "gone" | undefined {
    if (offset < this.#first) return "gone";
    return offset < this.#next ? this.#entries[offset % this.#size] : undefined;
  }

  /** Whether an offset lost its meaning because the ring began anew. */
  wasRestartedAfter(offset: number): boolean {
    return offset < this.#restartedAt;
  }

  /** The offset of the first event after a place; null when it is not here any more. */
  offsetAfter(position: Position): number | null {
    if (comparePositions(position, this.#floor) < 0) return null;
    let [low, high] = [this.#first, this.#next];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle % this.#size];
      if (entry && comparePositions(entry, position) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The event at a place, or the floor where that is it; null when there is none. */
  anchorAt(position: Position): Anchor | null {
    if (comparePositions(position, this.#floor) === 0) return this.#floor;
    const offset = this.offsetAfter(position);
    if (offset === null || offset === this.#first) return null;
    const entry = this.#entries[(offset - 1) % this.#size];
    return entry && comparePositions(entry, position) === 0 ? entry : null;
  }
}
