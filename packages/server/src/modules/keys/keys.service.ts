import { restoreWindowMs } from "@keyplane/schema";
import { changes } from "../../platform/changes.js";
import type { Clock } from "../../platform/clock.js";
import type { Key, Prisma, Transaction } from "../../platform/database/index.js";
import { ConflictError, InvalidInputError, NotFoundError } from "../../platform/errors.js";
import { parseInput } from "../../platform/validation.js";
import { type Audit, type AuditActor, actorOf } from "../audit/index.js";
import { authorize, authorizeScopes, everything, type Principal, type Visibility, visibleTo } from "../auth/index.js";
import type { DomainEvent, Events } from "../events/index.js";
import type { Teams } from "../teams/index.js";
import type { Tenants } from "../tenants/index.js";
import type { Users } from "../users/index.js";
import { scheduleExpiry } from "./expiry/key-expiry.store.js";
import { countsForLimit, refuseTooManyKeys } from "./key-limit.js";
import { keyStatusSchema, revokeKeySchema, updateKeySchema } from "./keys.input.js";
import * as store from "./keys.store.js";
import { expiryIssues, scopeIssues } from "./lib/key-policy.js";
import type { KeySeal } from "./lib/key-seal.js";
import { planRotation } from "./rotation/key-rotation.store.js";

export interface KeysDeps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly events: Events;
  readonly teams: Pick<Teams, "requireFor">;
  readonly tenants: Pick<Tenants, "require">;
  readonly users: Pick<Users, "lock">;
  readonly seal: KeySeal;
  /** How long before the expiry to remind of it, in milliseconds. */
  readonly expiryReminders: readonly number[];
  /** Refuses a webhook that cannot receive secrets of a tenant's keys; what webhooks are is known further to the right. */
  readonly requireSecretReceiver: (tx: Transaction, tenantId: string, webhookId: string) => Promise<void>;
}

export type Keys = ReturnType<typeof createKeys>;

/** A change of a key, as audit log and events tell it. */
export interface KeyChange {
  readonly action: string;
  readonly event: DomainEvent["type"];
  readonly before: Key | null;
  readonly after: Key;
  readonly reason?: string | undefined;
}

