import { LRUCache } from "lru-cache";
import type { Clock } from "./clock.js";
import { RateLimitedError } from "./errors.js";

/** How many of those who try are remembered; about 150 bytes each. Whoever is forgotten has waited longest. */
const usualRemembered = 50_000;
/** What a sum of fractions of milliseconds may be off by. */
const roundingMs = 0.001;

/**
 * Bounds how often somebody may guess. An attempt is taken before it is looked into, so that a thousand at once are not all let in, and given
 * back when it was none: whoever knows the secret never runs out.
 *
 * A generic cell rate algorithm (ITU-T I.371): `attempts` at once, and each comes back after `windowMs / attempts`, so that there is
 * no moment at which everybody may begin anew. One number for each who tries. Nothing is shared between processes: with three
 * of them a guesser has three times as many.
 */
export class GuessLimiter {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #windowMs: number;
  readonly #attemptMs: number;
  readonly #refusal: string;
  /** For each who tries: when all attempts will have come back. */
  readonly #backAt: LRUCache<string, number>;

  #refused = 0;

  /**
   * @param options.attempts how many may fail at once, and within each `windowMs` in the long run.
   * @param options.refusal the sentence that says what there was too much of; when to try again is added.
   */
  constructor(options: {
    clock: Clock;
    attempts: number;
    windowMs: number;
    refusal: string;
    maxRemembered?: number;
  }) {
    this.#clock = options.clock;
    this.#startedAt = options.clock.now();
    this.#windowMs = options.windowMs;
    this.#attemptMs = options.windowMs / options.attempts;
    this.#refusal = options.refusal;
    this.#backAt = new LRUCache({ max: options.maxRemembered ?? usualRemembered });
  }

  /** How many attempts were refused so far. */
  get refused(): number {
    return this.#refused;
  }

  /** How many of those who try are remembered now. */
  get size(): number {
    return this.#backAt.size;
  }

  /** How long this one has to wait for the next attempt, in milliseconds; 0: not at all. */
  waitMs(who: string): number {
    return Math.max(0, Math.ceil(this.#takenMs(who) + this.#attemptMs - this.#windowMs - roundingMs));
  }

  /**
   * Takes an attempt.
   *
   * @param who a network (see `networkOf`), an account, a caller: what is counted together. Keep it short.
   * @throws RateLimitedError when there is none left; that costs no further attempt.
   */
  take(who: string): void {
    const retryAfterMs = this.waitMs(who);
    if (retryAfterMs > 0) {
      this.#refused += 1;
      throw new RateLimitedError(retryAfterMs, this.#refusal);
    }
    this.#backAt.set(who, this.#elapsedMs() + this.#takenMs(who) + this.#attemptMs);
  }

  /**
   * Looks up what may be a guess: takes an attempt before, and gives it back where something was found, and where the look-up has failed, which
   * says nothing of the secret.
   *
   * @param isFound whether what was looked up is something that this one may see.
   * @throws RateLimitedError before anything is looked up.
   */
  async lookUp<Found>(who: string, look: () => Promise<Found>, isFound: (found: Found) => boolean): Promise<Found> {
    this.take(who);
    try {
      const found = await look();
      if (isFound(found)) this.giveBack(who);
      return found;
    } catch (error) {
      this.giveBack(who);
      throw error;
    }
  }

  /** Gives an attempt back that was no guess. */
  giveBack(who: string): void {
    const takenMs = this.#takenMs(who) - this.#attemptMs;
    if (takenMs > roundingMs) this.#backAt.set(who, this.#elapsedMs() + takenMs);
    else this.#backAt.delete(who);
  }

  /** How much of the window is taken. Never more than all of it, also when the clock was put back. */
  #takenMs(who: string): number {
    const ms = (this.#backAt.get(who) ?? Number.NEGATIVE_INFINITY) - this.#elapsedMs();
    return Math.min(Math.max(0, ms), this.#windowMs);
  }

  /** Since this limiter was made: of the time since 1970, thousandths of a millisecond would get lost. */
  #elapsedMs(): number {
    return this.#clock.now() - this.#startedAt;
  }
}
