import type { QuotaState, RateLimitState } from "@keyplane/schema";
import DataLoader from "dataloader";
import type { Clock } from "../../platform/clock.js";
import type { Database, Db, Quota, QuotaEntry } from "../../platform/database/index.js";
import { type CountedRule, type LimitColumns, limitedOf, limitTargetOf } from "../../platform/limited.js";
import { type Page, type PageArguments, pageByCreation } from "../../platform/pages.js";
import {
  asOfNow,
  countEntries,
  findEntries,
  findHolders,
  findQuotaOf,
  findQuotas,
  hasEnded,
  type LeaseOfQuota,
  lockQuota,
} from "./quotas/quota.store.js";
import type { QuotaAccounts } from "./quotas/quota-accounts.js";
import type { MemoryLimiter } from "./rate/memory-limiter.js";
import type { LimitStates, SharedLimiter } from "./take.js";

/** How many of those who hold parts of a quota are listed. */
export const maxHolders = 100;

/** Where the limits of a call stand that was not made. */
export interface PeekedLimits extends LimitStates {
  /** The rules of the rate limits, in the order of their states. */
  readonly rules: readonly CountedRule[];
  /** All quotas, as of now. */
  readonly quotas: readonly Quota[];
  /** Ids of what names a quota that is not its own, which only a change past Keyplane can have done. */
  readonly astray: readonly string[];
}

export type LimitReads = ReturnType<typeof createLimitReads>;

/** What limits are and where they stand. Whoever may see a key, user or tenant may see its limits. */
export function createLimitReads(deps: {
  database: Database;
  clock: Clock;
  accounts: QuotaAccounts;
  memory: MemoryLimiter;
  shared: SharedLimiter | null;
}) {
  const { database, clock, accounts, memory, shared } = deps;

  function present(quota: Quota): Quota {
    const now = asOfNow(quota, clock.now());
    return { ...now, used: Math.max(0, now.used - accounts.unused(quota.id, now.period)) };
  }

  /** Ends a period that is over, of which nobody may have told the history yet: whoever reads that next finds it there. */
  async function endPeriod(targetId: string): Promise<void> {
    const quota = await findQuotaOf(database.prisma, targetId);
    if (!quota) return;
    // What this process holds of it and has not used does not stand in the history as used.
    await accounts.giveBackEnded(quota.id, clock.now());
    if (hasEnded(quota, clock.now())) await database.transaction((tx) => lockQuota(tx, quota.id, clock.now()));
  }

  return {
    /**
     * What the limits would say of a call: as `Take` does, but nothing is taken. What other servers hold of a quota counts as used, as it
     * does for a call that this server has to decide.
     *
     * @param db a transaction that is under way, which sees what it has changed itself; the database when left out.
     * @returns null where calls are under no limit.
     */
    async peek(columns: readonly LimitColumns[], cost: number, db: Db = database.prisma): Promise<PeekedLimits | null> {
      const limited = columns.flatMap((each) => limitedOf(each) ?? []);
      if (limited.length === 0) return null;
      const rules = limited.flatMap((each) => each.rules);
      const named = limited.flatMap(({ id, quotaId }) => (quotaId ? { id, quotaId } : []));
      const ids = named.map(({ quotaId }) => quotaId);
      const found = ids.length === 0 ? [] : await findQuotas(db, ids);
      // Another's may be another tenant's: nothing of it is told.
      const ownOf = ({ id, quotaId }: (typeof named)[number]) =>
        found.find((quota) => quota.id === quotaId && quota.targetId === id);
      const quotas = named.flatMap((each) => ownOf(each) ?? []).map(present);
      const states = quotas.map((quota) => quotaStateOf(quota, cost));
      const least = [...states].sort((one, other) => one.remaining - other.remaining)[0];
      return {
        rateLimits: await rateLimitsOf(rules, cost),
        // The first that refuses, as a call is told; else the next to do so.
        quota: states.find(({ exceeded }) => exceeded) ?? least ?? null,
        rules,
        quotas,
        astray: named.filter((each) => !ownOf(each)).map(({ id }) => id),
      };
    },

    /** Where the rate limits of something stand, in the order in which they were set. */
    async rateLimits(columns: LimitColumns): Promise<readonly RateLimitState[]> {
      const rules = limitedOf(columns)?.rules ?? [];
      if (rules.length === 0) return [];
      return shared ? shared.look(rules) : memory.stand(rules, clock.now());
    },

    /** The quota as of now: what this server holds and has not used does not count as used. */
    present,

    /** Reads the quotas of one request's entities in one query. */
    quotaLoader(): DataLoader<string, Quota | null> {
      return new DataLoader(async (ids) => {
        const byId = new Map((await findQuotas(database.prisma, ids)).map((quota) => [quota.id, quota]));
        return ids.map((id) => byId.get(id) ?? null);
      });
    },

    /** Reads who holds parts of the quotas of one request's entities in one query. */
    leaseLoader(): DataLoader<string, readonly LeaseOfQuota[]> {
      return new DataLoader(async (ids) => {
        const leases = await findHolders(database.prisma, ids, maxHolders);
        return ids.map((id) => leases.filter(({ quotaId }) => quotaId === id));
      });
    },

    /**
     * What has happened to the quotas of a target, newest first; also to those that were removed. The last period is there as soon as it is
     * over; what other servers still hold of it counts as used in it, until they give it back within a minute.
     */
    async history(targetId: string, page: PageArguments): Promise<Page<QuotaEntry>> {
      await endPeriod(targetId);
      return pageByCreation(page, {
        order: "quotaHistory.CREATED_AT_DESC",
        read: (after, take) => findEntries(database.prisma, targetId, after, take),
        totalCount: () => countEntries(database.prisma, targetId),
      });
    },
  };

  async function rateLimitsOf(rules: readonly CountedRule[], cost: number): Promise<readonly RateLimitState[]> {
    if (rules.length === 0) return [];
    return shared ? shared.look(rules, cost) : memory.peek(rules, cost, clock.now());
  }
}

function quotaStateOf({ targetId, limit, toppedUp, used, periodEnd }: Quota, cost: number): QuotaState {
  const remaining = Math.max(0, limit + toppedUp - used);
  return {
    limit: limit + toppedUp,
    used,
    remaining,
    resetAt: periodEnd?.getTime() ?? null,
    exceeded: cost > remaining,
    target: limitTargetOf(targetId),
  };
}
