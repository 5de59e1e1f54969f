import type { RateLimitState } from "@keyplane/schema";
import { LRUCache } from "lru-cache";
import type { CountedRule } from "../../../platform/limited.js";
import { SlidingWindow } from "./sliding-window.js";

/** How much a call uses of a limit. */
export function amountOf({ unit }: Pick<CountedRule, "unit">, cost: number): number {
  return unit === "COST" ? cost : 1;
}

/**
 * Counts rate limits in this process's memory. Bounded: when there are more than `max` of them, the one that was asked for longest ago
 * begins anew.
 */
export class MemoryLimiter {
  readonly #windows: LRUCache<string, SlidingWindow>;

  constructor(max: number) {
    this.#windows = new LRUCache({ max });
  }

  /** How many limits are counted now. */
  get size(): number {
    return this.#windows.size;
  }

  /** Where the limits stand. */
  stand(rules: readonly CountedRule[], now: number): RateLimitState[] {
    return rules.map((rule) => ({ name: rule.name, ...this.#windowOf(rule).look(now, rule, 0) }));
  }

  /** Where the limits would stand after a call. Charges nothing. */
  look(rules: readonly CountedRule[], cost: number, now: number): RateLimitState[] {
    return rules.map((rule) => ({ name: rule.name, ...this.#windowOf(rule).look(now, rule, amountOf(rule, cost)) }));
  }

  /** Charges a call, or leaves everything as it is where something does not fit. */
  take(rules: readonly CountedRule[], cost: number, now: number): RateLimitState[] {
    const states = this.look(rules, cost, now);
    if (states.some(({ exceeded }) => exceeded)) return this.uncharged(rules, states, now);
    this.charge(rules, cost, now);
    return states;
  }

  /** Where the limits stand, and which of them would not let a call pass. Charges nothing. */
  peek(rules: readonly CountedRule[], cost: number, now: number): RateLimitState[] {
    return this.uncharged(rules, this.look(rules, cost, now), now);
  }

  /** The states of a call that is refused: as they stand without it, and which of them would not have let it pass. */
  uncharged(rules: readonly CountedRule[], states: readonly RateLimitState[], now: number): RateLimitState[] {
    if (states.length === 0) return [];
    return this.stand(rules, now).map((state, index) => {
      const { exceeded = false, retryAt = null } = states[index] ?? {};
      return { ...state, exceeded, retryAt };
    });
  }

  /** Charges a call whose states, found by `look` at this very moment, are all within the limits. */
  charge(rules: readonly CountedRule[], cost: number, now: number): void {
    for (const rule of rules) this.#windowOf(rule).charge(now, rule, amountOf(rule, cost));
  }

  #windowOf({ countedAs }: CountedRule): SlidingWindow {
    let window = this.#windows.get(countedAs);
    if (!window) {
      window = new SlidingWindow();
      this.#windows.set(countedAs, window);
    }
    return window;
  }
}
