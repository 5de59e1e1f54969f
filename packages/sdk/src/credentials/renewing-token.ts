import { KeyplaneError } from "../client/errors.js";
import type { Runtime } from "../client/runtime.js";

/** A token that was had, and when it ends. */
export interface IssuedToken {
  readonly token: string;
  /** Epoch milliseconds by our own clock; null when it is not known: then it is used until it is refused. */
  readonly endsAt: number | null;
}

interface HeldToken extends IssuedToken {
  /** From when on another one is fetched while this one still is used. */
  readonly renewAt: number;
  /** When it came; -Infinity for one that was there at the beginning. */
  readonly since: number;
}

interface Failure {
  readonly error: unknown;
  /** Until when nobody asks again. */
  readonly until: number;
}

/** A token is renewed when a fifth of its life is left, or a minute: whichever is shorter. Milliseconds. */
const longestMarginMs = 60_000;
const marginShare = 0.2;
/** A token that is refused so soon after it came would not be replaced by a better one. Milliseconds. */
const youngMs = 10_000;
/** The first pause after a renewal that failed, and the longest, before a random part is taken off; milliseconds. */
const firstPauseMs = 100;
const longestPauseMs = 30_000;

/**
 * One token that is renewed by itself: before it ends, in the background; when it has ended, while everybody waits; and when
 * the server refuses it. However many ask, there is one renewal at a time. While renewing fails, it is repeated with growing
 * pauses, and not for every request.
 *
 * Nothing hangs on the clock being right: one that is wrong renews too early, or lets the server refuse a token, which is then
 * renewed.
 */
export class RenewingToken {
  readonly #renewal: () => Promise<IssuedToken>;
  readonly #runtime: Pick<Runtime, "now" | "random">;
  #held: HeldToken | null;
  #running: Promise<string> | null = null;
  #failures = 0;
  #failure: Failure | null = null;

  /** @param renewal has another token; it ends by itself, within some time. @param first the token to begin with. */
  constructor(
    renewal: () => Promise<IssuedToken>,
    first: IssuedToken | null,
    runtime: Pick<Runtime, "now" | "random">,
  ) {
    this.#renewal = renewal;
    this.#runtime = runtime;
    this.#held = first && held(first, Number.NEGATIVE_INFINITY, runtime.now());
  }

  /** The token to use. @throws what the renewal throws, when there is no token left to use. */
  token(): string | Promise<string> {
    const now = this.#runtime.now();
    const current = this.#held;
    if (!current || (current.endsAt !== null && now >= current.endsAt)) return this.#renewed();
    // A failure matters when this token has ended, and is told then.
    if (now >= current.renewAt && !this.#pauses()) this.#renewed().catch(() => undefined);
    return current.token;
  }

  /** Another token than one that was refused; null when another one would be refused, too. */
  async renew(refused: string): Promise<string | null> {
    const current = this.#held;
    if (current && current.token !== refused) return current.token; // renewed meanwhile
    if (current && this.#runtime.now() - current.since < youngMs) return null;
    this.#held = null;
    return this.#renewed();
  }

  #pauses(): boolean {
    return this.#failure !== null && this.#runtime.now() < this.#failure.until;
  }

  async #renewed(): Promise<string> {
    if (this.#running) return this.#running;
    if (this.#failure && this.#pauses()) throw this.#failure.error;
    this.#running = this.#renew();
    try {
      return await this.#running;
    } finally {
      this.#running = null;
    }
  }

  async #renew(): Promise<string> {
    try {
      const issued = await this.#renewal();
      const now = this.#runtime.now();
      this.#held = held(issued, now, now);
      this.#failures = 0;
      this.#failure = null;
      return issued.token;
    } catch (error) {
      const longest = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.#failures++, 20));
      const asked = error instanceof KeyplaneError ? (error.retryAfterMs ?? 0) : 0;
      const pauseMs = Math.max(Math.min(asked, longestPauseMs), longest * (1 - this.#runtime.random() / 2));
      this.#failure = { error, until: this.#runtime.now() + pauseMs };
      throw error;
    }
  }
}

/** One that has ended on arrival, by a clock that is far off, is used all the same: the server knows better. */
function held({ token, endsAt }: IssuedToken, since: number, now: number): HeldToken {
  if (endsAt === null || (since === now && endsAt <= now)) {
    return { token, endsAt: null, renewAt: Number.POSITIVE_INFINITY, since };
  }
  const marginMs = Math.min(longestMarginMs, Math.max(0, endsAt - now) * marginShare);
  return { token, endsAt, renewAt: endsAt - marginMs, since };
}
