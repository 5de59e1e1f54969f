import type { QuotaState, RateLimitState } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { CountedRule, Limited } from "../../platform/limited.js";
import type { QuotaAccount } from "./quotas/quota-account.js";
import type { QuotaAccounts } from "./quotas/quota-accounts.js";
import { type MemoryLimiter, nothingLooked } from "./rate/memory-limiter.js";

/** Where the limits of a call stand. */
export interface LimitStates {
  readonly rateLimits: readonly RateLimitState[];
  readonly quota: QuotaState | null;
}

/** Whether a call with these states is refused. */
export function isExceeded({ rateLimits, quota }: LimitStates): boolean {
  if (quota?.exceeded) return true;
  for (const { exceeded } of rateLimits) if (exceeded) return true;
  return false;
}

/** What was charged elsewhere for a call. */
export interface SharedCharge {
  readonly states: readonly RateLimitState[];
  /**
   * Takes it back, for a call that is not admitted after all, before whatever else is asked from now on. Nobody has to wait for it, and it never
   * rejects: what could not be taken back counts until it is out of its window.
   */
  giveBack(): Promise<void>;
}

/** Counts rate limits for several processes. All rules of a call are charged, or none. */
export interface SharedLimiter {
  take(rules: readonly CountedRule[], cost: number): Promise<SharedCharge>;
  /** Where the limits would stand after a call; without a cost, where they stand. Charges nothing. */
  look(rules: readonly CountedRule[], cost?: number): Promise<readonly RateLimitState[]>;
}

/**
 * A call for which something had to be waited for. What it needs of quotas is kept for it, and neither used nor written. One of the two must be
 * called.
 */
export interface KeptCall {
  /**
   * Charges the quotas, unless a rate limit refuses the call.
   *
   * @returns the states, with what is exceeded if anything is; null: others may have taken this process for lost meanwhile, nothing is charged,
   * and all of it is to be tried again.
   */
  charge(): LimitStates | null;
  /** Charges no quota, and gives back what rate limits were charged with. Does nothing after `charge`. */
  release(): void;
}

/**
 * Takes a call from all limits that it is under, or from none.
 *
 * @returns the states, with what is exceeded if anything is. A promise where something has to be asked or waited for: then the caller decides
 * anew whether the call is to be charged, because time has passed. Of null when nothing was taken yet, and all of it is to be tried again.
 */
export type Take = (limited: readonly Limited[], cost: number, now: number) => LimitStates | Promise<KeptCall | null>;

/**
 * All checks come first, then all charges, at one moment: nothing else of this process runs between. What a call may need of a quota is
 * fetched before, as a lease that costs nothing until it is used.
 *
 * Where rate limits are counted elsewhere, which takes time, what the call needs of quotas is kept for it until there is an answer. Nobody
 * is refused for what is kept: whoever would have enough without it waits until it is used or not.
 *
 * @param deps.shared counts rate limits elsewhere; null: in this process's memory.
 */
