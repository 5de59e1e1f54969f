import type { KeyRecord, RotationOverdue } from "@keyplane/schema";
import type { Database, Key, KeySecret } from "../../../platform/database/index.js";
import { EntityCache } from "../../../platform/entity-cache.js";
import { EntityStates } from "../../../platform/entity-states.js";
import { type Limited, limitedOf } from "../../../platform/limited.js";
import { everything } from "../../auth/index.js";
import type { TenantState } from "../../tenants/index.js";
import type { UserState } from "../../users/index.js";
import { findKey, findKeysByIds, findSecret, findSecrets } from "../keys.store.js";

/** What verification must know of a key, with its team, its limits and the version of its set of secrets. */
export type KeyState = KeyRecord["key"] & {
  readonly teamId: string | null;
  readonly limited: Limited | null;
  readonly secretVersion: number;
};

/** Everything that is known of a presented key, with what decides who may see it, and all limits that calls with it are under. */
export type IndexedRecord = KeyRecord & {
  readonly key: KeyState;
  readonly owner: UserState | null;
  readonly secret: SecretState;
  readonly tenant: TenantState;
};

/**
 * Whose limits a call with a key is under; null: nobody's, which is so of nearly all.
 *
 * @param ofApi the limits of the API that the call names.
 */
export function limitsOf(
  { key, owner, tenant }: IndexedRecord,
  ofApi: Limited | null = null,
): readonly Limited[] | null {
  const ofOwner = owner?.limited ?? null;
  if (ofOwner === null && tenant.limited === null && ofApi === null) return key.limited && [key.limited];
  return [key.limited, ofOwner, tenant.limited, ofApi].filter((limited) => limited !== null);
}

/** What verification must know of a secret, as it was at a version of its key's set of secrets. */
export type SecretState = KeyRecord["secret"] & {
  readonly keyId: string;
  readonly secretVersion: number;
  /** Its hash while it waits for its first use, else null. */
  readonly pendingHash: string | null;
};

/** Keys by id. */
export function createKeyStates(database: Database, max: number): EntityStates<KeyState> {
  return new EntityStates({
    max,
    load: async (id) => {
      const key = await findKey(database.prisma, everything, id);
      return key && toKeyState(key);
    },
    loadMany: async (ids) => (await findKeysByIds(database.prisma, everything, ids)).map(toKeyState),
  });
}

/** Secrets by their SHA-256. */
export function createSecretStates(database: Database, max: number): EntityCache<SecretState> {
  return new EntityCache({
    max,
    load: async (hash) => {
      const secret = await findSecret(database.prisma, hash);
      return secret && toSecretState(secret, secret.secretVersion);
    },
  });
}

/** The states of secrets, by their hashes, as the store has them. */
export async function readSecretStates(
  database: Database,
  hashes: readonly string[],
): Promise<Map<string, SecretState>> {
  const secrets = await findSecrets(database.prisma, hashes);
  return new Map(secrets.map((secret) => [secret.hash, toSecretState(secret, secret.secretVersion)]));
}

export function toSecretState(secret: KeySecret, secretVersion: number): SecretState {
  return {
    keyId: secret.keyId,
    start: secret.start,
    supersededAt: secret.supersededAt?.getTime() ?? null,
    stopsAt: secret.stopsAt?.getTime() ?? null,
    // However overdue the key is: else its new secret could never be used for the first time.
    issuedAt: secret.isPending ? secret.createdAt.getTime() : null,
    pendingHash: secret.isPending ? secret.hash : null,
    secretVersion,
  };
}

export function toKeyState(key: Key): KeyState {
  return {
    id: key.id,
    tenantId: key.tenantId,
    ownerId: key.ownerId,
    teamId: key.teamId,
    name: key.name,
    environment: key.environment,
    scopes: key.scopes,
    // Known with the owner's role and the team, which are remembered apart.
    scopeBounds: null,
    metadata: key.metadata as Record<string, unknown>,
    allowedIps: key.allowedIps,
    deniedIps: key.deniedIps,
    expiresAt: key.expiresAt?.getTime() ?? null,
    revokedAt: key.revokedAt?.getTime() ?? null,
    revokedReason: key.revokedReason,
    disabledAt: key.disabledAt?.getTime() ?? null,
    disabledReason: key.disabledReason,
    deletedAt: key.deletedAt?.getTime() ?? null,
    limited: limitedOf(key),
    quarantinedAt: key.quarantinedAt?.getTime() ?? null,
    issuedAt: (key.rotatedAt ?? key.createdAt).getTime(),
    rotateEveryMs: key.rotateEveryMs == null ? null : Number(key.rotateEveryMs),
    // Snapshots of before there was this column lack it.
    rotationOverdue: (key.rotationOverdue ?? null) as RotationOverdue | null,
    secretVersion: key.secretVersion,
  };
}
