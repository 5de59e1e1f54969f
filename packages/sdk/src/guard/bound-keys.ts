import { type Decision, decide, type KeyRecord, refusesOverdue, rotateBy } from "@keyplane/schema";
import type { Bindings } from "./bindings.js";
import type { DocsAddress } from "./docs-address.js";
import { isRefusal, recordOfKey, toGuardVerdict, wellFormed } from "./guard-verdict.js";
import type { KeyMemory } from "./key-memory.js";
import type { ServerTime } from "./server-time.js";
import type { SteadyClock } from "./steady-clock.js";

/**
 * How often it is looked whether a key has expired, in milliseconds: for the case that nobody can tell, and because an event can be
 * faster than the server's time is known.
 */
export const expiryLookMs = 1_000;

/** Closes what is bound to a key as soon as the key is refused. */
export class BoundKeys {
  readonly #bindings: Bindings;
  readonly #memory: KeyMemory;
  readonly #clock: SteadyClock;
  readonly #time: ServerTime;
  readonly #requestId: () => string;
  readonly #docs: DocsAddress;
  /** When time alone has the first of them refused, as far as they were looked at; epoch milliseconds of the server. */
  #nextExpiry = Number.POSITIVE_INFINITY;

  constructor(deps: {
    bindings: Bindings;
    memory: KeyMemory;
    clock: SteadyClock;
    time: ServerTime;
    requestId: () => string;
    docs: DocsAddress;
  }) {
    this.#bindings = deps.bindings;
    this.#memory = deps.memory;
    this.#clock = deps.clock;
    this.#time = deps.time;
    this.#requestId = deps.requestId;
    this.#docs = deps.docs;
  }

  /** What is known of a key is another now, or of any (null). */
  look(keyId: string | null): void {
    const now = this.#time.now();
    for (const id of keyId === null ? [...this.#bindings.keyIds] : [keyId]) {
      const held = this.#bindings.has(id) && this.#memory.key(id);
      if (!held) continue;
      const record = recordOfKey(held);
      const decision = decide(record, { format: wellFormed(record) }, now);
      if (isRefusal(decision)) this.#close(id, decision, record, this.#clock.now() - this.#memory.asOf(held));
      else this.#nextExpiry = Math.min(this.#nextExpiry, expiryOf(record));
    }
  }

  /** Nobody has this key any more. */
  gone(keyId: string): void {
    if (!this.#bindings.has(keyId)) return;
    const format = { ok: true, prefix: "", environment: "LIVE", start: "" } as const;
    this.#close(keyId, decide(null, { format }, this.#time.now()), null, 0);
  }

  /** To be called now and then: the end of a key needs no event. */
  lookForExpiry(): void {
    if (this.#time.now() < this.#nextExpiry) return;
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    this.look(null);
  }

  #close(keyId: string, decision: Decision, record: KeyRecord | null, ageMs: number): void {
    const about = { source: "local", ageMs, requestId: this.#requestId(), docs: this.#docs.pages } as const;
    this.#bindings.close(keyId, toGuardVerdict(decision, record, about));
  }
}

/** From when on a key is refused, though nobody does anything to it: it has expired, or its rotation is overdue; epoch milliseconds. */
function expiryOf(record: KeyRecord): number {
  const due = refusesOverdue(record) ? rotateBy(record) : null;
  return Math.min(record.key.expiresAt ?? Number.POSITIVE_INFINITY, due ?? Number.POSITIVE_INFINITY);
}