/** Everything that changes a key except what hands out a secret, which is in `key-secrets.service.ts`. */
export function createKeys(deps: KeysDeps) {
  const { audit, clock, events, teams, tenants, users, seal, expiryReminders, requireSecretReceiver } = deps;
  /** Those that are not as Keyplane has written them. A change of such a key is not signed: it would make the rest good. */
  const unsound = new WeakSet<Key>();

  /** Reads a key for a change. @throws NotFoundError when there is none that the caller may see. */
  async function lock(tx: Transaction, principal: Principal, id: string): Promise<Key> {
    const key = await holdWithin(tx, visibleTo(principal), id);
    if (!key) throw new NotFoundError("key");
    return key;
  }

  /** Reads a key of a user, of the caller's tenant, for a change; null: it is nobody's or somebody else's, or the caller may not see it. */
  function lockOwn(tx: Transaction, { tenantId }: Principal, ownerId: string, id: string): Promise<Key | null> {
    return holdWithin(tx, { tenantId: tenantId ?? undefined, userId: ownerId, teamIds: [] }, id);
  }

  async function holdWithin(tx: Transaction, visibility: Visibility, id: string): Promise<Key | null> {
    const key = await store.lockKey(tx, visibility, id);
    if (key && seal.check(key, await store.findSecretsOfKey(tx, key.id)) !== "SOUND") unsound.add(key);
    return key;
  }

  /** Keeps what a change needs kept besides the change itself. */
  function tell(tx: Transaction, principal: Principal, change: KeyChange): Promise<void> {
    return tellAs(tx, actorOf(principal), change);
  }

  /** As `tell`, of a change by somebody who is no caller, such as Keyplane itself. */
  async function tellAs(tx: Transaction, actor: AuditActor, change: KeyChange): Promise<void> {
    const { after, before } = change;
    if (before === null || !unsound.has(before)) await store.sealKeyRow(tx, seal, after);
    const target = { type: "Key", id: after.id } as const;
    const { action, reason } = change;
    await audit.record(tx, { actor, action, tenantId: after.tenantId, target, before, after, reason });
    await events.append(tx, {
      type: change.event,
      tenantId: after.tenantId,
      keyId: after.id,
      userId: after.ownerId,
      ...(before && before.ownerId !== after.ownerId ? { formerUserId: before.ownerId } : {}),
      teamIds: [...new Set([before?.teamId ?? null, after.teamId])].filter((id) => id !== null),
      reason: change.reason ?? null,
    });
  }

  async function setDisabled(
    tx: Transaction,
    actor: AuditActor,
    before: Key,
    reason: string | undefined,
  ): Promise<Key> {
    const now = new Date(clock.now());
    const change = { disabledAt: now, disabledReason: reason ?? null, updatedAt: now };
    const after = await store.updateKeyRow(tx, before.id, change);
    await tellAs(tx, actor, { action: "key.disabled", event: "DISABLED", before, after, reason });
    return after;
  }

  async function setRevoked(tx: Transaction, actor: AuditActor, before: Key, reason: string): Promise<Key> {
    const now = new Date(clock.now());
    const change = { revokedAt: now, revokedReason: reason, revokedBy: actor.id, updatedAt: now };
    const after = await store.updateKeyRow(tx, before.id, change);
    await tellAs(tx, actor, { action: "key.revoked", event: "REVOKED", before, after, reason });
    return after;
  }

  /** Refuses a change after which a key counts that did not, when its owner has as many as the policy allows. */
  async function refuseOneTooMany(tx: Transaction, principal: Principal, before: Key, change: Partial<Key>) {
    const now = clock.now();
    if (countsForLimit(before, now) || !countsForLimit({ ...before, ...change }, now)) return;
    const owner = await users.lock(tx, principal, before.ownerId);
    await refuseTooManyKeys(tx, await tenants.require(tx, principal, before.tenantId), owner, now);
  }

  return {
    lock,
    lockOwn,
    tell,
    tellAs,

    /** Reads a key for a change that Keyplane makes by itself, and holds it. null: there is none. */
    hold: (tx: Transaction, id: string): Promise<Key | null> => holdWithin(tx, everything, id),
    /** Disables a key that is held, in the name of somebody who need not be a caller. */
    disableAs: setDisabled,
    /** Revokes a key that is held, in the name of somebody who need not be a caller. */
    revokeAs: setRevoked,

    /**
     * Changes what the input names; what is so already changes nothing. An expired key works again once its expiry is moved
     * into the future.
     *
     * @throws InvalidInputError also for what the tenant's policy does not allow; ConflictError for a revoked or deleted
     * key; LimitReachedError for an expired key that would be one too many; ForbiddenError without `keys:update` or for
     * scopes that the caller may not give.
     */
    async update(principal: Principal, rawInput: unknown): Promise<Key> {
      authorize(principal, "keys:update");
      const input = parseInput(updateKeySchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, input.id);
        refuseDead(before);
        const movesTeam = input.teamId !== undefined && input.teamId !== before.teamId;
        if (movesTeam || input.scopes !== undefined) {
          // Of both teams: the one of before may be about to tell of its keys.
          await store.holdBounds(tx, before);
        }
        if (movesTeam && input.teamId != null) {
          const { tenantId, ownerId } = before;
          await teams.requireFor(tx, principal, { tenantId, ownerId, teamId: input.teamId });
        }
        const policy = await tenants.require(tx, principal, before.tenantId);
        // Whoever lets a key live longer or come from elsewhere grants all that it can do.
        const widens =
          movesTeam ||
          input.expiresAt !== undefined ||
          input.allowedIps !== undefined ||
          input.deniedIps !== undefined ||
          input.rotateEveryMs !== undefined ||
          input.rotationOverdue !== undefined ||
          input.rotationOverlapMs !== undefined ||
          input.rotationWebhookId != null;
        authorizeScopes(principal, input.scopes ?? (widens ? before.scopes : []));
        const issues = [
          ...scopeIssues(policy, input.scopes?.filter((scope) => !before.scopes.includes(scope)) ?? []),
          ...(input.expiresAt === undefined ? [] : expiryIssues(policy, input.expiresAt, clock.now())),
        ];
        if (issues.length > 0) throw new InvalidInputError(issues);
        if (input.rotationWebhookId != null) {
          // Whoever has secrets handed over could have rotated the key.
          authorize(principal, "keys:rotate");
          await requireSecretReceiver(tx, before.tenantId, input.rotationWebhookId);
        }
        const columns = {
          ...(movesTeam ? { teamId: input.teamId ?? null } : {}),
          ...(input.name === undefined ? {} : { name: input.name }),
          ...(input.scopes === undefined ? {} : { scopes: input.scopes }),
          ...(input.metadata === undefined ? {} : { metadata: input.metadata as Prisma.JsonObject }),
          ...(input.allowedIps === undefined ? {} : { allowedIps: input.allowedIps }),
          ...(input.deniedIps === undefined ? {} : { deniedIps: input.deniedIps }),
          ...(input.expiresAt === undefined ? {} : { expiresAt: input.expiresAt }),
          ...(input.rotateEveryMs === undefined ? {} : { rotateEveryMs: big(input.rotateEveryMs) }),
          ...(input.rotationOverdue === undefined ? {} : { rotationOverdue: input.rotationOverdue }),
          ...(input.rotationOverlapMs === undefined ? {} : { rotationOverlapMs: big(input.rotationOverlapMs) }),
          ...(input.rotationWebhookId === undefined ? {} : { rotationWebhookId: input.rotationWebhookId }),
        };
        if (!changes(before, columns)) return before;
        // A later expiry brings an expired key back, and its owner may have another one in its place by now.
        if (input.expiresAt !== undefined) {
          await refuseOneTooMany(tx, principal, before, { expiresAt: input.expiresAt });
        }
        const after = await store.updateKeyRow(tx, before.id, { ...columns, updatedAt: new Date(clock.now()) });
        if (columns.expiresAt !== undefined) await scheduleExpiry(tx, after, expiryReminders, clock.now());
        // Of a key that had expired nothing is planned any more; one beyond the policy may be within it now.
        const plansRotation =
          columns.scopes !== undefined ||
          columns.expiresAt !== undefined ||
          columns.rotateEveryMs !== undefined ||
          columns.rotationWebhookId !== undefined;
        if (plansRotation) await planRotation(tx, after.id, after.updatedAt);
        await tell(tx, principal, { action: "key.updated", event: "UPDATED", before, after });
        return after;
      });
    },

    /** Refuses the key until it is enabled again. Disabling twice changes nothing. */
    async disable(principal: Principal, rawInput: unknown): Promise<Key> {
      authorize(principal, "keys:disable");
      const { id, reason } = parseInput(keyStatusSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, id);
        refuseDead(before);
        return before.disabledAt ? before : setDisabled(tx, actorOf(principal), before, reason);
      });
    },

    /**
     * Accepts a quarantined key as it stands, and signs it. Releasing one that is not quarantined changes nothing.
     *
     * @throws ConflictError for a revoked or deleted key; ForbiddenError without `keys:release`, or for scopes that the caller may not give.
     */
    async release(principal: Principal, rawInput: unknown): Promise<Key> {
      authorize(principal, "keys:release");
      const { id, reason } = parseInput(revokeKeySchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, id);
        refuseDead(before);
        if (!before.quarantinedAt) return before;
        authorizeScopes(principal, before.scopes);
        const change = { quarantinedAt: null, quarantinedReason: null, updatedAt: new Date(clock.now()) };
        const after = await store.updateKeyRow(tx, before.id, change);
        // Somebody answers for it now, as it is.
        unsound.delete(before);
        // Its new secret was not handed over meanwhile.
        await planRotation(tx, after.id, after.updatedAt);
        await tell(tx, principal, { action: "key.released", event: "UPDATED", before, after, reason });
        return after;
      });
    },

    /** Ends a disablement. Enabling an enabled key changes nothing. */
    async enable(principal: Principal, rawInput: unknown): Promise<Key> {
      authorize(principal, "keys:disable");
      const { id, reason } = parseInput(keyStatusSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, id);
        refuseDead(before);
        if (!before.disabledAt) return before;
        authorizeScopes(principal, before.scopes);
        const change = { disabledAt: null, disabledReason: null, updatedAt: new Date(clock.now()) };
        const after = await store.updateKeyRow(tx, before.id, change);
        await tell(tx, principal, { action: "key.enabled", event: "ENABLED", before, after, reason });
        return after;
      });
    },

    /**
     * Revokes a key for good. Once this resolves, this process refuses the key; others follow by the event.
     * Revoking a revoked key changes nothing and answers with the first revocation, so a retry is safe.
     *
     * @throws ForbiddenError when the caller lacks `keys:revoke`.
     */
    async revoke(principal: Principal, rawInput: unknown): Promise<Key> {
      authorize(principal, "keys:revoke");
      const { id, reason } = parseInput(revokeKeySchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, id);
        return before.revokedAt ? before : setRevoked(tx, actorOf(principal), before, reason);
      });
    },

    /** Takes the key out of every list and refuses it as one that does not exist; `restore` brings it back. */
    async delete(principal: Principal, rawInput: unknown): Promise<Key> {
      authorize(principal, "keys:delete");
      const { id, reason } = parseInput(keyStatusSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, id);
        if (before.deletedAt) return before;
        const now = new Date(clock.now());
        const after = await store.updateKeyRow(tx, before.id, { deletedAt: now, updatedAt: now });
        await tell(tx, principal, { action: "key.deleted", event: "DELETED", before, after, reason });
        return after;
      });
    },

    /**
     * Brings a deleted key back as it was, within 30 days. A revoked one comes back revoked.
     *
     * @throws ConflictError after 30 days; LimitReachedError when its owner has as many keys as the policy allows.
     */
    async restore(principal: Principal, rawInput: unknown): Promise<Key> {
      authorize(principal, "keys:delete");
      const { id, reason } = parseInput(keyStatusSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, id);
        if (!before.deletedAt) return before;
        authorizeScopes(principal, before.scopes);
        const now = clock.now();
        if (now - before.deletedAt.getTime() >= restoreWindowMs) {
          throw new ConflictError("This key was deleted more than 30 days ago, which is final. Create a new key.");
        }
        await store.holdBounds(tx, before);
        await refuseOneTooMany(tx, principal, before, { deletedAt: null });
        const after = await store.updateKeyRow(tx, before.id, { deletedAt: null, updatedAt: new Date(now) });
        // What came due while it was deleted was not told.
        if (after.expiresAt && after.expiresAt.getTime() > now) await scheduleExpiry(tx, after, expiryReminders, now);
        await planRotation(tx, after.id, after.updatedAt);
        await tell(tx, principal, { action: "key.restored", event: "UPDATED", before, after, reason });
        return after;
      });
    },
  };
}

const big = (value: number | null): bigint | null => (value === null ? null : BigInt(value));

/** A revoked or deleted key is not changed any more. */
export function refuseDead(key: Key): void {
  if (key.deletedAt) throw new ConflictError("This key is deleted. Restore it first with restoreKey.");
  if (key.revokedAt) throw new ConflictError("This key is revoked, which is final. Create a new key instead.");
}
