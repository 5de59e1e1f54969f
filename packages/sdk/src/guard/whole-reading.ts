import type { Runtime } from "../client/runtime.js";
import type { Freshness } from "./freshness.js";
import type { Reading } from "./held.js";
import type { KeyMemory } from "./key-memory.js";
import type { Read } from "./record-reader.js";
import type { Refresher } from "./refresher.js";

/** The first pause before all keys are read again after a failure, and the longest, in milliseconds. */
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

/** Told of what comes of reading. */
export interface ReadingListener {
  /** What is known of a key is another now, or of any key (null). */
  onChanged(keyId: string | null): void;
  /** Nobody has this key. */
  onGone(keyId: string): void;
  onError(error: Error): void;
}

/** Reads all keys, and knows for how long they are all: as long as they are, whatever is not in memory does not exist. */
export class WholeReading {
  readonly #memory: KeyMemory;
  readonly #freshness: Freshness;
  readonly #refresher: Refresher;
  readonly #read: () => Promise<Read>;
  readonly #listener: ReadingListener;
  readonly #runtime: Runtime;
  readonly #signal: AbortSignal;
  /** When all keys were read, and how many had been forgotten by then: while no more are, whatever is not known does not exist. */
  #whole: (Reading & { readonly evictions: number }) | null = null;
  #loading = 0;
  /** In which epoch all keys were read last, or as many as there was room for. */
  #loadedIn: number | null = null;

  /** @param deps.read asks for all keys, once. */
  constructor(deps: {
    memory: KeyMemory;
    freshness: Freshness;
    refresher: Refresher;
    read: () => Promise<Read>;
    listener: ReadingListener;
    runtime: Runtime;
    signal: AbortSignal;
  }) {
    this.#memory = deps.memory;
    this.#freshness = deps.freshness;
    this.#refresher = deps.refresher;
    this.#read = deps.read;
    this.#listener = deps.listener;
    this.#runtime = deps.runtime;
    this.#signal = deps.signal;
  }

  /** Whether all keys are in memory. */
  get isWhole(): boolean {
    return this.#whole?.evictions === this.#memory.evictions;
  }

  /** Whether all keys are in memory as they were at the place that was reached: nothing waits to be read. */
  get isWholeNow(): boolean {
    const isOfNow = this.#whole?.epoch === this.#freshness.epoch;
    return this.isWhole && isOfNow && this.#refresher.asOf === Number.POSITIVE_INFINITY;
  }

  get isLoading(): boolean {
    return this.#loading > 0;
  }

  /** Whether all keys have to be read, and nobody does it. */
  get isMissing(): boolean {
    return !this.isWhole && this.#loadedIn !== this.#freshness.epoch && this.#loading === 0;
  }

  /** As of when it is true that what is not in memory does not exist. */
  get asOf(): number {
    if (!this.#whole || !this.isWhole) return Number.NEGATIVE_INFINITY;
    const { sentAt, epoch } = this.#whole;
    return Math.min(this.#freshness.asOfReading(sentAt, epoch), this.#refresher.asOf);
  }

  /** What was saved were all keys. @param evictions how many had been forgotten before they were taken. */
  restored(reading: Reading, evictions: number): void {
    this.#whole = { ...reading, evictions };
  }

  /** Reads all keys, again and again until it succeeds or the epoch is over. */
  async load(): Promise<void> {
    const { epoch } = this.#freshness;
    this.#loading += 1;
    try {
      for (let failures = 0; !this.#signal.aborted && this.#freshness.epoch === epoch; failures++) {
        try {
          const { evictions } = this.#memory;
          const read = await this.#read();
          if (this.#freshness.epoch === epoch) this.#tookAll(read, evictions);
          return;
        } catch (error) {
          if (this.#signal.aborted) return;
          this.#listener.onError(error as Error);
          const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** failures) * (1 - this.#runtime.random() / 2);
          await this.#runtime.sleep(pauseMs, this.#signal).catch(() => undefined);
        }
      }
    } finally {
      this.#loading -= 1;
    }
  }

  #tookAll({ reading, found, changed, isCut }: Read, evictions: number): void {
    for (const held of this.#memory.keys()) {
      // What was not answered, and was not read since for another reason, is gone.
      if (isCut || found.has(held.state.id) || held.readAt >= reading.sentAt) continue;
      this.#memory.forget(held);
      this.#listener.onGone(held.state.id);
    }
    for (const id of changed) this.#refresher.key(id);
    this.#loadedIn = reading.epoch;
    this.#whole = isCut ? null : { ...reading, evictions };
    this.#listener.onChanged(null);
  }
}
