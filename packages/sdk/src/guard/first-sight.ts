import type { Read } from "./record-reader.js";
import { maxAsked } from "./record-reader.js";
import type { SteadyClock } from "./steady-clock.js";

/** How many requests are under way at most; whoever comes then goes with the next one. */
const maxRequests = 8;
/** For how long nobody asks a server that has just not answered, in milliseconds: requests must not pile up before it. */
const coolDownMs = 500;

interface Batch {
  readonly hashes: string[];
  readonly answer: Promise<Read>;
}

/**
 * Asks the server about hashes: all that are presented in one turn of the event loop together, and each only once at a time.
 * However many come, the server has a few requests to answer.
 */
export class FirstSight {
  readonly #read: (hashes: readonly string[]) => Promise<Read>;
  readonly #clock: SteadyClock;
  readonly #onError: (error: Error) => void;
  /** What is being asked, by hash. */
  readonly #underWay = new Map<string, Promise<Read>>();
  /** What is asked next; it takes more until it is sent. */
  #next: Batch | null = null;
  #requests = 0;
  readonly #waiting: (() => void)[] = [];
  #failure: { readonly at: number; readonly error: Error } | null = null;

  constructor(
    read: (hashes: readonly string[]) => Promise<Read>,
    { clock, onError }: { readonly clock: SteadyClock; readonly onError: (error: Error) => void },
  ) {
    this.#read = read;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Resolves when the server has said what it knows. @throws KeyplaneError */
  ask(hash: string): Promise<Read> {
    const asked = this.#underWay.get(hash);
    if (asked) return asked;
    if (this.#failure && this.#clock.now() - this.#failure.at < coolDownMs) return Promise.reject(this.#failure.error);
    if (this.#next === null || this.#next.hashes.length >= maxAsked) this.#next = this.#begin();
    const { hashes, answer } = this.#next;
    hashes.push(hash);
    this.#underWay.set(hash, answer);
    return answer;
  }

  #begin(): Batch {
    const hashes: string[] = [];
    const answer = this.#send(hashes);
    // Whoever asked hears of a failure; that nobody waits any more is no fault.
    answer.catch(() => undefined);
    return { hashes, answer };
  }

  async #send(hashes: readonly string[]): Promise<Read> {
    await Promise.resolve(); // for others of the same turn
    while (this.#requests >= maxRequests) await new Promise<void>((go) => this.#waiting.push(go));
    this.#requests += 1;
    if (this.#next?.hashes === hashes) this.#next = null;
    try {
      const read = await this.#read(hashes);
      this.#failure = null;
      return read;
    } catch (error) {
      this.#failure = { at: this.#clock.now(), error: error as Error };
      this.#onError(this.#failure.error);
      throw error;
    } finally {
      for (const hash of hashes) this.#underWay.delete(hash);
      this.#requests -= 1;
      this.#waiting.shift()?.();
    }
  }
}
