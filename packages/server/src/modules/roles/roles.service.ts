import { createId, type Permission } from "@keyplane/schema";
import { changes } from "../../platform/changes.js";
import type { Clock } from "../../platform/clock.js";
import type { CustomRole, Transaction } from "../../platform/database/index.js";
import { ConflictError, LimitReachedError, NotFoundError } from "../../platform/errors.js";
import { unlessTaken } from "../../platform/unless-taken.js";
import { parseInput } from "../../platform/validation.js";
import { type Audit, actorOf } from "../audit/index.js";
import {
  authorize,
  authorizeKeyScopes,
  authorizeRole,
  authorizeUnlimited,
  type Principal,
  visibleTo,
} from "../auth/index.js";
import type { DomainEvent, Events } from "../events/index.js";
import type { Idempotency } from "../idempotency/index.js";
import type { Tenants } from "../tenants/index.js";
import { differenceOf, keyScopesColumns, keyScopesOf, type ScopeDifference } from "./lib/key-scopes.js";
import { createRoleSchema, deleteRoleSchema, updateRoleSchema } from "./roles.input.js";
import * as store from "./roles.store.js";

/** How many custom roles a tenant can have. */
export const maxRolesPerTenant = 100;

interface Deps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly events: Events;
  readonly idempotency: Idempotency;
  readonly tenants: Pick<Tenants, "hold">;
  /** Tells verifiers of the keys whose usable scopes change; what keys are is known further to the right. */
  readonly tellKeys: (
    tx: Transaction,
    of: { readonly roleId: string },
    difference: ScopeDifference,
    reason: string,
  ) => Promise<void>;
}

export type Roles = ReturnType<typeof createRoles>;

