import type { CustomRole, Db, Key, KeySecret, Team, Tenant, User } from "../../platform/database/index.js";
import type { Visibility } from "../auth/index.js";
import { visibleKeys } from "../keys/index.js";

/** Everything that decides about a secret, as it is kept. */
export interface Rows {
  readonly secret: KeySecret;
  readonly key: Key;
  readonly owner: User | null;
  readonly tenant: Tenant;
  /** The custom role of the owner. */
  readonly role: CustomRole | null;
  readonly team: Team | null;
  /**
   * Where data is corrupt, a key names what is of another tenant. Above, that counts as none, so that nothing of it is told; what verification
   * takes from it stands here.
   */
  readonly foreign: {
    readonly hasOwner: boolean;
    /** What bounds the scopes; null: nothing. */
    readonly role: readonly string[] | null;
    readonly team: readonly string[] | null;
  };
}

/** A secret of a key that a caller may see; null when there is none. */
export async function findSecretOf(
  db: Db,
  visibility: Visibility,
  by: { readonly hash: string } | { readonly keyId: string; readonly at: Date },
): Promise<(KeySecret & { key: Key }) | null> {
  const key = visibleKeys(visibility);
  if ("hash" in by) return db.keySecret.findFirst({ where: { hash: by.hash, key }, include: { key: true } });
  const { keyId, at } = by;
  // The one that was current then; a secret of the same millisecond has taken the other's place. Of two, the newer one waits for its
  // first use.
  const current = await db.keySecret.findFirst({
    where: { keyId, key, createdAt: { lte: at }, OR: [{ supersededAt: null }, { supersededAt: { gt: at } }] },
    orderBy: [{ createdAt: "asc" }, { hash: "asc" }],
    include: { key: true },
  });
  // Before its first secret there was no key.
  return (
    current ?? db.keySecret.findFirst({ where: { keyId, key }, orderBy: { createdAt: "asc" }, include: { key: true } })
  );
}

export async function hasKey(db: Db, visibility: Visibility, id: string): Promise<boolean> {
  return (await db.key.findFirst({ where: { AND: [visibleKeys(visibility), { id }] }, select: { id: true } })) !== null;
}

/** The secret of a key that waited for its first use at a moment; null: none did. It is newer than another that was not replaced. */
export async function findPending(db: Db, keyId: string, at: Date): Promise<KeySecret | null> {
  const [current, waiting] = await db.keySecret.findMany({
    where: { keyId, createdAt: { lte: at }, OR: [{ supersededAt: null }, { supersededAt: { gt: at } }] },
    orderBy: [{ createdAt: "asc" }, { hash: "asc" }],
    take: 2,
  });
  if (!current || !waiting) return null;
  // What somebody has added past Keyplane waits for nothing.
  const hasWaited = waiting.isPending || current.supersededAt !== null || waiting.supersededAt !== null;
  return hasWaited ? waiting : null;
}

/** Whether a tenant has a webhook that takes the new secrets of keys. */
export async function takesSecrets(db: Db, tenantId: string, webhookId: string): Promise<boolean> {
  return (await db.webhook.count({ where: { id: webhookId, tenantId, deletedAt: null, receivesSecrets: true } })) > 0;
}

/** Secrets with one of these starts, of keys that a caller may see: of each key the newest of them, the newest first. */
export async function findSecretsByStart(
  db: Db,
  visibility: Visibility,
  starts: readonly string[],
  take: number,
): Promise<(KeySecret & { key: Key })[]> {
  const found = await db.keySecret.findMany({
    where: { start: { in: [...starts] }, key: { AND: [visibleKeys(visibility), { deletedAt: null }] } },
    orderBy: [{ createdAt: "desc" }, { hash: "asc" }],
    take,
    include: { key: true },
  });
  return found.filter(({ keyId }, place) => found.findIndex((other) => other.keyId === keyId) === place);
}

/** How many management tokens of a tenant are asked about, those first that were used last. */
const maxVerifiers = 200;

/** The ids of the management tokens of a tenant that could have verified keys until now. */
export async function findVerifiers(db: Db, tenantId: string, now: Date): Promise<string[]> {
  const tokens = await db.managementToken.findMany({
    where: { tenantId, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
    orderBy: [{ lastUsedAt: { sort: "desc", nulls: "last" } }, { id: "asc" }],
    take: maxVerifiers,
    select: { id: true },
  });
  return tokens.map(({ id }) => id);
}

/** How many prefixes are looked at where a caller sees many tenants. */
const maxPrefixes = 50;

/** With which prefixes the keys of a tenant begin; null: of all tenants. */
export async function findPrefixes(db: Db, tenantId: string | null): Promise<string[]> {
  const groups = await db.tenant.groupBy({
    by: ["keyPrefix"],
    where: tenantId === null ? {} : { id: tenantId },
    orderBy: { keyPrefix: "asc" },
    take: maxPrefixes,
  });
  return groups.map(({ keyPrefix }) => keyPrefix);
}

export const findOwner = (db: Db, id: string): Promise<User | null> => db.user.findUnique({ where: { id } });
export const findTenantRow = (db: Db, id: string): Promise<Tenant | null> => db.tenant.findUnique({ where: { id } });
export const findRoleRow = (db: Db, id: string): Promise<CustomRole | null> =>
  db.customRole.findUnique({ where: { id } });
export const findTeamRow = (db: Db, id: string): Promise<Team | null> => db.team.findUnique({ where: { id } });

/** Who has an address now that a deleted user had, also disabled. */
export const findNamesake = (db: Db, tenantId: string, email: string): Promise<User | null> =>
  db.user.findFirst({ where: { tenantId, activeEmail: email.toLowerCase() } });

/** An active user of a tenant who could take over the key of another one: the same person under a new id, the caller, a member of its team, or an administrator. */
export async function findSuccessor(
  db: Db,
  { key, owner }: { readonly key: Key; readonly owner: User | null },
  callerId: string | null,
): Promise<User | null> {
  const active = { tenantId: key.tenantId, status: "ACTIVE", id: { not: key.ownerId } } as const;
  // The owner of a team's key is a member of the team.
  const member = key.teamId === null ? {} : { memberships: { some: { teamId: key.teamId } } };
  const same =
    owner !== null &&
    (await db.user.findFirst({ where: { ...active, ...member, activeEmail: owner.email.toLowerCase() } }));
  if (same) return same;
  if (callerId !== null) {
    const caller = await db.user.findFirst({ where: { AND: [active, member, { id: callerId }] } });
    if (caller) return caller;
  }
  // Of a team's key any member; else an administrator, who can give it on.
  const administrator = key.teamId === null ? ({ role: "ADMIN", customRoleId: null } as const) : {};
  return db.user.findFirst({
    where: { ...active, ...member, ...administrator },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  });
}
