import type { Table } from "./store.js";

/** A range of keys: from `low`, up to but without `high`. */
export interface Interval {
  readonly low: Buffer;
  readonly high: Buffer;
}

/** A key and its value; copies that stay valid. */
export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

const FIRST_CHUNK = 16;
const LARGEST_CHUNK = 512;
const CHUNK_BYTES = 1024 * 1024;

/**
 * Walks a range in chunks and seeks anew for each, so that no read transaction stays open between them: an open one would keep
 * lmdb from reusing pages. Like MongoDB's default reads, it sees changes that are made while it walks.
 */
export class RangeScan {
  private readonly table: Table;
  private readonly interval: Interval;
  private readonly reverse: boolean;
  private chunk: Entry[] = [];
  private position = 0;
  private size = FIRST_CHUNK;
  private last: Buffer | null = null;
  private done = false;

  constructor(table: Table, interval: Interval, reverse = false) {
    this.table = table;
    this.interval = interval;
    this.reverse = reverse;
  }

  next(): Entry | null {
    if (this.position === this.chunk.length && !this.fill()) return null;
    return this.chunk[this.position++] ?? null;
  }

  private fill(): boolean {
    if (this.done) return false;
    const { low, high } = this.interval;
    const [from, to] = this.reverse ? [high, low] : [low, high];
    const range = this.table.getRange({
      start: this.last ?? from,
      end: to,
      exclusiveStart: this.last !== null,
      inclusiveEnd: this.reverse,
      reverse: this.reverse,
      limit: this.size,
    });
    this.chunk = [];
    this.position = 0;
    let bytes = 0;
    let complete = true;
    for (const entry of range) {
      this.chunk.push(entry);
      bytes += entry.value.length;
      if (bytes > CHUNK_BYTES) {
        complete = false;
        break;
      }
    }
    if (complete && this.chunk.length < this.size) this.done = true;
    this.size = Math.min(this.size * 2, LARGEST_CHUNK);
    this.last = this.chunk.at(-1)?.key ?? null;
    return this.chunk.length > 0;
  }
}

/** The first byte string after all that start with this one. */
export function afterPrefix(prefix: Buffer): Buffer {
  const after = Buffer.from(prefix);
  for (let i = after.length - 1; i >= 0; i--) {
    if ((after[i] as number) < 0xff) {
      after[i] = (after[i] as number) + 1;
      return after.subarray(0, i + 1);
    }
  }
  return Buffer.alloc(prefix.length + 1, 0xff);
}
