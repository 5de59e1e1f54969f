import type { QuotaState, RateLimitState } from "@keyplane/schema";
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

/** Counts rate limits for several processes. All rules of a call are charged, or none. */
export interface SharedLimiter {
  take(rules: readonly CountedRule[], cost: number): Promise<readonly RateLimitState[]>;
  /** Where the limits would stand after a call; without a cost, where they stand. Charges nothing. */
  look(rules: readonly CountedRule[], cost?: number): Promise<readonly RateLimitState[]>;
}

/**
 * Takes a call from all limits that it is under, or from none.
 *
 * @returns the states, with what is exceeded if anything is. A promise where something has to be asked for; of null when nothing was taken
 * yet and everything has to be decided anew, because time has passed.
 */
export type Take = (
  limited: readonly Limited[],
  cost: number,
  now: number,
) => LimitStates | Promise<LimitStates | null>;

/**
 * All checks come first, then all charges, at one moment: nothing else of this process runs between. What a call may need of a quota is
 * fetched before, as a lease that costs nothing until it is used.
 *
 * @param deps.shared counts rate limits elsewhere; null: in this process's memory.
 */
export function createTake(deps: { memory: MemoryLimiter; quotas: QuotaAccounts; shared: SharedLimiter | null }): Take {
  const { memory, quotas, shared } = deps;

  return (limited, cost, now) => {
    const rules = rulesOf(limited);
    const accounts = accountsOf(quotas, limited);
    const looked = shared || rules.length === 0 ? nothingLooked : memory.look(rules, cost, now);
    if (looked.exceeded) return { rateLimits: memory.uncharged(rules, looked, now), quota: tightest(accounts) };

    let unknown: QuotaAccount[] | null = null;
    let short: QuotaAccount | null = null;
    for (const account of accounts) {
      const answer = account.look(cost, now);
      if (answer === "too little") short ??= account;
      else if (answer === "unknown") unknown = unknown === null ? [account] : [...unknown, account];
    }
    if (short) return { rateLimits: memory.uncharged(rules, looked, now), quota: short.state(true) };
    if (unknown) return Promise.all(unknown.map(({ quotaId }) => quotas.ask(quotaId, cost))).then(() => null);

    if (shared && rules.length > 0) return takeShared(shared, rules, accounts, cost);
    // What cannot be written, where the disk is full, counts as used, and whoever used it is not answered.
    for (const account of accounts) {
      account.charge(cost);
      if (account.runsLow()) quotas.askAhead(account.quotaId);
    }
    memory.charge(rules, looked, cost, now);
    return { rateLimits: looked.states, quota: tightest(accounts) };
  };

  /** What is taken of the quotas comes back when a rate limit refuses. */
  async function takeShared(
    limiter: SharedLimiter,
    rules: readonly CountedRule[],
    accounts: readonly QuotaAccount[],
    cost: number,
  ): Promise<LimitStates> {
    const reserved = accounts.map((account) => account.reserve(cost));
    let rateLimits: readonly RateLimitState[] | null = null;
    try {
      rateLimits = await limiter.take(rules, cost);
    } finally {
      const isTaken = rateLimits?.every(({ exceeded }) => !exceeded) ?? false;
      for (const each of reserved) {
        if (isTaken) each.keep();
        else each.giveBack();
      }
    }
    for (const account of accounts) if (account.runsLow()) quotas.askAhead(account.quotaId);
    return { rateLimits, quota: tightest(accounts) };
  }
}

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
