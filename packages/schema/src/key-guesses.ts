/** How many networks are remembered; about 150 bytes each. Whoever is forgotten has waited longest. */
const usualRemembered = 50_000;
const windowMs = 60_000;
/** How long a network is refused that went on while it was slowed, in milliseconds. */
export const guessRefusalMs = 5 * windowMs;
/** What a sum of fractions of milliseconds may be off by. */
const roundingMs = 0.001;

interface Guesser {
  /** When all attempts will have come back. */
  backAt: number;
  /** How many came while it was slowed, since it last had all its attempts. */
  ignored: number;
  /** Until when nothing of it is looked into; 0: it is not refused. */
  refusedUntil: number;
}

/**
 * Bounds how often unknown and mistyped keys may be presented from one network: first it is slowed, one attempt coming back after the
 * other; whoever goes on all the same, as often again as was free, is refused for five minutes. Whatever is known is not asked for here:
 * a guesser never locks out who has a key.
 *
 * A generic cell rate algorithm (ITU-T I.371). The server and the SDK's guard count with it alike, each for itself. Bounded in memory.
 */
export class KeyGuesses {
  readonly #perMinute: number;
  readonly #attemptMs: number;
  readonly #maxRemembered: number;
  /** In the order of their last attempt. */
  readonly #guessers = new Map<string, Guesser>();
  #heldUp = 0;

  /** @param options.perMinute how many may come at once, and within each minute in the long run. */
  constructor(options: { readonly perMinute: number; readonly maxRemembered?: number }) {
    this.#perMinute = options.perMinute;
    this.#attemptMs = windowMs / options.perMinute;
    this.#maxRemembered = options.maxRemembered ?? usualRemembered;
  }

  /** How many attempts were held up so far. */
  get heldUp(): number {
    return this.#heldUp;
  }

  /** How many networks are remembered now. */
  get size(): number {
    return this.#guessers.size;
  }

  /**
   * Takes an attempt, before anybody looks into it: a thousand at once are not all let in.
   *
   * @param who a network, see `networkOf`. Keep it short.
   * @param now epoch milliseconds.
   * @returns how long to wait, in milliseconds; 0: it may be looked into.
   */
  take(who: string, now: number): number {
    const guesser = this.#guessers.get(who) ?? { backAt: 0, ignored: 0, refusedUntil: 0 };
    const refusedMs = this.#within(guesser.refusedUntil - now, guessRefusalMs);
    if (refusedMs > 0) return this.#holdUp(who, guesser, refusedMs);
    const takenMs = this.#within(guesser.backAt - now, windowMs);
    if (takenMs === 0) guesser.ignored = 0;
    const waitMs = Math.ceil(takenMs + this.#attemptMs - windowMs - roundingMs);
    if (waitMs <= 0) {
      guesser.backAt = now + takenMs + this.#attemptMs;
      this.#remember(who, guesser);
      return 0;
    }
    guesser.ignored += 1;
    if (guesser.ignored < this.#perMinute) return this.#holdUp(who, guesser, waitMs);
    guesser.ignored = 0;
    guesser.refusedUntil = now + guessRefusalMs;
    return this.#holdUp(who, guesser, guessRefusalMs);
  }

  /** How long somebody would have to wait for an attempt, in milliseconds; 0: not at all. Takes none. */
  waitMs(who: string, now: number): number {
    const guesser = this.#guessers.get(who);
    if (!guesser) return 0;
    const refusedMs = this.#within(guesser.refusedUntil - now, guessRefusalMs);
    if (refusedMs > 0) return Math.ceil(refusedMs);
    const takenMs = this.#within(guesser.backAt - now, windowMs);
    return Math.max(0, Math.ceil(takenMs + this.#attemptMs - windowMs - roundingMs));
  }

  /** Gives an attempt back that was none: there is such a key. */
  giveBack(who: string): void {
    const guesser = this.#guessers.get(who);
    if (guesser) guesser.backAt -= this.#attemptMs;
  }

  #holdUp(who: string, guesser: Guesser, waitMs: number): number {
    this.#heldUp += 1;
    this.#remember(who, guesser);
    return Math.ceil(waitMs);
  }

  #remember(who: string, guesser: Guesser): void {
    this.#guessers.delete(who);
    this.#guessers.set(who, guesser);
    if (this.#guessers.size <= this.#maxRemembered) return;
    const [oldest] = this.#guessers.keys();
    if (oldest !== undefined) this.#guessers.delete(oldest);
  }

  /** Never more than all of it, also when the clock was put back. */
  #within(ms: number, most: number): number {
    return Math.min(Math.max(0, ms), most);
  }
}
