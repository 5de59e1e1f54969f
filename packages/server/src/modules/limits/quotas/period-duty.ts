import type { Clock } from "../../../platform/clock.js";
import type { Database } from "../../../platform/database/index.js";
import type { Duty } from "../../../platform/scheduler.js";
import { endOneDue, isAnyDue } from "./quota.store.js";

/**
 * Ends the periods of quotas that nobody takes from any more, so that what was used in them is in the history without anybody asking. One
 * in which nothing was taken is ended by whoever next takes from its quota, or reads its history: idle quotas leave no entry each hour.
 */
export function createPeriodDuty({ database, clock }: { database: Database; clock: Clock }): Duty {
  return {
    isAnyDue: (now) => isAnyDue(database.prisma, now),
    settleOne: () => database.transaction((tx) => endOneDue(tx, clock.now())),
  };
}
