import { createId } from "@keyplane/schema";
import { changes } from "../../platform/changes.js";
import type { Clock } from "../../platform/clock.js";
import type { Tenant, Transaction } from "../../platform/database/index.js";
import { ForbiddenError, InvalidInputError, NotFoundError } from "../../platform/errors.js";
import { unlessTaken } from "../../platform/unless-taken.js";
import { parseInput } from "../../platform/validation.js";
import { type Audit, actorOf } from "../audit/index.js";
import { authorize, authorizeKeyScopes, type Principal, visibleTo } from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { Idempotency } from "../idempotency/index.js";
import { createTenantSchema, tenantStatusSchema, updateTenantSchema } from "./tenants.input.js";
import * as store from "./tenants.store.js";

interface Deps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly events: Events;
  readonly idempotency: Idempotency;
  /** Plans anew when keys of a tenant have to be rotated; what keys are is known further to the right. */
  readonly planRotations: (tx: Transaction, tenantId: string) => Promise<void>;
  /** Refuses a webhook that cannot receive secrets of a tenant's keys; what webhooks are is known further to the right. */
  readonly requireSecretReceiver: (tx: Transaction, tenantId: string, webhookId: string) => Promise<void>;
}

export type Tenants = ReturnType<typeof createTenants>;

export function createTenants(deps: Deps) {
  const { audit, clock, events, idempotency, planRotations, requireSecretReceiver } = deps;
  const write = unlessTaken(events.transaction, {
    model: "Tenant",
    fields: ["slug"],
    message: "Another tenant has this slug. Choose another one.",
  });

  /** Reads a tenant for a change. @throws NotFoundError when there is none that the caller may see. */
  async function lock(tx: Transaction, principal: Principal, id: string): Promise<Tenant> {
    const tenant = await store.lockTenant(tx, visibleTo(principal), id);
    if (!tenant) throw new NotFoundError("tenant");
    return tenant;
  }

  /** Reads a tenant that a change in it needs. @throws NotFoundError when there is none that the caller may see. */
  async function require(tx: Transaction, principal: Principal, id: string): Promise<Tenant> {
    const tenant = await store.findTenant(tx, visibleTo(principal), id);
    if (!tenant) throw new NotFoundError("tenant");
    return tenant;
  }

  async function recordUpdate(
    tx: Transaction,
    principal: Principal,
    action: string,
    before: Tenant,
    after: Tenant,
    reason: string | null = null,
  ): Promise<void> {
    const target = { type: "Tenant", id: after.id } as const;
    await audit.record(tx, { actor: actorOf(principal), action, tenantId: after.id, target, before, after, reason });
  }

  return {
    lock,
    require,

    /** As `require`; those who hold one tenant follow each other, so that what they count in it stays so. */
    async hold(tx: Transaction, principal: Principal, id: string): Promise<Tenant> {
      const tenant = await require(tx, principal, id);
      await store.holdTenant(tx, tenant.id);
      return tenant;
    },

    /**
     * Creates a tenant.
     *
     * @throws InvalidInputError, ConflictError when the slug is taken, ForbiddenError without `tenants:create`.
     */
    async create(principal: Principal, rawInput: unknown): Promise<Tenant> {
      authorize(principal, "tenants:create");
      const { idempotencyKey, ...input } = parseInput(createTenantSchema, rawInput);
      const attempt = { operation: "createTenant", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, write, async (tx) => {
        const now = new Date(clock.now());
        const id = createId("Tenant");
        const receiver = input.policy?.rotationWebhookId ?? null;
        if (receiver !== null) await requireSecretReceiver(tx, id, receiver);
        const tenant = await store.insertTenant(tx, {
          id,
          slug: input.slug,
          name: input.name,
          ...store.policyColumns(input.policy ?? {}),
          allowedIps: input.allowedIps,
          deniedIps: input.deniedIps,
          createdAt: now,
          updatedAt: now,
        });
        const target = { type: "Tenant", id: tenant.id } as const;
        await audit.record(tx, {
          actor: actorOf(principal),
          action: "tenant.created",
          tenantId: tenant.id,
          target,
          before: null,
          after: tenant,
        });
        await events.append(tx, { type: "TENANT_CREATED", tenantId: tenant.id });
        return { targetId: tenant.id };
      });
      return events.transaction((tx) => require(tx, principal, outcome.targetId));
    },

    /**
     * Changes name, slug, address lists or key policy; what the input does not name stays. Address lists count for all keys at once. A changed policy counts for keys that are
     * created, updated or rotated from now on; keys that exist keep what they have. What is so already changes nothing.
     */
    async update(principal: Principal, rawInput: unknown): Promise<Tenant> {
      authorize(principal, "tenants:update");
      const input = parseInput(updateTenantSchema, rawInput);
      if (input.slug !== undefined && principal.tenantId !== null) {
        // Slugs are unique over all tenants: a tenant's caller could try out which others exist.
        throw new ForbiddenError("Only a caller of the whole installation can change a slug. Ask the operator.");
      }
      // Whoever lets keys come from elsewhere grants all that they can do.
      if (input.allowedIps !== undefined || input.deniedIps !== undefined) authorizeKeyScopes(principal, null);
      const receiver = input.policy?.rotationWebhookId ?? null;
      return write(async (tx) => {
        const before = await lock(tx, principal, input.id);
        const columns = {
          ...(input.slug === undefined ? {} : { slug: input.slug }),
          ...(input.name === undefined ? {} : { name: input.name }),
          ...store.policyColumns(input.policy ?? {}),
          ...(input.allowedIps === undefined ? {} : { allowedIps: input.allowedIps }),
          ...(input.deniedIps === undefined ? {} : { deniedIps: input.deniedIps }),
        };
        checkLifetimes({ ...before, ...columns });
        if (receiver !== null) {
          // Whoever has secrets handed over could have rotated the keys.
          authorize(principal, "keys:rotate");
          authorizeKeyScopes(principal, null);
          await requireSecretReceiver(tx, before.id, receiver);
        }
        if (!changes(before, columns)) return before;
        const after = await store.updateTenantRow(tx, before.id, { ...columns, updatedAt: new Date(clock.now()) });
        const isOther =
          after.rotateEveryMs !== before.rotateEveryMs || after.rotationWebhookId !== before.rotationWebhookId;
        if (isOther) await planRotations(tx, after.id);
        await recordUpdate(tx, principal, "tenant.updated", before, after);
        await events.append(tx, { type: "TENANT_UPDATED", tenantId: after.id });
        return after;
      });
    },

    /** Refuses every key and every management token of the tenant from now on. Suspending twice changes nothing. */
    async suspend(principal: Principal, rawInput: unknown): Promise<Tenant> {
      authorize(principal, "tenants:suspend");
      const input = parseInput(tenantStatusSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, input.id);
        if (before.status === "SUSPENDED") return before;
        return changeStatus(tx, principal, before, { status: "SUSPENDED", reason: input.reason ?? null });
      });
    },

    /** Ends a suspension: keys answer again as they did before it. Resuming an active tenant changes nothing. */
    async resume(principal: Principal, rawInput: unknown): Promise<Tenant> {
      authorize(principal, "tenants:suspend");
      const input = parseInput(tenantStatusSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, input.id);
        if (before.status === "ACTIVE") return before;
        return changeStatus(tx, principal, before, { status: "ACTIVE", reason: input.reason ?? null });
      });
    },
  };

  async function changeStatus(
    tx: Transaction,
    principal: Principal,
    before: Tenant,
    change: { status: "ACTIVE" | "SUSPENDED"; reason: string | null },
  ): Promise<Tenant> {
    const now = new Date(clock.now());
    const after = await store.updateTenantRow(tx, before.id, {
      status: change.status,
      statusReason: change.reason,
      statusChangedAt: now,
      updatedAt: now,
    });
    const suspended = change.status === "SUSPENDED";
    await recordUpdate(tx, principal, suspended ? "tenant.suspended" : "tenant.resumed", before, after, change.reason);
    const type = suspended ? "TENANT_SUSPENDED" : "TENANT_RESUMED";
    await events.append(tx, { type, tenantId: after.id, reason: change.reason });
    return after;
  }
}

/** A partial update must not leave a default lifetime above the maximum that is already set. */
function checkLifetimes(policy: Pick<Tenant, "defaultKeyLifetimeMs" | "maxKeyLifetimeMs">): void {
  if (policy.defaultKeyLifetimeMs === null || policy.maxKeyLifetimeMs === null) return;
  if (policy.defaultKeyLifetimeMs <= policy.maxKeyLifetimeMs) return;
  const message = "The default lifetime cannot be longer than maxLifetimeMs. Change both together.";
  throw new InvalidInputError([{ path: ["policy", "defaultLifetimeMs"], message }]);
}
