import {
  type LeakAction,
  leakActions,
  type SharedRule,
  sharedRules,
  type UpkeepAction,
  upkeepActions,
} from "@keyplane/schema";
import { z } from "zod";
import { changes } from "../../../platform/changes.js";
import type { Clock } from "../../../platform/clock.js";
import type { Database } from "../../../platform/database/index.js";
import { optional, parseInput } from "../../../platform/validation.js";
import { type Audit, actorOf } from "../../audit/index.js";
import { authorize, type Principal } from "../../auth/index.js";
import type { Events } from "../../events/index.js";
import type { Tenants } from "../../tenants/index.js";
import { maxOriginsWindowMs } from "../../usage/index.js";
import { findPolicy, type LifecyclePolicy, savePolicy } from "./policy.js";

const days = (least: number) =>
  z.number().int("Give whole days.").min(least, `Give at least ${least}.`).max(3_650, "Give at most 3650 days.");

/** As far back as it is known from where keys were used. */
const maxWindowHours = maxOriginsWindowMs / 3_600_000;

const bound = z
  .number()
  .int("Give a whole number.")
  .min(1, "Give at least 1, or null for any number.")
  .max(1_000, "Give at most 1000, or null for any number.")
  .nullable()
  .optional();

const updatePolicySchema = z.object({
  tenantId: z.string(),
  leakAction: optional(z.enum(Object.keys(leakActions) as LeakAction[])),
  idleAfterDays: days(1).nullable().optional(),
  idleAction: optional(z.enum(Object.keys(upkeepActions) as UpkeepAction[])),
  neverExpiringAction: optional(z.enum(Object.keys(upkeepActions) as UpkeepAction[])),
  graceDays: optional(days(0)),
  sharedAction: optional(z.enum(Object.keys(upkeepActions) as UpkeepAction[])),
  sharedWindowHours: optional(
    z
      .number()
      .int("Give whole hours.")
      .min(1, "Give at least 1 hour.")
      .max(maxWindowHours, `Give at most ${maxWindowHours} hours.`),
  ),
  sharedRule: optional(z.enum(Object.keys(sharedRules) as SharedRule[])),
  sharedMaxAddresses: bound,
  sharedMaxNetworks: bound,
  sharedMaxUserAgents: bound,
});

export type LifecyclePolicies = ReturnType<typeof createLifecyclePolicies>;

/** How the keys of each tenant look after themselves. */
export function createLifecyclePolicies(deps: {
  audit: Audit;
  clock: Clock;
  database: Database;
  events: Events;
  tenants: Pick<Tenants, "hold">;
}) {
  const { audit, clock, database, events, tenants } = deps;
  return {
    /** The policy of a tenant that the caller was shown already. @throws ForbiddenError without `tenants:read`. */
    async find(principal: Principal, tenantId: string): Promise<LifecyclePolicy> {
      authorize(principal, "tenants:read");
      return findPolicy(database.prisma, tenantId);
    },

    /**
     * Changes what the input names. What is so already changes nothing. A changed policy counts at once for leaks, and for keys
     * that it does not want from the next look at them, some seconds later.
     *
     * @throws InvalidInputError, NotFoundError for the tenant, ForbiddenError without `tenants:update`.
     */
    async update(principal: Principal, rawInput: unknown): Promise<LifecyclePolicy> {
      authorize(principal, "tenants:update");
      const { tenantId, ...named } = parseInput(updatePolicySchema, rawInput);
      return events.transaction(async (tx) => {
        await tenants.hold(tx, principal, tenantId);
        const before = await findPolicy(tx, tenantId);
        const columns = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
        if (!changes(before, columns)) return before;
        const after: LifecyclePolicy = { ...before, ...columns };
        const now = new Date(clock.now());
        // One look more also when nothing is left to look for: it resolves what is no longer unwanted.
        await savePolicy(tx, after, now, now);
        const target = { type: "Tenant", id: tenantId } as const;
        const action = "tenant.lifecycle_policy_updated";
        await audit.record(tx, { actor: actorOf(principal), action, tenantId, target, before, after });
        await events.append(tx, { type: "TENANT_UPDATED", tenantId });
        return after;
      });
    },
  };
}
