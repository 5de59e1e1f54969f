import { createId, generateKey } from "@keyplane/schema";
import type { Key, Tenant, Transaction, User } from "../../platform/database/index.js";
import { ConflictError, ForbiddenError, InvalidInputError, NotFoundError } from "../../platform/errors.js";
import { parseInput } from "../../platform/validation.js";
import { authorize, authorizeScopes, hashSecret, ownerBy, type Principal } from "../auth/index.js";
import type { Idempotency, Outcome } from "../idempotency/index.js";
import { scheduleExpiry } from "./expiry/key-expiry.store.js";
import { refuseTooManyKeys } from "./key-limit.js";
import { createKeySchema, reissueKeySchema, rotateKeySchema } from "./keys.input.js";
import { type Keys, type KeysDeps, refuseDead } from "./keys.service.js";
import * as store from "./keys.store.js";
import { defaultExpiry, expiryIssues, policyOverlap, scopeIssues } from "./lib/key-policy.js";
import { keyStatusAt } from "./lib/key-status.js";
import { planRotation } from "./rotation/key-rotation.store.js";
import { longestOwnOverlap } from "./rotation/overlap.js";

/** A key with the secret that is shown this once. */
export interface IssuedKey {
  readonly key: Key;
  readonly secret: string;
}

export type KeySecrets = ReturnType<typeof createKeySecrets>;