/** Roles that a tenant makes of permissions. */
export function createRoles({ audit, clock, events, idempotency, tenants, tellKeys }: Deps) {
  const write = unlessTaken(events.transaction, {
    model: "CustomRole",
    fields: ["tenantId", "name"],
    message: "Another role of this tenant has this name. Use it, or choose another name.",
  });

  async function lock(tx: Transaction, principal: Principal, id: string): Promise<CustomRole> {
    const role = await store.lockRole(tx, visibleTo(principal), id);
    if (!role) throw new NotFoundError("role");
    return role;
  }

  async function tell(
    tx: Transaction,
    principal: Principal,
    change: { action: string; event: DomainEvent["type"]; before: CustomRole | null; after: CustomRole | null },
  ): Promise<void> {
    const { action, event, before, after } = change;
    const { id = "", tenantId = null } = after ?? before ?? {};
    const target = { type: "CustomRole", id } as const;
    await audit.record(tx, { actor: actorOf(principal), action, tenantId, target, before, after });
    await events.append(tx, { type: event, tenantId, roleId: id });
  }

  return {
    /**
     * The role that somebody is to get, kept as it is until the transaction ends.
     *
     * @param tenantId where it is to be given; a role of another tenant is as good as none.
     * @throws NotFoundError; ForbiddenError for a role that can do more than the caller.
     */
    async requireGrantable(
      tx: Transaction,
      principal: Principal,
      tenantId: string | null,
      id: string,
    ): Promise<CustomRole> {
      const role = await store.shareRole(tx, visibleTo(principal), id);
      if (!role || role.tenantId !== tenantId) throw new NotFoundError("role");
      authorizeRole(principal, role.base, role.permissions as Permission[]);
      return role;
    },

    /** The role that somebody has, kept as it is until the transaction ends. */
    async share(tx: Transaction, principal: Principal, id: string): Promise<CustomRole> {
      const role = await store.shareRole(tx, visibleTo(principal), id);
      if (!role) throw new NotFoundError("role");
      return role;
    },

    /**
     * Creates a role. It does nothing until somebody gets it.
     *
     * @throws InvalidInputError, NotFoundError for the tenant, ConflictError when the name is taken, LimitReachedError,
     * ForbiddenError without `roles:create`, or for permissions or scopes beyond the caller's own.
     */
    async create(principal: Principal, rawInput: unknown): Promise<CustomRole> {
      authorize(principal, "roles:create");
      const { idempotencyKey, ...input } = parseInput(createRoleSchema, rawInput);
      authorizeRole(principal, input.base, input.permissions);
      authorizeKeyScopes(principal, input.keyScopes);
      const attempt = { operation: "createRole", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, write, async (tx) => {
        const tenant = await tenants.hold(tx, principal, input.tenantId);
        if ((await store.countRolesOfTenant(tx, tenant.id)) >= maxRolesPerTenant) {
          throw new LimitReachedError(
            `This tenant has ${maxRolesPerTenant} roles, which is the most. Delete one that nobody has, or change one with updateRole.`,
          );
        }
        const now = new Date(clock.now());
        const { name, description, base, permissions, keyScopes } = input;
        const role = await store.insertRole(tx, {
          id: createId("CustomRole"),
          tenantId: tenant.id,
          name,
          description,
          base,
          permissions,
          ...keyScopesColumns(keyScopes),
          createdAt: now,
          updatedAt: now,
        });
        await tell(tx, principal, { action: "role.created", event: "ROLE_CREATED", before: null, after: role });
        return { targetId: role.id };
      });
      return events.transaction((tx) => lock(tx, principal, outcome.targetId));
    },

    /**
     * Changes what the input names, for all holders at once: it counts from their next request, and from the next verification
     * of their keys.
     *
     * @throws as create does; LimitReachedError where more keys are concerned than can be told of at once.
     */
    async update(principal: Principal, rawInput: unknown): Promise<CustomRole> {
      authorize(principal, "roles:update");
      const input = parseInput(updateRoleSchema, rawInput);
      return write(async (tx) => {
        const before = await lock(tx, principal, input.id);
        const columns = {
          ...(input.name === undefined ? {} : { name: input.name }),
          ...(input.description === undefined ? {} : { description: input.description }),
          ...(input.base === undefined ? {} : { base: input.base }),
          ...(input.permissions === undefined ? {} : { permissions: input.permissions }),
          ...keyScopesColumns(input.keyScopes),
        };
        if (!changes(before, columns)) return before;
        if (input.base !== undefined || input.permissions !== undefined) {
          const base = input.base ?? before.base;
          const permissions = input.permissions ?? (before.permissions as Permission[]);
          authorizeRole(principal, base, permissions);
          // Whoever has the role has it from now on, and whoever gave it was asked about the former one.
          authorizeUnlimited(principal, base, permissions);
        }
        if (input.keyScopes !== undefined) authorizeKeyScopes(principal, input.keyScopes);
        const after = await store.updateRoleRow(tx, before.id, { ...columns, updatedAt: new Date(clock.now()) });
        await tell(tx, principal, { action: "role.updated", event: "ROLE_UPDATED", before, after });
        const difference = differenceOf(keyScopesOf(before), keyScopesOf(after));
        await tellKeys(tx, { roleId: after.id }, difference, `the role ${after.id} allows other scopes`);
        return after;
      });
    },

    /** Deletes a role that nobody has. @throws ConflictError naming how many users and tokens have it. */
    async delete(principal: Principal, rawInput: unknown): Promise<CustomRole> {
      authorize(principal, "roles:delete");
      const { id } = parseInput(deleteRoleSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, id);
        const { users, tokens } = await store.countHolders(tx, before.id);
        if (users + tokens > 0) {
          throw new ConflictError(
            `${users} ${users === 1 ? "user has" : "users have"} this role, and ${tokens} management ${tokens === 1 ? "token has" : "tokens have"} it. Give the users another one with updateUser, and revoke the tokens, first.`,
          );
        }
        await store.releaseDead(tx, before.id);
        await store.deleteRoleRow(tx, before.id);
        await tell(tx, principal, { action: "role.deleted", event: "ROLE_DELETED", before, after: null });
        return before;
      });
    },
  };
}
