import { Fifo } from "./fifo.js";
import type { CompleteRecord } from "./usage-record.js";

/** A call in the queue. */
export interface Entry {
  readonly record: CompleteRecord;
  /** Its place among all that were recorded. */
  readonly place: number;
}

/** How large the JSON of a batch may be, in bytes: below what the server takes, with room for what is around it. */
const maxBatchBytes = 4_000_000;

/**
 * The calls that wait, and the batch that is under way. A batch stays as it is until it is taken or split, so that a
 * repetition carries the very same ids.
 */
export class UsageBatches {
  readonly #waiting = new Fifo<Entry>();
  readonly #batchSize: number;
  /** How many calls a batch may have now: fewer after one was refused as a whole. */
  #limit: number;
  /** Oldest first; empty when none is under way. */
  batch: readonly Entry[] = [];

  constructor(batchSize: number) {
    this.#batchSize = batchSize;
    this.#limit = batchSize;
  }

  get size(): number {
    return this.#waiting.length + this.batch.length;
  }

  /** Whether as many wait as go together. */
  get isFull(): boolean {
    return this.#waiting.length >= this.#batchSize;
  }

  /** The place of the oldest; undefined when there is none. */
  get oldest(): number | undefined {
    return (this.batch[0] ?? this.#waiting.first)?.place;
  }

  add(entry: Entry): void {
    this.#waiting.push(entry);
  }

  /** Takes out the oldest that is not under way; undefined when there is none. */
  giveUpOldest(): Entry | undefined {
    return this.#waiting.shift();
  }

  /** Begins a batch, unless one has begun. Calls that are too old come out. */
  next(isTooOld: (entry: Entry) => boolean): { readonly batch: readonly Entry[]; readonly tooOld: readonly Entry[] } {
    const tooOld = this.batch.filter(isTooOld);
    if (tooOld.length > 0) this.batch = this.batch.filter((entry) => !tooOld.includes(entry));
    if (this.batch.length > 0) return { batch: this.batch, tooOld };
    const batch: Entry[] = [];
    let bytes = 0;
    for (let entry = this.#waiting.first; entry && batch.length < this.#limit; entry = this.#waiting.first) {
      if (isTooOld(entry)) tooOld.push(entry);
      else {
        // At most three bytes for each UTF-16 unit: good enough, and cheaper than to encode it.
        bytes += JSON.stringify(entry.record.event).length * 3 + 1;
        if (bytes > maxBatchBytes && batch.length > 0) break;
        batch.push(entry);
      }
      this.#waiting.shift();
    }
    this.batch = batch;
    return { batch, tooOld };
  }

  /** The batch is done with. @param taken whether the server could read it, so that it can read a larger one too. */
  done(taken: boolean): void {
    this.batch = [];
    if (taken) this.#limit = Math.min(this.#batchSize, this.#limit * 2);
  }

  /** The batch was refused as a whole: the next one has half of it. */
  split(): void {
    this.#limit = Math.max(1, Math.floor(this.batch.length / 2));
    this.#waiting.putBack(this.batch);
    this.batch = [];
  }

  /** Everything, which is no longer here then. */
  empty(): readonly Entry[] {
    const all = [...this.batch];
    this.batch = [];
    for (let entry = this.#waiting.shift(); entry; entry = this.#waiting.shift()) all.push(entry);
    return all;
  }
}
