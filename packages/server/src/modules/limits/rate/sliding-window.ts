import type { RateLimitState } from "@keyplane/schema";
import type { RateLimitRule } from "../../../platform/limited.js";

/**
 * Up to how many charges each keep their own time. With more of them, those of one part in 256 of the window are kept as one, at the time of
 * the last: what a window admits is then at most 0.4 % less than exact, and never more.
 */
export const exactCharges = 256;
/** What a sum of fractions of milliseconds may be off by. */
const roundingMs = 0.001;

/** Where a limit stands for a call of a certain size. */
export type WindowState = Omit<RateLimitState, "name"> & { readonly retryAt: number | null };

/** A rate limit's rule, as far as counting needs it. */
type Rule = Pick<RateLimitRule, "limit" | "windowMs" | "burst">;

/**
 * What was used of one rate limit within its window: a log of charges, not a count that begins anew with each window, so that in no
 * stretch of time as long as the window more than the limit is admitted. With a `burst`, a generic cell rate algorithm (ITU-T I.371)
 * spreads the calls besides: so much at once, and each comes back after `windowMs / limit`.
 */
export class SlidingWindow {
  readonly #times: number[] = [];
  readonly #amounts: number[] = [];
  #head = 0;
  #total = 0;
  /** When all of the burst will have come back. */
  #backAt = Number.NEGATIVE_INFINITY;

  /** Whether nothing in it counts any more. */
  isEmpty(now: number, windowMs: number): boolean {
    this.#expire(now, windowMs);
    return this.#total === 0 && this.#backAt <= now;
  }

  /** Where the limit would stand after a call of this size: as it is now, where it does not fit. Charges nothing. */
  look(now: number, rule: Rule, amount: number): WindowState {
    const { limit, windowMs, burst } = rule;
    this.#expire(now, windowMs);
    const eachMs = windowMs / limit;
    const takenMs = burst === null ? 0 : this.#takenMs(now, rule);
    const fits =
      this.#total + amount <= limit && (burst === null || takenMs + amount * eachMs <= burst * eachMs + roundingMs);
    const used = this.#total + (fits ? amount : 0);
    const left = limit - used;
    const leftAtOnce =
      burst === null ? left : Math.floor(burst - (takenMs + (fits ? amount * eachMs : 0)) / eachMs + roundingMs);
    const newest = fits && amount > 0 ? now : (this.#times.at(-1) ?? now - windowMs);
    return {
      limit,
      remaining: Math.max(0, Math.min(left, leftAtOnce)),
      resetAt: used === 0 ? now : Math.ceil(newest + windowMs),
      retryAt: fits ? now : this.#retryAt(now, rule, amount),
      exceeded: !fits,
    };
  }

  /** Takes what `look` has found to fit. */
  charge(now: number, rule: Rule, amount: number): void {
    if (amount === 0) return;
    const { windowMs, limit, burst } = rule;
    if (burst !== null) this.#backAt = now + this.#takenMs(now, rule) + (amount * windowMs) / limit;
    const last = this.#times.length - 1;
    const isMerged =
      last - this.#head + 1 >= exactCharges && partOf(this.#times[last] as number, windowMs) === partOf(now, windowMs);
    if (isMerged) {
      this.#times[last] = now;
      this.#amounts[last] = (this.#amounts[last] as number) + amount;
    } else {
      this.#times.push(now);
      this.#amounts.push(amount);
    }
    this.#total += amount;
  }

  /** How much of the window's time the burst has taken. Never more than all of it, also when the clock was put back. */
  #takenMs(now: number, { windowMs, limit, burst }: Rule): number {
    return Math.min(Math.max(0, this.#backAt - now), ((burst ?? limit) * windowMs) / limit);
  }

  #expire(now: number, windowMs: number): void {
    const times = this.#times;
    // The clock was put back: what was charged then counts from now on, or it would count for longer than a window.
    if ((times.at(-1) ?? now) > now)
      for (let at = this.#head; at < times.length; at++) times[at] = Math.min(times[at] as number, now);
    while (this.#head < times.length && (times[this.#head] as number) + windowMs <= now) {
      this.#total -= this.#amounts[this.#head] as number;
      this.#head++;
    }
    if (this.#head > exactCharges || this.#head === times.length) {
      times.splice(0, this.#head);
      this.#amounts.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** When so much will fit, if nothing else is charged; null: never. */
  #retryAt(now: number, rule: Rule, amount: number): number | null {
    const { limit, windowMs, burst } = rule;
    if (amount > Math.min(limit, burst ?? limit)) return null;
    let retryAt = now;
    let total = this.#total;
    for (let at = this.#head; at < this.#times.length && total + amount > limit; at++) {
      total -= this.#amounts[at] as number;
      retryAt = (this.#times[at] as number) + windowMs;
    }
    if (burst !== null) {
      const eachMs = windowMs / limit;
      retryAt = Math.max(retryAt, now + this.#takenMs(now, rule) + (amount - burst) * eachMs);
    }
    return Math.ceil(retryAt - roundingMs);
  }
}

function partOf(at: number, windowMs: number): number {
  return Math.floor((at * exactCharges) / windowMs);
}