/** Everything that hands out a secret: create, rotate, reissue. */
export function createKeySecrets(
  deps: KeysDeps & { idempotency: Idempotency; keys: Pick<Keys, "lock" | "lockOwn" | "tell"> },
) {
  const { clock, events, expiryReminders, idempotency, keys, requireSecretReceiver, teams, tenants, users } = deps;

  /** Answers an attempt, also a repeated one: the key as it is now, and the secret of the first time. */
  async function answer(
    principal: Principal,
    { targetId, secret = "", isRepeat }: Outcome,
    lock: Keys["lock"] = keys.lock,
  ): Promise<IssuedKey> {
    return events.transaction(async (tx) => {
      const key = await lock(tx, principal, targetId);
      // Only who repeats: somebody else's rotation at the same time must not hide that this one was made.
      if (isRepeat) await refuseSuperseded(tx, key, secret);
      return { key, secret };
    });
  }

  /**
   * Reads a key to rotate it. Whoever may rotate only their own is told the same of every other key, also of one that there is not.
   *
   * @throws NotFoundError; ForbiddenError for a key of somebody else without `keys:rotate`.
   */
  async function lockToRotate(tx: Transaction, principal: Principal, id: string): Promise<Key> {
    if (principal.permissions.has("keys:rotate")) return keys.lock(tx, principal, id);
    const ownerId = ownerBy(principal, "keys:rotate_own");
    const key = ownerId === null ? null : await keys.lockOwn(tx, principal, ownerId, id);
    if (key === null) throw notOwn(principal);
    return key;
  }

  /** Whoever put the secret of before another rotation to use would have it refused, at the latest when its overlap ends. */
  async function refuseSuperseded(tx: Transaction, key: Key, secret: string): Promise<void> {
    const { supersededAt, stopsAt } = (await store.findSecret(tx, hashSecret(secret))) ?? {};
    if (!supersededAt) return;
    const works =
      stopsAt && stopsAt.getTime() > clock.now() ? `works until ${stopsAt.toISOString()} only` : "works no longer";
    throw new ConflictError(
      `The secret of this attempt ${works}: the key ${key.id} got another one at ${supersededAt.toISOString()}. Use that one, or rotate the key with a new idempotencyKey.`,
    );
  }

  async function addSecret(
    tx: Transaction,
    tenant: Tenant,
    key: Pick<Key, "id" | "environment">,
    createdAt: Date,
    pending: { isPending: true; overlapMs: bigint } | null = null,
  ) {
    const generated = generateKey({ prefix: tenant.keyPrefix, environment: key.environment });
    const { secret, start } = generated;
    await store.insertSecret(tx, { hash: hashSecret(secret), keyId: key.id, start, createdAt, ...pending });
    return generated;
  }

  /** The owner of a new secret, locked against too many keys at once. */
  async function requireActiveOwner(
    tx: Transaction,
    principal: Principal,
    tenantId: string,
    id: string,
  ): Promise<User> {
    const owner = await users.lock(tx, principal, id);
    if (owner.tenantId !== tenantId) throw new NotFoundError("user");
    if (owner.status === "ACTIVE") return owner;
    throw new ConflictError(
      owner.status === "DELETED"
        ? "This user was deleted. Give the key to another user."
        : "This user is disabled, so the key would be refused. Enable the user first with enableUser.",
    );
  }

  /** A key that goes on must still be what the policy and the caller allow: a new secret grants all of it anew. */
  function refuseBeyondPolicy(principal: Principal, tenant: Tenant, key: Key): void {
    authorizeScopes(principal, key.scopes);
    if (keyStatusAt(key, clock.now()) === "EXPIRED") {
      throw new ConflictError(
        `This key expired at ${key.expiresAt?.toISOString()}. Extend it first with updateKey, or create a new key.`,
      );
    }
    const issues = [...scopeIssues(tenant, key.scopes), ...expiryIssues(tenant, key.expiresAt, clock.now())];
    if (issues.length === 0) return;
    const what = issues.map((issue) => issue.message).join(" ");
    throw new ConflictError(`This key does not fit any more: ${what} Change it first with updateKey.`);
  }

  return {
    /**
     * Creates a key for a user. The secret is in the answer and nowhere else.
     *
     * @throws InvalidInputError also for what the tenant's policy does not allow; NotFoundError for tenant or owner;
     * ConflictError for a disabled or deleted owner; LimitReachedError; ForbiddenError.
     */
    async create(principal: Principal, rawInput: unknown): Promise<IssuedKey> {
      authorize(principal, "keys:create");
      const { idempotencyKey, ...input } = parseInput(createKeySchema, rawInput);
      authorizeScopes(principal, input.scopes);
      const attempt = { operation: "createKey", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, events.transaction, async (tx) => {
        const now = clock.now();
        const tenant = await tenants.require(tx, principal, input.tenantId);
        const expiresAt = input.expiresAt ?? defaultExpiry(tenant, now);
        const issues = [...scopeIssues(tenant, input.scopes), ...expiryIssues(tenant, expiresAt, now)];
        if (issues.length > 0) throw new InvalidInputError(issues);
        const owner = await requireActiveOwner(tx, principal, tenant.id, input.ownerId);
        await refuseTooManyKeys(tx, tenant, owner, now);

        const { rotationWebhookId = null } = input;
        if (rotationWebhookId !== null) {
          authorize(principal, "keys:rotate");
          await requireSecretReceiver(tx, tenant.id, rotationWebhookId);
        }
        const createdAt = new Date(now);
        const { tenantId, ownerId, teamId = null, name, environment, scopes, allowedIps, deniedIps } = input;
        await store.holdBounds(tx, { ownerId, teamId: null });
        if (teamId !== null) await teams.requireFor(tx, principal, { tenantId, ownerId, teamId });
        const draft = {
          id: createId("Key"),
          tenantId,
          ownerId,
          teamId,
          name,
          environment,
          scopes,
          allowedIps,
          deniedIps,
          rotateEveryMs: input.rotateEveryMs === undefined ? null : BigInt(input.rotateEveryMs),
          rotationOverdue: input.rotationOverdue ?? null,
          rotationOverlapMs: input.rotationOverlapMs === undefined ? null : BigInt(input.rotationOverlapMs),
          rotationWebhookId,
        };
        const { secret, start } = generateKey({ prefix: tenant.keyPrefix, environment });
        const metadata = input.metadata as object;
        const key = await store.insertKey(tx, {
          ...draft,
          metadata,
          start,
          expiresAt,
          createdAt,
          updatedAt: createdAt,
        });
        await store.insertSecret(tx, { hash: hashSecret(secret), keyId: key.id, start, createdAt });
        if (expiresAt) await scheduleExpiry(tx, key, expiryReminders, now);
        if (hasRotation(key, tenant)) await planRotation(tx, key.id, createdAt);
        await keys.tell(tx, principal, { action: "key.created", event: "CREATED", before: null, after: key });
        return { targetId: key.id, secret };
      });
      return answer(principal, outcome);
    },

    /**
     * Gives a key a new secret; its id stays. The old secret works on for `overlapMs` (0: stops at once), and no older
     * one works longer than that. With `activateOnFirstUse`, both work until the new one is first accepted; the overlap begins
     * then.
     *
     * Whoever acts for a user rotates that user's own keys with `keys:rotate_own`, with no longer overlap than the policy's.
     *
     * @throws InvalidInputError also for such an overlap; ConflictError for a revoked, deleted or expired key, or one that the tenant's policy
     * no longer allows; ForbiddenError without `keys:rotate`, unless the key is the caller's own.
     */
    async rotate(principal: Principal, rawInput: unknown): Promise<IssuedKey> {
      if (ownerBy(principal, "keys:rotate_own") === null) authorize(principal, "keys:rotate");
      const { idempotencyKey, ...input } = parseInput(rotateKeySchema, rawInput);
      const attempt = { operation: "rotateKey", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, events.transaction, async (tx) => {
        const before = await lockToRotate(tx, principal, input.id);
        refuseDead(before);
        const tenant = await tenants.require(tx, principal, before.tenantId);
        refuseBeyondPolicy(principal, tenant, before);
        const now = new Date(clock.now());
        if (!principal.permissions.has("keys:rotate"))
          refuseLongerOverlap(tenant, before, input.overlapMs, clock.now());
        const overlapMs = input.overlapMs ?? policyOverlap(tenant, before) ?? 0;
        if (input.activateOnFirstUse) {
          await store.supersedePending(tx, before.id, now);
          const { secret } = await addSecret(tx, tenant, before, now, {
            isPending: true,
            overlapMs: BigInt(overlapMs),
          });
          const after = await store.updateKeyRow(tx, before.id, { secretVersion: { increment: 1 }, updatedAt: now });
          await keys.tell(tx, principal, { action: "key.rotation_prepared", event: "UPDATED", before, after });
          return { targetId: after.id, secret };
        }
        const stopsAt = new Date(now.getTime() + overlapMs);
        await store.supersedeSecrets(tx, before.id, now, stopsAt);
        const { secret, start } = await addSecret(tx, tenant, before, now);
        const after = await store.updateKeyRow(tx, before.id, {
          start,
          rotatedAt: now,
          previousSecretExpiresAt: stopsAt,
          secretVersion: { increment: 1 },
          updatedAt: now,
        });
        if (hasRotation(after, tenant)) await planRotation(tx, after.id, now);
        await keys.tell(tx, principal, { action: "key.rotated", event: "ROTATED", before, after });
        return { targetId: after.id, secret };
      });
      return answer(principal, outcome, lockToRotate);
    },

    /**
     * Gives a key to another user of the same tenant, with a new secret; every old secret stops at once.
     *
     * @throws NotFoundError for key or user; ConflictError for a disabled or deleted user, and as rotate does.
     */
    async reissue(principal: Principal, rawInput: unknown): Promise<IssuedKey> {
      authorize(principal, "keys:reissue");
      const { idempotencyKey, ...input } = parseInput(reissueKeySchema, rawInput);
      const attempt = { operation: "reissueKey", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, events.transaction, async (tx) => {
        const before = await keys.lock(tx, principal, input.id);
        refuseDead(before);
        const tenant = await tenants.require(tx, principal, before.tenantId);
        refuseBeyondPolicy(principal, tenant, before);
        const owner = await requireActiveOwner(tx, principal, tenant.id, input.ownerId);
        if (owner.id !== before.ownerId) await refuseTooManyKeys(tx, tenant, owner, clock.now());
        await store.holdBounds(tx, { ownerId: owner.id, teamId: before.teamId });
        if (owner.id !== before.ownerId && before.teamId !== null) {
          await teams.requireFor(tx, principal, { tenantId: tenant.id, ownerId: owner.id, teamId: before.teamId });
        }
        const now = new Date(clock.now());
        await store.supersedeSecrets(tx, before.id, now, now);
        const { secret, start } = await addSecret(tx, tenant, before, now);
        const after = await store.updateKeyRow(tx, before.id, {
          ownerId: owner.id,
          start,
          rotatedAt: now,
          previousSecretExpiresAt: now,
          secretVersion: { increment: 1 },
          updatedAt: now,
        });
        if (hasRotation(after, tenant)) await planRotation(tx, after.id, now);
        const reason = `reissued from ${before.ownerId} to ${owner.id}`;
        await keys.tell(tx, principal, { action: "key.reissued", event: "ROTATED", before, after, reason });
        return { targetId: after.id, secret };
      });
      return answer(principal, outcome);
    },
  };
}