export function createTake(deps: {
  memory: MemoryLimiter;
  quotas: QuotaAccounts;
  shared: SharedLimiter | null;
  clock: Clock;
}): Take {
  const { memory, quotas, shared, clock } = deps;

  return (limited, cost, now) => {
    const rules = rulesOf(limited);
    const accounts = accountsOf(quotas, limited);
    const looked = shared || rules.length === 0 ? nothingLooked : memory.look(rules, cost, now);
    if (looked.exceeded) return { rateLimits: memory.uncharged(rules, looked, now), quota: tightest(accounts) };

    let unknown: QuotaAccount[] | null = null;
    let short: QuotaAccount | null = null;
    let reserved: QuotaAccount | null = null;
    for (const account of accounts) {
      const answer = account.look(cost, now);
      if (answer === "too little") short ??= account;
      else if (answer === "unknown") unknown = unknown === null ? [account] : [...unknown, account];
      else if (answer === "reserved") reserved ??= account;
    }
    // Functions of their own: one that holds closures makes an object for them on each call, also where none is made.
    if (short) {
      if (shared && rules.length > 0) return refuse(shared, rules, cost, short.state(true));
      return { rateLimits: memory.uncharged(rules, looked, now), quota: short.state(true) };
    }
    if (unknown) return ask(unknown, cost);
    if (reserved) return reserved.whenUnreserved(cost).then(toNull);
    if (shared && rules.length > 0) return keep(shared, rules, accounts, cost);
    // What cannot be written, where the disk is full, counts as used, and whoever used it is not answered.
    for (const account of accounts) {
      account.charge(cost);
      if (account.runsLow()) quotas.askAhead(account.quotaId);
    }
    memory.charge(rules, looked, cost, now);
    return { rateLimits: looked.states, quota: tightest(accounts) };
  };

  /** Whether a rate limit refuses the call as well is told, too, as where they are counted in memory. */
  async function refuse(
    limiter: SharedLimiter,
    rules: readonly CountedRule[],
    cost: number,
    quota: QuotaState | null,
  ): Promise<KeptCall> {
    const states = { rateLimits: await limiter.look(rules, cost), quota };
    return { charge: () => states, release: () => {} };
  }

  async function ask(accounts: readonly QuotaAccount[], cost: number): Promise<null> {
    await Promise.all(accounts.map(({ quotaId }) => quotas.ask(quotaId, cost)));
    return null;
  }

  /** Asks for the rate limits, and keeps what the call needs of quotas until the caller has decided; where they refuse, no longer. */
  async function keep(
    limiter: SharedLimiter,
    rules: readonly CountedRule[],
    accounts: readonly QuotaAccount[],
    cost: number,
  ): Promise<KeptCall> {
    const reserved = accounts.map((account) => account.reserve(cost));
    let isKept = true;
    let charged: SharedCharge | null = null;
    const release = (): void => {
      if (!isKept) return;
      isKept = false;
      // Before anybody who has waited for the quotas asks for rate limits.
      void charged?.giveBack();
      for (const reservation of reserved) reservation.release();
    };
    let isRefused = true;
    try {
      charged = await limiter.take(rules, cost);
      isRefused = charged.states.some(({ exceeded }) => exceeded);
    } finally {
      if (isRefused) release();
    }
    const rateLimits = charged?.states ?? none;
    return {
      charge() {
        const now = clock.now();
        if (isKept) {
          if (!reserved.every((reservation) => reservation.isGood(now))) {
            release();
            return null;
          }
          isKept = false;
          for (const reservation of reserved) reservation.charge();
          for (const account of accounts) if (account.runsLow()) quotas.askAhead(account.quotaId);
        }
        return { rateLimits, quota: tightest(accounts) };
      },
      release,
    };
  }
}

const toNull = (): null => null;

const none: readonly never[] = Object.freeze([]);

/** Nearly all calls are under the limits of one thing, or of several of which one has rate limits: no list is made for those. */
function rulesOf(limited: readonly Limited[]): readonly CountedRule[] {
  let rules: readonly CountedRule[] = none;
  for (const { rules: more } of limited) {
    if (more.length > 0) rules = rules.length === 0 ? more : [...rules, ...more];
  }
  return rules;
}

function accountsOf(quotas: QuotaAccounts, limited: readonly Limited[]): readonly QuotaAccount[] {
  let accounts: QuotaAccount[] | null = null;
  for (const each of limited) {
    if (each.quotaId === null) continue;
    const account = quotas.of(each, each.quotaId);
    if (!account.isOf(each.id)) continue;
    if (accounts === null) accounts = [account];
    else accounts.push(account);
  }
  return accounts ?? none;
}

/** Of several quotas the one of which least is left: it is the next to refuse. */
function tightest(accounts: readonly QuotaAccount[]): QuotaState | null {
  let least: QuotaState | null = null;
  for (const account of accounts) {
    const state = account.state(false);
    if (state && (least === null || state.remaining < least.remaining)) least = state;
  }
  return least;
}
