import { createId } from "@keyplane/schema";
import type { CustomRole, Database, Key, KeySecret, Team, Tenant, User } from "../platform/database/index.js";
import { HeldReads } from "./held-reads.js";

/** Which read of the store: of one entity, or of many at once. */
export type ReadName =
  | "secret"
  | "key"
  | "user"
  | "tenant"
  | "role"
  | "team"
  | "keys"
  | "users"
  | "tenants"
  | "secrets";

const createdAt = new Date("2026-01-01T00:00:00Z");

/**
 * What verification reads, in memory instead of a database, with every read in the test's hands. Understands the queries
 * of the stores and no others.
 */
export class HeldStore {
  readonly reads = new HeldReads();
  /** The reads that began, in their order. */
  readonly begun: ReadName[] = [];
  readonly tenants = new Map<string, Tenant>();
  readonly users = new Map<string, User>();
  readonly roles = new Map<string, CustomRole>();
  readonly teams = new Map<string, Team>();
  readonly keys = new Map<string, Key>();
  readonly secrets = new Map<string, KeySecret>();

  readonly database = {
    prisma: {
      $queryRaw: (_sql: unknown, of: string | readonly string[]) =>
        typeof of === "string"
          ? this.#read("secret", () => this.#secret(of))
          : this.#read("secrets", () => this.#secretsOf(of)),
      key: {
        findFirst: ({ where }: ById) => this.#read("key", () => this.keys.get(where.AND[0].id) ?? null),
        findMany: ({ where, take }: { where: { id: { gt: string } }; take: number }) =>
          this.#read("keys", () => this.#liveKeys(where.id.gt).slice(0, take)),
      },
      user: {
        findMany: ({ where: { id } }: { where: { id: { in: readonly string[] } } }) =>
          this.#read(id.in.length === 1 ? "user" : "users", () =>
            pick(this.users, id.in).map((user) => ({ ...user, memberships: [] })),
          ),
      },
      tenant: {
        findFirst: ({ where }: ById) => this.#read("tenant", () => this.tenants.get(where.AND[0].id) ?? null),
        findMany: ({ where }: ByIds) => this.#read("tenants", () => pick(this.tenants, where.AND[0].id.in)),
      },
      customRole: {
        findFirst: ({ where }: ById) => this.#read("role", () => this.roles.get(where.AND[0].id) ?? null),
      },
      team: {
        findFirst: ({ where }: ById) => this.#read("team", () => this.teams.get(where.AND[0].id) ?? null),
      },
    },
  } as unknown as Database;

  addTenant(): Tenant {
    const rotation = { rotateEveryMs: null, rotationOverdue: "WARN" };
    const tenant = { id: createId("Tenant"), status: "ACTIVE", statusReason: "v1", ...rotation } as Tenant;
    this.tenants.set(tenant.id, tenant);
    return tenant;
  }

  addUser(tenantId: string): User {
    const user = {
      id: createId("User"),
      tenantId,
      name: "v1",
      email: "",
      customRoleId: null,
      status: "ACTIVE",
    } as User;
    this.users.set(user.id, user);
    return user;
  }

  /** A key with one secret, whose hash is `<the key's id> 1`. */
  addKey(tenantId: string, ownerId: string): Key {
    const lists = { scopes: [], allowedIps: [], deniedIps: [], metadata: {} };
    const named = { id: createId("Key"), tenantId, ownerId, teamId: null, name: "v1" };
    const rotation = { createdAt, rotatedAt: null, rotateEveryMs: null };
    const key = { ...named, ...lists, ...rotation, secretVersion: 1 } as unknown as Key;
    this.keys.set(key.id, { ...key, deletedAt: null, revokedAt: null });
    this.#addSecret(key.id, 1);
    return key;
  }

  /** A custom role whose holders' keys can use only these scopes. */
  addRole(tenantId: string, keyScopes: string[]): CustomRole {
    const role = {
      id: createId("CustomRole"),
      tenantId,
      permissions: [],
      keyScopes,
      restrictKeyScopes: true,
    } as unknown as CustomRole;
    this.roles.set(role.id, role);
    return role;
  }

  /** A team whose keys can use only these scopes. */
  addTeam(tenantId: string, keyScopes: string[]): Team {
    const team = { id: createId("Team"), tenantId, keyScopes, restrictKeyScopes: true } as unknown as Team;
    this.teams.set(team.id, team);
    return team;
  }

  /** A new owner and secret, as of one transaction. */
  reissue(keyId: string, ownerId?: string): void {
    const key = this.keys.get(keyId);
    if (!key) throw new Error("no such key");
    const secretVersion = key.secretVersion + 1;
    this.keys.set(keyId, { ...key, ownerId: ownerId ?? key.ownerId, secretVersion });
    for (const [hash, secret] of this.secrets) {
      if (secret.keyId === keyId) this.secrets.set(hash, { ...secret, supersededAt: createdAt, stopsAt: createdAt });
    }
    this.#addSecret(keyId, secretVersion);
  }

  /** How often each read began. */
  count(): Partial<Record<ReadName, number>> {
    const counts: Partial<Record<ReadName, number>> = {};
    for (const name of this.begun) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  }

  #addSecret(keyId: string, version: number): void {
    const hash = `${keyId} ${version}`;
    const pending = { isPending: false, overlapMs: null };
    this.secrets.set(hash, { hash, keyId, start: "", createdAt, supersededAt: null, stopsAt: null, ...pending });
  }

  #secret(hash: string): (KeySecret & { secretVersion: number })[] {
    const secret = this.secrets.get(hash);
    const key = secret && this.keys.get(secret.keyId);
    return key ? [{ ...secret, secretVersion: key.secretVersion }] : [];
  }

  #secretsOf(keyIds: readonly string[]): (KeySecret & { secretVersion: number })[] {
    const hashes = [...this.secrets.values()].filter(({ keyId }) => keyIds.includes(keyId)).map(({ hash }) => hash);
    return hashes.flatMap((hash) => this.#secret(hash));
  }

  #liveKeys(afterId: string): (Key & { secrets: KeySecret[] })[] {
    return [...this.keys.values()]
      .filter((key) => key.id > afterId && !key.revokedAt && !key.deletedAt)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map((key) => ({ ...key, secrets: [...this.secrets.values()].filter(({ keyId }) => keyId === key.id) }));
  }

  #read<Result>(name: ReadName, see: () => Result): Promise<Result> {
    this.begun.push(name);
    return this.reads.read(() => structuredClone(see()), name);
  }
}

interface ById {
  readonly where: { readonly AND: readonly [{ readonly id: string }] };
}

interface ByIds {
  readonly where: { readonly AND: readonly [{ readonly id: { readonly in: readonly string[] } }] };
}

function pick<Row>(rows: ReadonlyMap<string, Row>, ids: readonly string[]): Row[] {
  return ids.flatMap((id) => rows.get(id) ?? []);
}
