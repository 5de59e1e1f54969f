import { kindOfId } from "@keyplane/schema";
import type { Api, Key, Prisma, Tenant, Transaction, User } from "../../platform/database/index.js";
import { ConflictError, ForbiddenError, NotFoundError } from "../../platform/errors.js";
import type { LimitColumns } from "../../platform/limited.js";
import type { Principal } from "../auth/index.js";
import type { DomainEvent } from "../events/index.js";
import { teamsOfKeys } from "../users/index.js";

/** A key, a user, a tenant or an API, as far as its limits are concerned. An API has rate limits, and no quota. */
export interface LimitedTarget extends LimitColumns {
  readonly type: "Key" | "User" | "Tenant" | "Api";
  readonly tenantId: string;
  readonly quotaId: string | null;
  /** The event that makes everybody read it again. */
  readonly event: () => Promise<DomainEvent>;
  update(columns: { rateLimits?: Prisma.InputJsonValue; quotaId?: string | null; updatedAt: Date }): Promise<void>;
}

/** Reads things for a change, each within the caller's bounds. What stands further to the right is handed in. */
export interface Locks {
  readonly tenant: (tx: Transaction, principal: Principal, id: string) => Promise<Tenant>;
  readonly user: (tx: Transaction, principal: Principal, id: string) => Promise<User>;
  readonly key: (tx: Transaction, principal: Principal, id: string) => Promise<Key>;
  readonly api: (tx: Transaction, principal: Principal, id: string) => Promise<Api>;
}

/**
 * Finds what rate limits are to be set on.
 *
 * @throws NotFoundError when there is none that the caller may see; ConflictError where it is gone for good; ForbiddenError for a tenant
 * and a caller who belongs to it: its limits are what the operator has agreed with it.
 */
export function lockTarget(locks: Locks, tx: Transaction, principal: Principal, id: string): Promise<LimitedTarget> {
  // Whatever the id looks like, the refusal is the same.
  return lock(locks, tx, principal, id).catch((error: unknown) => {
    throw error instanceof NotFoundError ? new NotFoundError("key, user, tenant or API") : error;
  });
}

/** Finds what has a quota, or is to have one: not an API. @throws as lockTarget does. */
export function lockQuotaTarget(
  locks: Locks,
  tx: Transaction,
  principal: Principal,
  id: string,
): Promise<LimitedTarget> {
  return lock(locks, tx, principal, kindOfId(id) === "Api" ? "" : id).catch((error: unknown) => {
    throw error instanceof NotFoundError ? new NotFoundError("key, user or tenant") : error;
  });
}

async function lock(locks: Locks, tx: Transaction, principal: Principal, id: string): Promise<LimitedTarget> {
  switch (kindOfId(id)) {
    case "Key": {
      const key = await locks.key(tx, principal, id);
      const { tenantId, ownerId, teamId } = key;
      if (key.revokedAt) throw new ConflictError("This key is revoked, which is final. Set limits on another key.");
      if (key.deletedAt) throw new ConflictError("This key is deleted. Restore it first with restoreKey.");
      return {
        ...columnsOf(key),
        type: "Key",
        tenantId,
        event: async () => ({
          type: "UPDATED",
          tenantId,
          keyId: id,
          userId: ownerId,
          teamIds: teamId === null ? [] : [teamId],
        }),
        update: async (data) => void (await tx.key.update({ where: { id }, data })),
      };
    }
    case "User": {
      const user = await locks.user(tx, principal, id);
      const { tenantId } = user;
      if (user.status === "DELETED") throw new ConflictError("This user was deleted and cannot be changed any more.");
      return {
        ...columnsOf(user),
        type: "User",
        tenantId,
        event: async () => ({ type: "OWNER_UPDATED", tenantId, userId: id, teamIds: await teamsOfKeys(tx, id) }),
        update: async (data) => void (await tx.user.update({ where: { id }, data })),
      };
    }
    case "Tenant": {
      const tenant = await locks.tenant(tx, principal, id);
      if (principal.tenantId !== null) {
        throw new ForbiddenError(
          "Only a caller of the whole installation can change the limits of a tenant. Ask the operator.",
        );
      }
      return {
        ...columnsOf(tenant),
        type: "Tenant",
        tenantId: id,
        event: async () => ({ type: "TENANT_UPDATED", tenantId: id }),
        update: async (data) => void (await tx.tenant.update({ where: { id }, data })),
      };
    }
    case "Api": {
      const { tenantId, rateLimits } = await locks.api(tx, principal, id);
      return {
        id,
        rateLimits,
        quotaId: null,
        type: "Api",
        tenantId,
        // Verifiers are told of an API with its tenant.
        event: async () => ({ type: "TENANT_UPDATED", tenantId, subjectId: id }),
        update: async ({ rateLimits: changed, updatedAt }) => {
          await tx.api.update({ where: { id }, data: { ...(changed && { rateLimits: changed }), updatedAt } });
        },
      };
    }
    default:
      throw new NotFoundError("key, user or tenant");
  }
}

function columnsOf({
  id,
  rateLimits,
  quotaId = null,
}: LimitColumns): LimitColumns & { readonly quotaId: string | null } {
  return { id, rateLimits, quotaId };
}
