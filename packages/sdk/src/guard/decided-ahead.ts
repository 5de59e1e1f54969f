import type { SharedGrants } from "./granted.js";
import type { GuardVerdict } from "./guard.js";
import type { HashIndex } from "./hash-index.js";
import type { Granted } from "./held.js";

type ShownKey = GuardVerdict["key"];
type ShownOwner = GuardVerdict["owner"];

/** The index beside whose hashes it is put what was decided ahead. */
export type DecidedIndex<Value> = HashIndex<Value, ShownKey, ShownOwner>;

/** The highest number that can be put beside a hash. */
const highest = 2 ** 31 - 1;
/** Seconds since the epoch are kept less so many, so that those until 2106 fit. */
const middle = 2 ** 31;
/** What is kept where a key never expires, or later than can be kept: in 2106 it is decided each time. */
const never = highest;

/**
 * What was decided of secrets whoever asks, until something changes. It stands beside their hashes, and is read by entry: of
 * 100,000 keys each object would have to be fetched from far away, and following secret, key, owner and tenant fetches six.
 */
export class DecidedAhead {
  readonly #index: DecidedIndex<unknown>;
  readonly #grants: SharedGrants;
  #version = 1;
  /** Where the page about acceptance is: kept here for whoever accepts. */
  docsUrl = "";

  constructor(index: DecidedIndex<unknown>, grants: SharedGrants) {
    this.#index = index;
    this.#grants = grants;
  }

  /** What was decided counts no more. */
  hasChanged(): void {
    // As a number beside a hash; 0 is that of nothing.
    this.#version = this.#version === highest ? 1 : this.#version + 1;
  }

  /** Whether it was decided about the secret there as of what is known now. The rest may be asked only if so. */
  has(entry: number): boolean {
    return this.#index.number(entry, 0) === this.#version;
  }

  /** Until when the secret is accepted, in epoch milliseconds, from calls that need no scopes that it lacks; 0: it is not. */
  until(entry: number): number {
    return (this.#index.number(entry, 1) + middle) * 1_000;
  }

  /** As for the others, where it is accepted. */
  granted(entry: number): Granted {
    return this.#grants.at(this.#index.number(entry, 2));
  }

  /** What a verdict shows of the key. */
  key(entry: number): ShownKey {
    return this.#index.first(entry);
  }

  owner(entry: number): ShownOwner {
    return this.#index.second(entry);
  }

  /** Keeps that the secret is accepted until then, in epoch milliseconds. */
  accept(entry: number, until: number, granted: number, key: ShownKey, owner: ShownOwner): void {
    const kept = Math.min(never, Math.floor(until / 1_000) - middle);
    this.#index.putBeside(entry, [this.#version, kept, granted], key, owner);
  }

  /** Keeps that it has to be decided each time: the secret is refused, or it depends on the call. */
  leaveOpen(entry: number): void {
    this.#index.putBeside(entry, [this.#version, -middle, 0], null, null);
  }
}
