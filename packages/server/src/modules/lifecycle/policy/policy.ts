import type { LeakAction, UpkeepAction } from "@keyplane/schema";
import type { Db, LifecyclePolicy as Row } from "../../../platform/database/index.js";

/** How the keys of a tenant look after themselves. */
export interface LifecyclePolicy {
  readonly tenantId: string;
  readonly leakAction: LeakAction;
  /** null: keys may stay unused for ever. */
  readonly idleAfterDays: number | null;
  readonly idleAction: UpkeepAction;
  readonly neverExpiringAction: UpkeepAction;
  readonly graceDays: number;
}

/** What counts where a tenant has said nothing: leaks are stopped, everything else is left to people. */
const defaults: Omit<LifecyclePolicy, "tenantId"> = {
  leakAction: "DISABLE",
  idleAfterDays: null,
  idleAction: "REMIND",
  neverExpiringAction: "IGNORE",
  graceDays: 7,
};

/** The policy of a tenant, or the defaults. */
export async function findPolicy(db: Db, tenantId: string): Promise<LifecyclePolicy> {
  const row = await db.lifecyclePolicy.findUnique({ where: { tenantId } });
  return row ? toPolicy(row) : { tenantId, ...defaults };
}

/** A row as the policy that it keeps. */
export function toPolicy(row: Row): LifecyclePolicy {
  return {
    tenantId: row.tenantId,
    leakAction: row.leakAction as LeakAction,
    idleAfterDays: row.idleAfterDays,
    idleAction: row.idleAction as UpkeepAction,
    neverExpiringAction: row.neverExpiringAction as UpkeepAction,
    graceDays: row.graceDays,
  };
}

/** Whether a tenant's keys have to be looked at from time to time. */
export function needsUpkeep(policy: LifecyclePolicy): boolean {
  return (policy.idleAfterDays !== null && policy.idleAction !== "IGNORE") || policy.neverExpiringAction !== "IGNORE";
}

/** @param nextSweepAt when its keys are looked at with it for the first time. */
export async function savePolicy(db: Db, policy: LifecyclePolicy, now: Date, nextSweepAt: Date | null): Promise<void> {
  const { tenantId, ...columns } = policy;
  const row = { ...columns, nextSweepAt, updatedAt: now };
  await db.lifecyclePolicy.upsert({ where: { tenantId }, create: { tenantId, ...row }, update: row });
}
