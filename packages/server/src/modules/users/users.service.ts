import { createId, type UserStatus } from "@keyplane/schema";
import { changes } from "../../platform/changes.js";
import type { Clock } from "../../platform/clock.js";
import type { Transaction, User } from "../../platform/database/index.js";
import { ConflictError, NotFoundError } from "../../platform/errors.js";
import { unlessTaken } from "../../platform/unless-taken.js";
import { parseInput } from "../../platform/validation.js";
import { type Audit, type AuditActor, actorOf } from "../audit/index.js";
import { authorize, authorizeGrant, type Principal, permissionsWithin, visibleTo } from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { Idempotency } from "../idempotency/index.js";
import type { Tenants } from "../tenants/index.js";
import { createUserSchema, updateUserSchema, userStatusSchema } from "./users.input.js";
import * as store from "./users.store.js";

interface Deps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly events: Events;
  readonly idempotency: Idempotency;
  readonly tenants: Pick<Tenants, "require">;
}

/** The three ways to change a user's status: what each is called where it is told. */
const statusChanges = {
  disable: { status: "DISABLED", action: "user.disabled", event: "OWNER_DISABLED" },
  enable: { status: "ACTIVE", action: "user.enabled", event: "OWNER_ENABLED" },
  delete: { status: "DELETED", action: "user.deleted", event: "OWNER_DELETED" },
} as const satisfies Record<string, { status: UserStatus; action: string; event: string }>;

export type Users = ReturnType<typeof createUsers>;

export function createUsers({ audit, clock, events, idempotency, tenants }: Deps) {
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
    action: string,
    before: User | null,
    after: User,
    reason?: string,
  ): Promise<void> {
    const target = { type: "User", id: after.id } as const;
    await audit.record(tx, {
      actor: actorOf(principal),
      action,
      tenantId: after.tenantId,
      target,
      before,
      after,
      reason,
    });
  }

  async function changeStatus(principal: Principal, rawInput: unknown, how: keyof typeof statusChanges): Promise<User> {
    const input = parseInput(userStatusSchema, rawInput);
    const change = statusChanges[how];
    return events.transaction(async (tx) => {
      const before = await lock(tx, principal, input.id);
      if (before.status === change.status) return before;
      if (before.status === "DELETED") {
        throw new ConflictError("This user was deleted, which is final. Create a new user and reissue the keys to it.");
      }
      const now = new Date(clock.now());
      const after = await store.updateUserRow(tx, before.id, {
        status: change.status,
        statusReason: input.reason ?? null,
        statusChangedAt: now,
        updatedAt: now,
        // A deleted user's address and external id are free for a new one.
        ...(change.status === "DELETED" ? { activeEmail: null, externalId: null } : {}),
      });
      await record(tx, principal, change.action, before, after, input.reason);
      await events.append(tx, {
        type: change.event,
        tenantId: after.tenantId,
        userId: after.id,
        reason: input.reason ?? null,
      });
      return after;
    });
  }

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
      authorizeGrant(principal, permissionsWithin(input.role, input.tenantId));
      const attempt = { operation: "createUser", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, write, async (tx) => {
        const tenant = await tenants.require(tx, principal, input.tenantId);
        const now = new Date(clock.now());
        const user = await store.insertUser(tx, {
          id: createId("User"),
          tenantId: tenant.id,
          email: input.email,
          activeEmail: input.email,
          name: input.name,
          role: input.role,
          externalId: input.externalId ?? null,
          createdAt: now,
          updatedAt: now,
        });
        await record(tx, principal, "user.created", null, user);
        await events.append(tx, { type: "USER_CREATED", tenantId: tenant.id, userId: user.id });
        return { targetId: user.id };
      });
      return events.transaction((tx) => lock(tx, principal, outcome.targetId));
    },

    /**
     * Changes what the input names; what is so already changes nothing.
     *
     * @throws as create does, and ConflictError for a deleted user.
     */
    async update(principal: Principal, rawInput: unknown): Promise<User> {
      authorize(principal, "users:update");
      const input = parseInput(updateUserSchema, rawInput);
      return write(async (tx) => {
        const before = await lock(tx, principal, input.id);
        if (input.role) authorizeGrant(principal, permissionsWithin(input.role, before.tenantId));
        // Whoever has the address gets a link that sets the password: giving another one gives away all that the user may do.
        if (input.email !== undefined && input.email !== before.email) {
          authorizeGrant(principal, permissionsWithin(before.role, before.tenantId));
        }
        if (before.status === "DELETED")
          throw new ConflictError("This user was deleted and cannot be changed any more.");
        const columns = {
          ...(input.email === undefined ? {} : { email: input.email, activeEmail: input.email }),
          ...(input.name === undefined ? {} : { name: input.name }),
          ...(input.role === undefined ? {} : { role: input.role }),
          ...(input.externalId === undefined ? {} : { externalId: input.externalId }),
        };
        if (!changes(before, columns)) return before;
        const after = await store.updateUserRow(tx, before.id, { ...columns, updatedAt: new Date(clock.now()) });
        await record(tx, principal, "user.updated", before, after);
        await events.append(tx, { type: "OWNER_UPDATED", tenantId: after.tenantId, userId: after.id });
        return after;
      });
    },

    /** Refuses the user's keys and tokens until enabled again. Disabling twice changes nothing. */
    async disable(principal: Principal, rawInput: unknown): Promise<User> {
      authorize(principal, "users:disable");
      return changeStatus(principal, rawInput, "disable");
    },

    /** Ends a disablement. Enabling an active user changes nothing. @throws ConflictError for a deleted user. */
    async enable(principal: Principal, rawInput: unknown): Promise<User> {
      authorize(principal, "users:disable");
      return changeStatus(principal, rawInput, "enable");
    },

    /** Deletes for good; a tombstone stays, so that keys and history can name their owner. */
    async delete(principal: Principal, rawInput: unknown): Promise<User> {
      authorize(principal, "users:delete");
      return changeStatus(principal, rawInput, "delete");
    },
  };
}
