import type { LeakAction, SharedRule, UpkeepAction } from "@keyplane/schema";
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
  readonly sharedAction: UpkeepAction;
  /** How far back a look at a key's places goes. */
  readonly sharedWindowHours: number;
  /** Whether every bound has to be passed, or one. */
  readonly sharedRule: SharedRule;
  /** How many addresses, networks and programs may use a key within the window; null: any number. */
  readonly sharedMaxAddresses: number | null;
  readonly sharedMaxNetworks: number | null;
  readonly sharedMaxUserAgents: number | null;
}

/**
 * What counts where a tenant has said nothing: leaks are stopped, everything else is left to people. The bounds of shared keys are measured:
 * test/bench/results/shared-keys.txt.
 */
export const defaultPolicy: Omit<LifecyclePolicy, "tenantId"> = {
  leakAction: "DISABLE",
  idleAfterDays: null,
  idleAction: "REMIND",
  neverExpiringAction: "IGNORE",
  graceDays: 7,
  sharedAction: "REMIND",
  sharedWindowHours: 24,
  sharedRule: "ALL",
  sharedMaxAddresses: null,
  sharedMaxNetworks: 30,
  sharedMaxUserAgents: 15,
};

/** The policy of a tenant, or the defaults. */
export async function findPolicy(db: Db, tenantId: string): Promise<LifecyclePolicy> {
  const row = await db.lifecyclePolicy.findUnique({ where: { tenantId } });
  return row ? toPolicy(row) : { tenantId, ...defaultPolicy };
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
    sharedAction: row.sharedAction as UpkeepAction,
    sharedWindowHours: row.sharedWindowHours,
    sharedRule: row.sharedRule as SharedRule,
    sharedMaxAddresses: row.sharedMaxAddresses,
    sharedMaxNetworks: row.sharedMaxNetworks,
    sharedMaxUserAgents: row.sharedMaxUserAgents,
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
