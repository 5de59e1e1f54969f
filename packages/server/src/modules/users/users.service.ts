import { createId } from "@keyplane/schema";
import { changes } from "../../platform/changes.js";
import type { Clock } from "../../platform/clock.js";
import type { Transaction, User } from "../../platform/database/index.js";
import { ConflictError, NotFoundError } from "../../platform/errors.js";
import { unlessTaken } from "../../platform/unless-taken.js";
import { parseInput } from "../../platform/validation.js";
import { type Audit, type AuditActor, actorOf } from "../audit/index.js";
import { authorize, authorizeKeyScopes, type Principal, visibleTo } from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { Idempotency } from "../idempotency/index.js";
import { differenceOf, keyScopesOf, type Roles, type ScopeDifference } from "../roles/index.js";
import type { Tenants } from "../tenants/index.js";
import { createUserStatus } from "./user-status.service.js";
import { createUserGuards, isAdministrator } from "./users.guards.js";
import { createUserSchema, updateUserSchema } from "./users.input.js";
import * as store from "./users.store.js";

interface Deps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly events: Events;
  readonly idempotency: Idempotency;
  readonly roles: Pick<Roles, "requireGrantable" | "share">;
  readonly tenants: Pick<Tenants, "require" | "hold">;
  /** Tells verifiers of the keys whose usable scopes change; what keys are is known further to the right. */
  readonly tellKeys: (
    tx: Transaction,
    of: { readonly ownerId: string },
    difference: ScopeDifference,
    reason: string,
  ) => Promise<void>;
}

export type Users = ReturnType<typeof createUsers>;

