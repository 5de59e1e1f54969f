import { canPass } from "../client/reconnecting.js";
import type { Runtime } from "../client/runtime.js";
import type { Freshness } from "./freshness.js";
import type { HeldParty } from "./held.js";
import type { KeyMemory } from "./key-memory.js";
import { maxAsked, type Read } from "./record-reader.js";

/** The first pause after a failure, and the longest, in milliseconds. */
const firstPauseMs = 500;
const longestPauseMs = 30_000;

/**
 * Reads again what an event has changed, in batches, off the path of whoever verifies. Until that has succeeded, what is
 * known of it grows old, and no older than `maxStalenessMs` does anybody trust it.
 */
export class Refresher {
  readonly #memory: KeyMemory;
  readonly #freshness: Freshness;
  readonly #read: (keyIds: readonly string[]) => Promise<Read>;
  readonly #onError: (error: Error) => void;
  readonly #runtime: Runtime;
  readonly #signal: AbortSignal;
  readonly #keyIds = new Set<string>();
  readonly #parties = new Set<HeldParty<unknown>>();
  #asOf = Number.POSITIVE_INFINITY;
  #isRunning = false;

  constructor(deps: {
    memory: KeyMemory;
    freshness: Freshness;
    read: (keyIds: readonly string[]) => Promise<Read>;
    onError: (error: Error) => void;
    runtime: Runtime;
    signal: AbortSignal;
  }) {
    this.#memory = deps.memory;
    this.#freshness = deps.freshness;
    this.#read = deps.read;
    this.#onError = deps.onError;
    this.#runtime = deps.runtime;
    this.#signal = deps.signal;
  }

  /** As of when all is known of keys that came into being; Infinity when nothing waits to be read. */
  get asOf(): number {
    return this.#asOf;
  }

  /** A key has changed, or came into being. */
  key(id: string): void {
    const held = this.#memory.key(id);
    if (held) held.asOfChange = this.#memory.asOf(held);
    this.#memory.hasChanged();
    this.#keyIds.add(id);
    this.#begin();
  }

  /** An owner or a tenant has changed. */
  party(party: HeldParty<unknown>): void {
    party.asOfChange = Math.min(party.asOfChange, this.#freshness.asOf);
    this.#memory.hasChanged();
    this.#parties.add(party);
    this.#begin();
  }

  #begin(): void {
    this.#asOf = Math.min(this.#asOf, this.#freshness.asOf);
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#signal.aborted; ) {
      const keyIds = this.#next();
      if (keyIds.length === 0) break;
      try {
        const { changed } = await this.#read(keyIds);
        failures = 0;
        for (const id of changed) this.key(id);
      } catch (error) {
        if (this.#signal.aborted) break;
        for (const id of keyIds) this.#keyIds.add(id);
        this.#onError(error as Error);
        // A refusal that will not pass by itself is told elsewhere, as the state of the guard; here it only must not be asked for in a loop.
        const longest = canPass(error) ? Math.min(longestPauseMs, firstPauseMs * 2 ** failures++) : longestPauseMs;
        await this.#runtime.sleep(longest * (1 - this.#runtime.random() / 2), this.#signal).catch(() => undefined);
      }
    }
    this.#isRunning = false;
    this.#asOf = Number.POSITIVE_INFINITY;
  }

  /** Takes the keys to read next; for an owner or a tenant, any key of theirs. */
  #next(): string[] {
    const keyIds = [...this.#keyIds].slice(0, maxAsked);
    for (const id of keyIds) this.#keyIds.delete(id);
    for (const party of this.#parties) {
      if (keyIds.length >= maxAsked) break;
      const id = party.asOfChange === Number.POSITIVE_INFINITY ? undefined : this.#aKeyOf(party);
      if (id === undefined) this.#parties.delete(party);
      else if (!keyIds.includes(id)) keyIds.push(id);
    }
    return keyIds;
  }

  #aKeyOf(party: HeldParty<unknown>): string | undefined {
    // Keys of a snapshot that nobody has read yet may be theirs, too.
    if (party.keys === 0 && !this.#memory.hasSaved) return undefined;
    for (const held of this.#memory.keys()) if (held.owner === party || held.tenant === party) return held.state.id;
    return undefined;
  }
}