/** Says of each key alike that it is not the caller's own. */
function notOwn({ role }: Principal): ForbiddenError {
  return new ForbiddenError(
    `This needs the permission keys:rotate, which your token (${role}) does not have: with keys:rotate_own you rotate only keys that you own yourself. Check the id, or ask an administrator.`,
  );
}

/** @throws InvalidInputError for an overlap by which the holder of a key would loosen what the policy says of it. */
function refuseLongerOverlap(tenant: Tenant, key: Key, overlapMs: number | null, now: number): void {
  const longest = longestOwnOverlap(tenant, key, now);
  if (longest === null || overlapMs === null || overlapMs <= longest) return;
  const why =
    policyOverlap(tenant, key) === null
      ? "The old secret is refused because it is overdue, and no rule lets it work on."
      : `The policy lets the old secret of this key work on for ${longest} ms at most.`;
  const message = `${why} Give ${longest === 0 ? "0" : `at most ${longest}, or null for as long as that`}, or ask somebody who has keys:rotate.`;
  throw new InvalidInputError([{ path: ["overlapMs"], message }]);
}

/** Whether a key has to get a new secret some day. */
function hasRotation(key: Pick<Key, "rotateEveryMs">, tenant: Pick<Tenant, "rotateEveryMs">): boolean {
  return key.rotateEveryMs !== null || tenant.rotateEveryMs !== null;
}
