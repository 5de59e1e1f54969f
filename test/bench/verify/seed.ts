import { hash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createId, generateKey } from "@keyplane/schema";
import type { Database } from "@keyplane/server";

/** Enough of a population to be like a real one: keys of many owners in several tenants. */
export interface Population {
  readonly tenants: readonly string[];
  readonly users: readonly { id: string; tenantId: string }[];
  readonly keys: readonly { id: string; tenantId: string; ownerId: string; secret: string; start: string }[];
}

/** How many keys have limits of their own where limits are measured: as many as one process may have in use within a minute. */
export const limitedKeyCount = 1_000;

export function populate(keyCount: number): Population {
  const tenants = Array.from({ length: 10 }, () => createId("Tenant"));
  const at = <Item>(list: readonly Item[], index: number): Item => list[index % list.length] as Item;
  const users = Array.from({ length: 1_000 }, (_, index) => ({ id: createId("User"), tenantId: at(tenants, index) }));
  const keys = Array.from({ length: keyCount }, (_, index) => {
    const user = at(users, index);
    return {
      id: createId("Key"),
      tenantId: user.tenantId,
      ownerId: user.id,
      ...generateKey({ prefix: "kp", environment: "LIVE" }),
    };
  });
  return { tenants, users, keys };
}

export function savePopulation(path: string, population: Population): void {
  writeFileSync(path, JSON.stringify(population));
}

const chunkSize = 5_000;

/** Puts a population into a database, in few large statements: through the API it would take the better part of an hour. */
export async function seedDatabase(database: Database, population: Population): Promise<void> {
  const now = new Date().toISOString();
  const times = { createdAt: now, updatedAt: now };
  await insert(
    database,
    "Tenant",
    population.tenants.map((id) => ({
      id,
      slug: id.toLowerCase().replace("_", "-"),
      name: "Tenant",
      status: "ACTIVE",
      keyPrefix: "kp",
      allowedScopes: [],
      restrictScopes: false,
      rateLimits: [],
      ...times,
    })),
  );
  await insert(
    database,
    "User",
    population.users.map(({ id, tenantId }) => ({
      id,
      tenantId,
      email: `${id}@example.com`,
      activeEmail: `${id}@example.com`,
      name: "User",
      role: "DEVELOPER",
      status: "ACTIVE",
      rateLimits: [],
      ...times,
    })),
  );
  for (let from = 0; from < population.keys.length; from += chunkSize) {
    const keys = population.keys.slice(from, from + chunkSize);
    await insert(
      database,
      "Key",
      keys.map(({ id, tenantId, ownerId, start }) => ({
        id,
        tenantId,
        ownerId,
        start,
        name: "Key",
        environment: "LIVE",
        scopes: ["orders:read", "orders:write"],
        metadata: { plan: "pro" },
        allowedIps: [],
        deniedIps: [],
        rateLimits: [],
        secretVersion: 1,
        ...times,
      })),
    );
    await insert(
      database,
      "KeySecret",
      keys.map(({ id, secret, start }) => ({
        hash: hash("sha256", secret, "hex"),
        keyId: id,
        start,
        createdAt: now,
      })),
    );
  }
}

/** Gives keys a rate limit and a quota of their own, which no benchmark uses up. */
export async function limitKeys(database: Database, keys: Population["keys"]): Promise<void> {
  const now = new Date().toISOString();
  const quotas = keys.map(({ id, tenantId }) => ({
    id: createId("Quota"),
    tenantId,
    targetId: id,
    limit: 1_000_000_000,
    refill: "MONTHLY",
    anchor: now,
    timeZone: "UTC",
    period: 1,
    periodStart: now,
    periodEnd: new Date(Date.now() + 28 * 86_400_000).toISOString(),
    toppedUp: 0,
    used: 0,
    createdAt: now,
    updatedAt: now,
  }));
  await insert(database, "Quota", quotas);
  const rules = [{ name: "per-minute", limit: 1_000_000, windowMs: 60_000, burst: null, unit: "REQUESTS" }];
  await database.prisma.$executeRawUnsafe(
    `UPDATE "Key" SET "rateLimits" = $1::jsonb, "quotaId" = "Quota"."id" FROM "Quota" WHERE "Quota"."targetId" = "Key"."id"`,
    JSON.stringify(rules),
  );
}

/** All rows name the same columns; the others get their defaults. */
async function insert(database: Database, table: string, rows: readonly object[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {})
    .map((column) => `"${column}"`)
    .join(", ");
  await database.prisma.$executeRawUnsafe(
    `INSERT INTO "${table}" (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::"${table}", $1::jsonb)`,
    JSON.stringify(rows),
  );
}
