import { ServerError } from "../client/errors.js";
import { maxAsked, type Read } from "./record-reader.js";
import type { SteadyClock } from "./steady-clock.js";

/** How many requests are under way at most; whoever comes then goes with one that waits. */
const maxRequests = 8;
/** How many wait at most: more are keys that nobody would hear of in time, and their hashes would fill the memory. */
const maxWaiting = 16;
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
  /** How many are under way, and how many of them and of those that wait there are. */
  #requests = 0;
  #batches = 0;
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
    const failure = this.#justFailed();
    if (failure) return Promise.reject(failure);
    if (this.#next === null || this.#next.hashes.length >= maxAsked) {
      if (this.#batches >= maxRequests + maxWaiting) return Promise.reject(tooMany());
      this.#next = this.#begin();
    }
    const { hashes, answer } = this.#next;
    hashes.push(hash);
    this.#underWay.set(hash, answer);
    return answer;
  }

  #begin(): Batch {
    this.#batches += 1;
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
      // While this one waited, another one may have found that the server does not answer.
      const failure = this.#justFailed();
      if (failure) throw failure;
      return await this.#readNow(hashes);
    } finally {
      for (const hash of hashes) this.#underWay.delete(hash);
      this.#requests -= 1;
      this.#batches -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #readNow(hashes: readonly string[]): Promise<Read> {
    try {
      const read = await this.#read(hashes);
      this.#failure = null;
      return read;
    } catch (error) {
      this.#failure = { at: this.#clock.now(), error: error as Error };
      this.#onError(this.#failure.error);
      throw error;
    }
  }

  #justFailed(): Error | null {
    return this.#failure && this.#clock.now() - this.#failure.at < coolDownMs ? this.#failure.error : null;
  }
}

function tooMany(): ServerError {
  const message = "More unknown keys were presented than the server can be asked about at once. Try again.";
  return new ServerError(message, { code: "UNAVAILABLE" });
}
