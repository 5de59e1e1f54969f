import type { RateLimitState } from "@keyplane/schema";
import { LRUCache } from "lru-cache";
import type { CountedRule } from "../../../platform/limited.js";
import { SlidingWindow } from "./sliding-window.js";

/** How much a call uses of a limit. */
export function amountOf({ unit }: Pick<CountedRule, "unit">, cost: number): number {
  return unit === "COST" ? cost : 1;
}

/** What `look` has found, in the order of the rules. */
export interface Looked {
  readonly states: readonly RateLimitState[];
  readonly windows: readonly SlidingWindow[];
  /** Whether one of them does not let the call pass. */
  readonly exceeded: boolean;
}

/** For how long a rule keeps its window, in milliseconds: so much later, at most, one that had to go begins anew. */
const heldMs = 1_000;

interface HeldWindow {
  readonly by: MemoryLimiter;
  readonly window: SlidingWindow;
  readonly at: number;
}

/** Of no rules. */
export const nothingLooked: Looked = Object.freeze({
  states: Object.freeze([]),
  windows: Object.freeze([]),
  exceeded: false,
});

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
    return rules.map((rule) => this.#seen(rule).look(now, rule, 0, rule.name, rule.target));
  }

  /** Where the limits would stand after a call. Charges nothing. Loops and no closures: every call under limits comes by here. */
  look(rules: readonly CountedRule[], cost: number, now: number): Looked {
    const states = new Array<RateLimitState>(rules.length);
    const windows = new Array<SlidingWindow>(rules.length);
    let exceeded = false;
    for (let index = 0; index < rules.length; index++) {
      const rule = rules[index] as CountedRule;
      const window = this.#windowOf(rule, now);
      const state = window.look(now, rule, amountOf(rule, cost), rule.name, rule.target);
      if (state.exceeded) exceeded = true;
      windows[index] = window;
      states[index] = state;
    }
    return { states, windows, exceeded };
  }

  /** Charges a call, or leaves everything as it is where something does not fit. */
  take(rules: readonly CountedRule[], cost: number, now: number): readonly RateLimitState[] {
    const looked = this.look(rules, cost, now);
    if (looked.exceeded) return this.uncharged(rules, looked, now);
    this.charge(rules, looked, cost, now);
    return looked.states;
  }

  /** Where the limits stand, and which of them would not let a call pass. Charges nothing. */
  peek(rules: readonly CountedRule[], cost: number, now: number): RateLimitState[] {
    const states = rules.map((rule) => this.#seen(rule).look(now, rule, amountOf(rule, cost), rule.name, rule.target));
    return this.#asTheyStand(rules, states, now);
  }

  /** The states of a call that is refused: as they stand without it, and which of them would not have let it pass. */
  uncharged(rules: readonly CountedRule[], { states }: Looked, now: number): RateLimitState[] {
    return this.#asTheyStand(rules, states, now);
  }

  #asTheyStand(rules: readonly CountedRule[], states: readonly RateLimitState[], now: number): RateLimitState[] {
    if (states.length === 0) return [];
    return this.stand(rules, now).map((state, index) => {
      const { exceeded = false, retryAt = null } = states[index] ?? {};
      return { ...state, exceeded, retryAt };
    });
  }

  /** Charges a call that `look` has found, at this very moment, to be within all limits. */
  charge(rules: readonly CountedRule[], { windows }: Looked, cost: number, now: number): void {
    for (let index = 0; index < rules.length; index++) {
      const rule = rules[index] as CountedRule;
      (windows[index] as SlidingWindow).charge(now, rule, amountOf(rule, cost));
    }
  }

  /** The window of a rule, which the rule itself keeps for a moment: then the limiter hears again that it is in use. */
  #windowOf(rule: CountedRule, now: number): SlidingWindow {
    const held = this.#heldBy(rule);
    if (held !== undefined && now - held.at < heldMs && now >= held.at) return held.window;
    let window = this.#windows.get(rule.countedAs);
    if (!window) {
      // One that had to go while its rule was in use goes on where it was.
      window = held?.window ?? new SlidingWindow();
      this.#windows.set(rule.countedAs, window);
    }
    rule.held?.keep({ by: this, window, at: now } satisfies HeldWindow);
    return window;
  }

  /** The same for whoever only reads: nothing has to go for it. */
  #seen(rule: CountedRule): SlidingWindow {
    return this.#heldBy(rule)?.window ?? this.#windows.peek(rule.countedAs) ?? new SlidingWindow();
  }

  #heldBy({ held }: CountedRule): HeldWindow | undefined {
    const found = held?.what as HeldWindow | undefined;
    return found?.by === this ? found : undefined;
  }
}