export function createUsers({ audit, clock, events, idempotency, roles, tenants, tellKeys }: Deps) {
  const guards = createUserGuards({ roles, tenants });
  const write = unlessTaken(
    events.transaction,
    {
      model: "User",
      fields: ["tenantId", "activeEmail"],
      message: "Another user of this tenant has this e-mail address. Use it, or give another address.",
    },
    {
      model: "User",
      fields: ["tenantId", "externalId"],
      message: "Another user of this tenant has this external id. Use it, or give another one.",
    },
  );

  /** Reads a user for a change. @throws NotFoundError when there is none that the caller may see. */
  async function lock(tx: Transaction, principal: Principal, id: string): Promise<User> {
    const user = await store.lockUser(tx, visibleTo(principal), id);
    if (!user) throw new NotFoundError("user");
    return user;
  }

  async function record(
    tx: Transaction,
    principal: Principal,
    change: {
      readonly action: string;
      readonly before: User | null;
      readonly after: User;
      readonly reason?: string | undefined;
    },
  ): Promise<void> {
    const { tenantId, id } = change.after;
    await audit.record(tx, { actor: actorOf(principal), tenantId, target: { type: "User", id }, ...change });
  }

  /** Takes or gives a custom role. @returns the columns, and what of the keys' scopes changes. */
  async function customRoleChange(
    tx: Transaction,
    principal: Principal,
    before: User,
    customRoleId: string | null | undefined,
  ): Promise<{ columns: { customRoleId?: string | null }; difference: ScopeDifference }> {
    if (customRoleId === undefined || customRoleId === before.customRoleId) {
      return { columns: {}, difference: { kind: "none" } };
    }
    const former = before.customRoleId === null ? null : await roles.share(tx, principal, before.customRoleId);
    const next =
      customRoleId === null
        ? null
        : await guards.requireCustomRole(tx, principal, before.tenantId, customRoleId, false);
    const [was, is] = [former && keyScopesOf(former), next && keyScopesOf(next)];
    const difference = differenceOf(was, is);
    if (difference.kind !== "none") authorizeKeyScopes(principal, is);
    return { columns: { customRoleId }, difference };
  }

  const status = createUserStatus({ clock, events, guards, lock, record });

  return {
    lock,

    /** The id of the user whom another authority speaks of; null when there is none. Asks no permission. */
    findIdBy(
      tenantId: string,
      by: { readonly externalId: string } | { readonly email: string },
    ): Promise<string | null> {
      return events.transaction((tx) => store.findUserIdBy(tx, tenantId, by));
    },

    /**
     * Creates a user whom another authority has vouched for. Asks no permission: who may decide that it is trusted was asked then.
     *
     * @throws InvalidInputError, ConflictError when the e-mail address or external id is taken.
     */
    async provision(actor: AuditActor, rawInput: unknown): Promise<User> {
      const { idempotencyKey: _, ...input } = parseInput(createUserSchema, rawInput);
      return write(async (tx) => {
        const now = new Date(clock.now());
        const user = await store.insertUser(tx, {
          ...input,
          id: createId("User"),
          activeEmail: input.email,
          customRoleId: null,
          externalId: input.externalId ?? null,
          createdAt: now,
          updatedAt: now,
        });
        const target = { type: "User", id: user.id } as const;
        const { tenantId } = user;
        await audit.record(tx, { actor, action: "user.created", tenantId, target, before: null, after: user });
        await events.append(tx, { type: "USER_CREATED", tenantId, userId: user.id });
        return user;
      });
    },

    /**
     * Creates a user, who can own keys from now on.
     *
     * @throws InvalidInputError, NotFoundError for the tenant, ConflictError when the e-mail address or external id is
     * taken, ForbiddenError without `users:create` or for a role with more permissions than the caller's.
     */
    async create(principal: Principal, rawInput: unknown): Promise<User> {
      authorize(principal, "users:create");
      const { idempotencyKey, ...input } = parseInput(createUserSchema, rawInput);
      // Also beside a custom role: it counts when that is taken away.
      guards.authorizeUserRole(principal, input.role, input.tenantId, true);
      const attempt = { operation: "createUser", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, write, async (tx) => {
        const tenant = await tenants.require(tx, principal, input.tenantId);
        const { customRoleId } = input;
        const customRole =
          customRoleId === undefined
            ? null
            : await guards.requireCustomRole(tx, principal, tenant.id, customRoleId, true);
        const now = new Date(clock.now());
        const user = await store.insertUser(tx, {
          id: createId("User"),
          tenantId: tenant.id,
          email: input.email,
          activeEmail: input.email,
          name: input.name,
          role: input.role,
          customRoleId: customRole?.id ?? null,
          externalId: input.externalId ?? null,
          allowedIps: input.allowedIps,
          deniedIps: input.deniedIps,
          createdAt: now,
          updatedAt: now,
        });
        await record(tx, principal, { action: "user.created", before: null, after: user });
        await events.append(tx, { type: "USER_CREATED", tenantId: tenant.id, userId: user.id });
        return { targetId: user.id };
      });
      // Also to a creator who is confined to one user, and would not see this one.
      return events.transaction(async (tx) => {
        const user = await store.findUser(tx, { ...visibleTo(principal), userId: undefined }, outcome.targetId);
        if (!user) throw new NotFoundError("user");
        return user;
      });
    },

    /**
     * Changes what the input names; what is so already changes nothing.
     *
     * @throws as create does, and ConflictError for a deleted user and for the last active administrator of a tenant, unless
     * the caller is a program that administers it.
     */
    async update(principal: Principal, rawInput: unknown): Promise<User> {
      authorize(principal, "users:update");
      const input = parseInput(updateUserSchema, rawInput);
      return write(async (tx) => {
        const before = await lock(tx, principal, input.id);
        const role = input.role ?? before.role;
        // The role that counts from now on, if another than before.
        if (input.role || (input.customRoleId === null && before.customRoleId !== null)) {
          guards.authorizeUserRole(principal, role, before.tenantId, false);
        }
        if (before.status === "DELETED")
          throw new ConflictError("This user was deleted and cannot be changed any more.");
        // Whoever lets keys come from elsewhere grants all that they can do.
        if (input.allowedIps !== undefined || input.deniedIps !== undefined) authorizeKeyScopes(principal, null);
        const { columns: roleColumns, difference } = await customRoleChange(tx, principal, before, input.customRoleId);
        const columns = {
          ...roleColumns,
          ...(input.email === undefined ? {} : { email: input.email, activeEmail: input.email }),
          ...(input.name === undefined ? {} : { name: input.name }),
          ...(input.role === undefined ? {} : { role: input.role }),
          ...(input.externalId === undefined ? {} : { externalId: input.externalId }),
          ...(input.allowedIps === undefined ? {} : { allowedIps: input.allowedIps }),
          ...(input.deniedIps === undefined ? {} : { deniedIps: input.deniedIps }),
        };
        if (!changes(before, columns)) return before;
        const { email = before.email, externalId = before.externalId } = columns;
        if (email !== before.email || externalId !== before.externalId)
          await guards.refuseBeyond(tx, principal, before);
        if (!isAdministrator({ ...before, ...columns })) await guards.refuseLastAdministrator(tx, principal, before);
        const after = await store.updateUserRow(tx, before.id, { ...columns, updatedAt: new Date(clock.now()) });
        await record(tx, principal, { action: "user.updated", before, after });
        const teamIds = await store.teamsOfKeys(tx, after.id);
        await events.append(tx, { type: "OWNER_UPDATED", tenantId: after.tenantId, userId: after.id, teamIds });
        await tellKeys(tx, { ownerId: after.id }, difference, `the owner ${after.id} has another role`);
        return after;
      });
    },

    ...status,
  };
}
