import type { QuotaState, RateLimitState } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { CountedRule, Limited } from "../../platform/limited.js";
import type { QuotaAccount } from "./quotas/quota-account.js";
import type { QuotaAccounts } from "./quotas/quota-accounts.js";
import type { MemoryLimiter } from "./rate/memory-limiter.js";

/** Where the limits of a call stand. */
export interface LimitStates {
  readonly rateLimits: readonly RateLimitState[];
  readonly quota: QuotaState | null;
}

/** Whether a call with these states is refused. */
export function isExceeded({ rateLimits, quota }: LimitStates): boolean {
  return quota?.exceeded === true || rateLimits.some(({ exceeded }) => exceeded);
}

/** Counts rate limits for several processes. All rules of a call are charged, or none. */
export interface SharedLimiter {
  take(rules: readonly CountedRule[], cost: number): Promise<RateLimitState[]>;
  /** Where the limits would stand after a call; without a cost, where they stand. Charges nothing. */
  look(rules: readonly CountedRule[], cost?: number): Promise<RateLimitState[]>;
}

/**
 * Takes a call from all limits that it is under, or from none.
 *
 * @returns the states, with what is exceeded if anything is. A promise where something has to be asked for; of null when nothing was taken
 * yet and everything has to be decided anew, because time has passed.
 */
export type Take = (limited: readonly Limited[], cost: number) => LimitStates | Promise<LimitStates | null>;

/**
 * All checks come first, then all charges, at one moment: nothing else of this process runs between. What a call may need of a quota is
 * fetched before, as a lease that costs nothing until it is used.
 *
 * @param deps.shared counts rate limits elsewhere; null: in this process's memory.
 */
export function createTake(deps: {
  clock: Clock;
  memory: MemoryLimiter;
  quotas: QuotaAccounts;
  shared: SharedLimiter | null;
}): Take {
  const { clock, memory, quotas, shared } = deps;

  return (limited, cost) => {
    const now = clock.now();
    const rules = rulesOf(limited);
    const accounts = accountsOf(quotas, limited);
    const rateLimits = shared ? [] : memory.look(rules, cost, now);
    if (rateLimits.some(({ exceeded }) => exceeded)) {
      return { rateLimits: memory.uncharged(rules, rateLimits, now), quota: tightest(accounts) };
    }

    const unknown: QuotaAccount[] = [];
    let short: QuotaAccount | null = null;
    for (const account of accounts) {
      const answer = account.look(cost, now);
      if (answer === "too little") short ??= account;
      else if (answer === "unknown") unknown.push(account);
    }
    if (short) return { rateLimits: memory.uncharged(rules, rateLimits, now), quota: short.state(true) };
    if (unknown.length > 0)
      return Promise.all(unknown.map(({ quotaId }) => quotas.ask(quotaId, cost))).then(() => null);

    if (shared && rules.length > 0) return takeShared(shared, rules, accounts, cost);
    // Quotas first: only they can fail, where the disk is full.
    for (const account of accounts) {
      account.charge(cost);
      if (account.runsLow()) quotas.askAhead(account.quotaId);
    }
    memory.charge(rules, cost, now);
    return { rateLimits, quota: tightest(accounts) };
  };

  /** What is taken of the quotas comes back when a rate limit refuses. */
  async function takeShared(
    limiter: SharedLimiter,
    rules: readonly CountedRule[],
    accounts: readonly QuotaAccount[],
    cost: number,
  ): Promise<LimitStates> {
    const reserved = accounts.map((account) => account.reserve(cost));
    let rateLimits: RateLimitState[] | null = null;
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

function rulesOf(limited: readonly Limited[]): readonly CountedRule[] {
  const [only] = limited;
  return limited.length === 1 && only ? only.rules : limited.flatMap(({ rules }) => rules);
}

function accountsOf(quotas: QuotaAccounts, limited: readonly Limited[]): QuotaAccount[] {
  const accounts: QuotaAccount[] = [];
  for (const { quotaId } of limited) if (quotaId !== null) accounts.push(quotas.get(quotaId));
  return accounts;
}

/** Of several quotas the one of which least is left: it is the next to refuse. */
function tightest(accounts: readonly QuotaAccount[]): QuotaState | null {
  if (accounts.length === 1) return accounts[0]?.state(false) ?? null;
  let least: QuotaState | null = null;
  for (const account of accounts) {
    const state = account.state(false);
    if (state && (least === null || state.remaining < least.remaining)) least = state;
  }
  return least;
}
