import { KeyplaneError, RateLimitedError, ServerError } from "../client/errors.js";
import type { Runtime } from "../client/runtime.js";
import { maxAsked, type Read } from "./record-reader.js";
import type { SteadyClock } from "./steady-clock.js";

/** How many requests are under way at most; whoever comes then goes with one that waits. */
const maxRequests = 8;
/** How many wait at most: more are keys that nobody would hear of in time, and their hashes would fill the memory. */
const maxWaiting = 16;
/** For how long nobody asks a server that has just not answered, in milliseconds: requests must not pile up before it. */
const coolDownMs = 500;
/** The first pause before a server is asked again that was too busy to answer, and the longest, in milliseconds. */
const firstPauseMs = 250;
const longestPauseMs = 4_000;

interface Batch {
  readonly hashes: string[];
  readonly answer: Promise<Read>;
}

/**
 * Asks the server about hashes: all that are presented in one turn of the event loop together, and each only once at a time.
 * However many come, the server has a few requests to answer.
 *
 * A server that says that it is too busy is asked again while somebody waits: of a thousand guards that start together it answers
 * some too late. One that does not answer at all is not, so that nobody waits for it in vain.
 */
export class FirstSight {
  readonly #read: (hashes: readonly string[]) => Promise<Read>;
  readonly #clock: SteadyClock;
  readonly #onError: (error: Error) => void;
  readonly #runtime: Runtime;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal;
  /** What is being asked, by hash. */
  readonly #underWay = new Map<string, Promise<Read>>();
  /** What is asked next; it takes more until it is sent. */
  #next: Batch | null = null;
  /** How many are under way, and how many of them and of those that wait there are. */
  #requests = 0;
  #batches = 0;
  readonly #waiting: (() => void)[] = [];
  #failure: { readonly at: number; readonly error: Error } | null = null;

  constructor(deps: {
    read: (hashes: readonly string[]) => Promise<Read>;
    clock: SteadyClock;
    onError: (error: Error) => void;
    runtime: Runtime;
    /** How long somebody waits for an answer, in milliseconds. */
    timeoutMs: number;
    signal: AbortSignal;
  }) {
    this.#read = deps.read;
    this.#clock = deps.clock;
    this.#onError = deps.onError;
    this.#runtime = deps.runtime;
    this.#timeoutMs = deps.timeoutMs;
    this.#signal = deps.signal;
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
    const until = this.#clock.now() + this.#timeoutMs;
    await Promise.resolve(); // for others of the same turn
    while (this.#requests >= maxRequests) await new Promise<void>((go) => this.#waiting.push(go));
    this.#requests += 1;
    if (this.#next?.hashes === hashes) this.#next = null;
    try {
      // While this one waited, another one may have found that the server does not answer.
      const failure = this.#justFailed();
      if (failure) throw failure;
      return await this.#readUntil(hashes, until);
    } finally {
      for (const hash of hashes) this.#underWay.delete(hash);
      this.#requests -= 1;
      this.#batches -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Its place among the requests under way is kept: a server that is too busy gets fewer, not more. */
  async #readUntil(hashes: readonly string[], until: number): Promise<Read> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      try {
        return await this.#readNow(hashes);
      } catch (error) {
        if (!isBusy(error)) throw error;
        const waitMs = (error.retryAfterMs ?? 0) + pauseMs * (1 - this.#runtime.random() / 2);
        if (this.#clock.now() + waitMs >= until) throw error;
        await this.#runtime.sleep(waitMs, this.#signal);
      }
    }
  }

  async #readNow(hashes: readonly string[]): Promise<Read> {
    try {
      const read = await this.#read(hashes);
      this.#failure = null;
      return read;
    } catch (error) {
      if (!isBusy(error)) this.#failure = { at: this.#clock.now(), error: error as Error };
      this.#onError(error as Error);
      throw error;
    }
  }

  #justFailed(): Error | null {
    return this.#failure && this.#clock.now() - this.#failure.at < coolDownMs ? this.#failure.error : null;
  }
}

/** Whether a server, or a proxy before it, has answered that it cannot answer now. */
function isBusy(error: unknown): error is KeyplaneError {
  if (!(error instanceof KeyplaneError) || error.status === undefined) return false;
  return error instanceof RateLimitedError || error.code === "UNAVAILABLE" || error.code === "TIMEOUT";
}

function tooMany(): ServerError {
  const message = "More unknown keys were presented than the server can be asked about at once. Try again.";
  return new ServerError(message, { code: "UNAVAILABLE" });
}
