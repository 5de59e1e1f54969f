import type { RateLimitState } from "@keyplane/schema";
import DataLoader from "dataloader";
import type { Clock } from "../../platform/clock.js";
import type { Database, Quota, QuotaEntry } from "../../platform/database/index.js";
import { type LimitColumns, limitedOf } from "../../platform/limited.js";
import { type Page, type PageArguments, pageOf, parsePage } from "../../platform/pages.js";
import { asOfNow, countEntries, findEntries, findQuotas } from "./quotas/quota.store.js";
import type { QuotaAccounts } from "./quotas/quota-accounts.js";
import type { MemoryLimiter } from "./rate/memory-limiter.js";
import type { SharedLimiter } from "./take.js";

const order = "quotaHistory.CREATED_AT_DESC";

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
  return {
    /** Where the rate limits of something stand, in the order in which they were set. */
    async rateLimits(columns: LimitColumns): Promise<readonly RateLimitState[]> {
      const rules = limitedOf(columns)?.rules ?? [];
      if (rules.length === 0) return [];
      return shared ? shared.look(rules) : memory.stand(rules, clock.now());
    },

    /** The quota as of now: what this server holds and has not used does not count as used. */
    present(quota: Quota): Quota {
      const now = asOfNow(quota, clock.now());
      const isSamePeriod = now.period === quota.period;
      return { ...now, used: Math.max(0, now.used - (isSamePeriod ? accounts.unused(quota.id) : 0)) };
    },

    /** Reads the quotas of one request's entities in one query. */
    quotaLoader(): DataLoader<string, Quota | null> {
      return new DataLoader(async (ids) => {
        const byId = new Map((await findQuotas(database.prisma, ids)).map((quota) => [quota.id, quota]));
        return ids.map((id) => byId.get(id) ?? null);
      });
    },

    /** What has happened to the quota of a target, newest first. */
    async history(targetId: string, page: PageArguments): Promise<Page<QuotaEntry>> {
      const { size, after } = parsePage(page, order, "createdAt");
      return pageOf({
        rows: await findEntries(database.prisma, targetId, after, size + 1),
        size,
        after,
        order,
        placeOf: (row) => ({ value: row.createdAt, id: row.id }),
        totalCount: () => countEntries(database.prisma, targetId),
      });
    },
  };
}
