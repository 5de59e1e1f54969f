import { kindOfId } from "@keyplane/schema";
import type { Db, Prisma, Tenant } from "../../platform/database/index.js";
import { afterPlace, type Direction, orderBy, type Place } from "../../platform/pages.js";
import type { Visibility } from "../auth/index.js";
import type { KeyPolicyInput, TenantFilter } from "./tenants.input.js";

type PolicyColumns = Pick<
  Tenant,
  | "keyPrefix"
  | "defaultKeyLifetimeMs"
  | "maxKeyLifetimeMs"
  | "maxKeysPerUser"
  | "allowedScopes"
  | "restrictScopes"
  | "rotateEveryMs"
  | "rotationOverdue"
  | "rotationOverlapMs"
  | "rotationWebhookId"
>;

/** The columns that a policy changes; what it does not name stays as it is. */
export function policyColumns(policy: KeyPolicyInput): Partial<PolicyColumns> {
  const big = (value: number | null) => (value === null ? null : BigInt(value));
  return {
    ...(policy.prefix === undefined ? {} : { keyPrefix: policy.prefix }),
    ...(policy.defaultLifetimeMs === undefined ? {} : { defaultKeyLifetimeMs: big(policy.defaultLifetimeMs) }),
    ...(policy.maxLifetimeMs === undefined ? {} : { maxKeyLifetimeMs: big(policy.maxLifetimeMs) }),
    ...(policy.maxKeysPerUser === undefined ? {} : { maxKeysPerUser: policy.maxKeysPerUser }),
    ...(policy.allowedScopes === undefined
      ? {}
      : { allowedScopes: policy.allowedScopes ?? [], restrictScopes: policy.allowedScopes !== null }),
    ...(policy.rotateEveryMs === undefined ? {} : { rotateEveryMs: big(policy.rotateEveryMs) }),
    ...(policy.rotationOverdue === undefined ? {} : { rotationOverdue: policy.rotationOverdue }),
    ...(policy.rotationOverlapMs === undefined ? {} : { rotationOverlapMs: big(policy.rotationOverlapMs) }),
    ...(policy.rotationWebhookId === undefined ? {} : { rotationWebhookId: policy.rotationWebhookId }),
  };
}

export function insertTenant(db: Db, data: Prisma.TenantUncheckedCreateInput): Promise<Tenant> {
  return db.tenant.create({ data });
}

/** Reads a tenant for a change and holds it until the transaction ends, so that changes of one tenant follow each other. */
export async function lockTenant(db: Db, visibility: Visibility, id: string): Promise<Tenant | null> {
  if (kindOfId(id) !== "Tenant") return null;
  // Within the bounds already here: whoever may not see a tenant must not wait for it either, or make others wait.
  if (visibility.tenantId !== undefined && visibility.tenantId !== id) return null;
  await db.$queryRaw`SELECT 1 FROM "Tenant" WHERE "id" = ${id} FOR UPDATE`;
  return findTenant(db, visibility, id);
}

/** Holds a tenant until the transaction ends, without keeping anybody from making users and keys in it. */
export async function holdTenant(db: Db, id: string): Promise<void> {
  await db.$queryRaw`SELECT 1 FROM "Tenant" WHERE "id" = ${id} FOR NO KEY UPDATE`;
}

export async function findTenant(db: Db, visibility: Visibility, id: string): Promise<Tenant | null> {
  if (kindOfId(id) !== "Tenant") return null;
  return db.tenant.findFirst({ where: { AND: [{ id }, visible(visibility)] } });
}

export function findTenantsByIds(db: Db, visibility: Visibility, ids: readonly string[]): Promise<Tenant[]> {
  return db.tenant.findMany({ where: { AND: [{ id: { in: [...ids] } }, visible(visibility)] } });
}

export function updateTenantRow(db: Db, id: string, data: Prisma.TenantUncheckedUpdateInput): Promise<Tenant> {
  return db.tenant.update({ where: { id }, data });
}

export function findTenants(
  db: Db,
  visibility: Visibility,
  query: { filter: TenantFilter; field: "createdAt" | "name"; direction: Direction; after: Place | null; take: number },
): Promise<Tenant[]> {
  const page = afterPlace(query.field, query.direction, query.after) as Prisma.TenantWhereInput;
  return db.tenant.findMany({
    where: { AND: [where(visibility, query.filter), page] },
    orderBy: orderBy(query.field, query.direction),
    take: query.take,
  });
}

export function countTenants(db: Db, visibility: Visibility, filter: TenantFilter): Promise<number> {
  return db.tenant.count({ where: where(visibility, filter) });
}

function where(visibility: Visibility, filter: TenantFilter): Prisma.TenantWhereInput {
  return {
    AND: [
      visible(visibility),
      filter.status == null ? {} : { status: filter.status },
      filter.search == null
        ? {}
        : {
            OR: [
              { name: { contains: filter.search, mode: "insensitive" } },
              { slug: { contains: filter.search, mode: "insensitive" } },
            ],
          },
    ],
  };
}

function visible(visibility: Visibility): Prisma.TenantWhereInput {
  return visibility.tenantId === undefined ? {} : { id: visibility.tenantId };
}
