import { type Clock, systemClock } from "../../platform/clock.js";
import type { Database } from "../../platform/database/index.js";
import type { Logger } from "../../platform/logger.js";
import type { Duty } from "../../platform/scheduler.js";
import type { Audit } from "../audit/index.js";
import type { Events } from "../events/index.js";
import type { Idempotency } from "../idempotency/index.js";
import type { Locks } from "./limit-targets.js";
import { createLimitReads, type LimitReads } from "./limits.reads.js";
import { createLimits, type Limits } from "./limits.service.js";
import { createPeriodDuty } from "./quotas/period-duty.js";
import { QuotaAccounts } from "./quotas/quota-accounts.js";
import { UseFolder } from "./quotas/use-folder.js";
import { MemoryLimiter } from "./rate/memory-limiter.js";
import { RedisLimiter, type WithoutRedis } from "./rate/redis-limiter.js";
import { createTake, type Take } from "./take.js";

/** How the limiting does, for metrics. */
export interface LimitsStatus {
  /** How many rate limits are counted in memory. */
  readonly counted: number;
  /** Whether they are counted in Redis instead. */
  readonly isShared: boolean;
  readonly leases: number;
  readonly asked: number;
}

/** Everything that limits calls. */
export interface Limiting {
  readonly limits: Limits;
  readonly limitReads: LimitReads;
  readonly take: Take;
  /** What has to be waited for before a call is answered that was taken from limits; null: nothing. */
  written(): Promise<void> | null;
  readonly accounts: QuotaAccounts;
  /** Keeps what was used in periods that have ended. */
  readonly periods: Duty;
  status(): LimitsStatus;
  /** Settles what killed processes have left. */
  maintain(): Promise<void>;
  /** Gives back what is held of quotas. While the database is still open, and when no call comes any more. */
  stop(): Promise<void>;
}

/** @param deps.maxCounted how many rate limits are counted in memory. */
export async function openLimiting(deps: {
  audit: Audit;
  clock: Clock;
  database: Database;
  events: Events;
  idempotency: Idempotency;
  locks: Locks;
  logger: Logger;
  dataDir: string;
  maxCounted: number;
  /** Where rate limits are counted for all servers together; null: each counts for itself. */
  redis: { readonly url: string; readonly without: WithoutRedis; readonly patienceMs?: number | undefined } | null;
}): Promise<Limiting> {
  const { clock, database, logger } = deps;
  const accounts = new QuotaAccounts({ clock, database, logger, folder: await UseFolder.open(deps.dataDir) });
  const memory = new MemoryLimiter(deps.maxCounted);
  const shared =
    deps.redis && new RedisLimiter({ ...deps.redis, memory, clock, ownTime: clock === systemClock, logger });
  await shared?.connect();
  deps.events.subscribe(accounts);
  void accounts.adopt();
  return {
    limits: createLimits({ ...deps, accounts }),
    limitReads: createLimitReads({ database, clock, accounts, memory, shared }),
    take: createTake({ memory, quotas: accounts, shared, clock }),
    written: () => accounts.written,
    accounts,
    periods: createPeriodDuty({ database, clock }),
    status: () => ({
      counted: memory.size,
      isShared: shared?.isReady ?? false,
      leases: accounts.leases,
      asked: accounts.asked,
    }),
    maintain: () => accounts.adopt(),
    async stop() {
      shared?.close();
      await accounts.stop();
    },
  };
}
