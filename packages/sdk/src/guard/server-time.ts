import type { Fetch } from "../client/options.js";
import type { SteadyClock } from "./steady-clock.js";

/** A server's clock that is this much behind what it was has been set back, in milliseconds. */
const setBackMs = 2_000;

/**
 * What time it is on the server, in epoch milliseconds: expiries are its, and this machine's clock may be wrong, or be set.
 * Each answer's header `Date` (RFC 9110, section 6.6.1) is a bound that the server's clock has passed; between answers,
 * the guard's steady clock goes on. At most a second behind. This machine's clock only counts before the first answer.
 */
export class ServerTime {
  readonly #clock: SteadyClock;
  #offset: number | null = null;

  constructor(clock: SteadyClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.at(this.#clock.now());
  }

  /** What time it is at the last look at the guard's clock, which was this. */
  at(steady: number): number {
    return this.#offset === null ? this.#clock.wall : steady + this.#offset;
  }

  /** A `fetch` that learns the time from every answer. */
  learningFrom(fetch: Fetch): Fetch {
    return async (url, init) => {
      const response = await fetch(url, init);
      this.#learn(response.headers.get("date"));
      return response;
    };
  }

  #learn(date: string | null): void {
    const at = date === null ? Number.NaN : Date.parse(date);
    if (Number.isNaN(at)) return;
    const offset = at - this.#clock.now();
    const known = this.#offset;
    if (known === null || offset > known || offset < known - setBackMs) this.#offset = offset;
  }
}
