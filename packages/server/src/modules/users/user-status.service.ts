import type { UserStatus } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { Transaction, User } from "../../platform/database/index.js";
import { ConflictError } from "../../platform/errors.js";
import { parseInput } from "../../platform/validation.js";
import { authorize, type Principal } from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { UserGuards } from "./users.guards.js";
import { userStatusSchema } from "./users.input.js";
import * as store from "./users.store.js";

interface Deps {
  readonly clock: Clock;
  readonly events: Events;
  readonly guards: UserGuards;
  readonly lock: (tx: Transaction, principal: Principal, id: string) => Promise<User>;
  readonly record: (
    tx: Transaction,
    principal: Principal,
    change: {
      readonly action: string;
      readonly before: User;
      readonly after: User;
      readonly reason?: string | undefined;
    },
  ) => Promise<void>;
}

/** The three ways to change a user's status: what each is called where it is told. */
const statusChanges = {
  disable: { status: "DISABLED", action: "user.disabled", event: "OWNER_DISABLED" },
  enable: { status: "ACTIVE", action: "user.enabled", event: "OWNER_ENABLED" },
  delete: { status: "DELETED", action: "user.deleted", event: "OWNER_DELETED" },
} as const satisfies Record<string, { status: UserStatus; action: string; event: string }>;

/** Disables, enables and deletes users: what they own and what acts for them follows with the next request. */
export function createUserStatus({ clock, events, guards, lock, record }: Deps) {
  async function changeStatus(principal: Principal, rawInput: unknown, how: keyof typeof statusChanges): Promise<User> {
    const input = parseInput(userStatusSchema, rawInput);
    const change = statusChanges[how];
    return events.transaction(async (tx) => {
      const before = await lock(tx, principal, input.id);
      if (before.status === change.status) return before;
      if (before.status === "DELETED") {
        throw new ConflictError("This user was deleted, which is final. Create a new user and reissue the keys to it.");
      }
      if (change.status !== "ACTIVE") await guards.refuseLastAdministrator(tx, principal, before);
      const now = new Date(clock.now());
      const after = await store.updateUserRow(tx, before.id, {
        status: change.status,
        statusReason: input.reason ?? null,
        statusChangedAt: now,
        updatedAt: now,
        // A deleted user's address and external id are free for a new one.
        ...(change.status === "DELETED" ? { activeEmail: null, externalId: null } : {}),
      });
      await record(tx, principal, { action: change.action, before, after, reason: input.reason });
      await events.append(tx, {
        type: change.event,
        tenantId: after.tenantId,
        userId: after.id,
        teamIds: await store.teamsOfKeys(tx, after.id),
        reason: input.reason ?? null,
      });
      return after;
    });
  }

  return {
    /**
     * Refuses the user's keys and tokens until enabled again. Disabling twice changes nothing.
     *
     * @throws ConflictError for the last active administrator of a tenant, unless the caller is a program that administers it.
     */
    async disable(principal: Principal, rawInput: unknown): Promise<User> {
      authorize(principal, "users:disable");
      return changeStatus(principal, rawInput, "disable");
    },

    /** Ends a disablement. Enabling an active user changes nothing. @throws ConflictError for a deleted user. */
    async enable(principal: Principal, rawInput: unknown): Promise<User> {
      authorize(principal, "users:disable");
      return changeStatus(principal, rawInput, "enable");
    },

    /**
     * Deletes for good; a tombstone stays, so that keys and history can name their owner.
     *
     * @throws ConflictError for the last active administrator of a tenant, unless the caller is a program that administers it.
     */
    async delete(principal: Principal, rawInput: unknown): Promise<User> {
      authorize(principal, "users:delete");
      return changeStatus(principal, rawInput, "delete");
    },
  };
}
