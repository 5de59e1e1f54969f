import type { Freshness } from "./freshness.js";
import type { Reading } from "./held.js";

/** How many hashes of unknown keys are remembered, so that guesses cannot fill the memory; about 150 bytes each. */
const maxUnknown = 10_000;

/** Hashes that no key had when the server was asked. Whatever may have become a key since is forgotten by {@link clear}. */
export class UnknownHashes {
  readonly #freshness: Freshness;
  readonly #readings = new Map<string, Reading>();

  constructor(freshness: Freshness) {
    this.#freshness = freshness;
  }

  add(hash: string, reading: Reading): void {
    this.#readings.delete(hash);
    this.#readings.set(hash, reading);
    if (this.#readings.size <= maxUnknown) return;
    const [oldest] = this.#readings.keys();
    if (oldest !== undefined) this.#readings.delete(oldest);
  }

  /** As of when nobody had a key with this hash; -Infinity when nobody knows. */
  asOf(hash: string): number {
    const reading = this.#readings.get(hash);
    return reading ? this.#freshness.asOfReading(reading.sentAt, reading.epoch) : Number.NEGATIVE_INFINITY;
  }

  clear(): void {
    this.#readings.clear();
  }
}
