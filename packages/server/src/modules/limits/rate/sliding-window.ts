import type { LimitTarget, RateLimitState } from "@keyplane/schema";
import type { RateLimitRule } from "../../../platform/limited.js";

/**
 * Up to how many charges each keep their own time. With more of them, those of one part in 256 of the window are kept as one, at the time of
 * the last: what a window admits is then at most 0.4 % less than exact, and never more.
 */
export const exactCharges = 256;
/** What a sum of fractions of milliseconds may be off by. */
const roundingMs = 0.001;

/** Where a limit stands for a call of a certain size. */
export type WindowState = RateLimitState & { readonly retryAt: number | null };

/** A rate limit's rule, as far as counting needs it. */
type Rule = Pick<RateLimitRule, "limit" | "windowMs" | "burst">;

/**
 * What was used of one rate limit within its window: a log of charges, not a count that begins anew with each window, so that in no
 * stretch of time as long as the window more than the limit is admitted. With a `burst`, a generic cell rate algorithm (ITU-T I.371)
 * spreads the calls besides: so much at once, and each comes back after `windowMs / limit`.
 */
export class SlidingWindow {
  /** The time and the amount of each charge, one behind the other: what belongs together lies together in memory. */
  readonly #log: number[] = [];
  /** Where in the log what still counts begins. */
  #head = 0;
  #total = 0;
  /** When all of the burst will have come back. */
  #backAt = Number.NEGATIVE_INFINITY;

  /** Where the limit would stand after a call of this size: as it is now, where it does not fit. Charges nothing. */
  look(now: number, rule: Rule, amount: number, name = "", target: LimitTarget = "KEY"): WindowState {
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
    const newest = fits && amount > 0 ? now : (this.#log[this.#log.length - 2] ?? now - windowMs);
    return {
      name,
      limit,
      remaining: Math.max(0, Math.min(left, leftAtOnce)),
      resetAt: used === 0 ? now : Math.ceil(newest + windowMs),
      retryAt: fits ? now : this.#retryAt(now, rule, amount),
      exceeded: !fits,
      target,
    };
  }

  /** Takes what `look` has found to fit. */
  charge(now: number, rule: Rule, amount: number): void {
    if (amount === 0) return;
    const { windowMs, limit, burst } = rule;
    if (burst !== null) this.#backAt = now + this.#takenMs(now, rule) + (amount * windowMs) / limit;
    const log = this.#log;
    const last = log.length - 2;
    const isMerged =
      last - this.#head >= 2 * (exactCharges - 1) && partOf(log[last] as number, windowMs) === partOf(now, windowMs);
    if (isMerged) {
      log[last] = now;
      log[last + 1] = (log[last + 1] as number) + amount;
    } else log.push(now, amount);
    this.#total += amount;
  }

  /** How much of the window's time the burst has taken. Never more than all of it, also when the clock was put back. */
  #takenMs(now: number, { windowMs, limit, burst }: Rule): number {
    return Math.min(Math.max(0, this.#backAt - now), ((burst ?? limit) * windowMs) / limit);
  }

  #expire(now: number, windowMs: number): void {
    const log = this.#log;
    if (log.length === 0) return;
    // The clock was put back: what was charged then counts from now on, or it would count for longer than a window.
    if ((log[log.length - 2] as number) > now)
      for (let at = this.#head; at < log.length; at += 2) log[at] = Math.min(log[at] as number, now);
    while (this.#head < log.length && (log[this.#head] as number) + windowMs <= now) {
      this.#total -= log[this.#head + 1] as number;
      this.#head += 2;
    }
    if (this.#head > 2 * exactCharges || this.#head === log.length) {
      log.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** When so much will fit, if nothing else is charged; null: never. */
  #retryAt(now: number, rule: Rule, amount: number): number | null {
    const { limit, windowMs, burst } = rule;
    if (amount > Math.min(limit, burst ?? limit)) return null;
    let retryAt = now;
    let total = this.#total;
    const log = this.#log;
    for (let at = this.#head; at < log.length && total + amount > limit; at += 2) {
      total -= log[at + 1] as number;
      retryAt = (log[at] as number) + windowMs;
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
