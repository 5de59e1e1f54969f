import type { Closable, GuardVerdict } from "./guard.js";

/** Things to close when a key is refused, by the key's id. */
export class Bindings {
  readonly #bound = new Map<string, Set<{ readonly closable: Closable }>>();
  readonly #onError: (error: Error) => void;

  constructor(onError: (error: Error) => void) {
    this.#onError = onError;
  }

  get keyIds(): IterableIterator<string> {
    return this.#bound.keys();
  }

  has(keyId: string): boolean {
    return this.#bound.has(keyId);
  }

  /** Whether a key must stay known, because something is to be closed when it is refused. */
  keeps(keyId: string): boolean {
    return this.#bound.has(keyId);
  }

  /** @returns forgets it; whether the key has no other binding then. */
  add(keyId: string, closable: Closable): () => boolean {
    const closables = this.#bound.get(keyId) ?? new Set();
    // An entry of its own, because somebody may bind the same thing twice.
    const entry = { closable };
    closables.add(entry);
    this.#bound.set(keyId, closables);
    return () => {
      closables.delete(entry);
      if (closables.size > 0 || this.#bound.get(keyId) !== closables) return false;
      return this.#bound.delete(keyId);
    };
  }

  /** Closes all that is bound to a key. What fails to close keeps nothing else open. */
  close(keyId: string, verdict: GuardVerdict): void {
    const closables = this.#bound.get(keyId);
    this.#bound.delete(keyId);
    for (const { closable } of closables ?? []) {
      try {
        // What is asynchronous about it may fail later.
        Promise.resolve(closeOne(closable, verdict)).catch((error: unknown) => this.#failed(error));
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  #failed(error: unknown): void {
    this.#onError(error instanceof Error ? error : new Error(String(error)));
  }
}

/** The code of RFC 6455 for a violated policy: what the peer may do has ended. */
const policyViolation = 1008;

function closeOne(closable: Closable, verdict: GuardVerdict): unknown {
  if (typeof closable === "function") return closable(verdict);
  return "close" in closable ? closable.close(policyViolation, verdict.code) : closable.destroy();
}
