import type { KeyRecord } from "@keyplane/schema";
import { type Db, Prisma } from "../../../platform/database/index.js";
import type { Visibility } from "../../auth/index.js";

/** Set where only the server can decide: it has to count, where there are limits, and to see the first use of a secret that waits for it. */
interface Decided {
  readonly decidedBy: "SERVER" | null;
}

/** What the database gives of a tenant; times are epoch milliseconds. */
export type TenantRow = KeyRecord["tenant"] & Decided;

export type OwnerRow = NonNullable<KeyRecord["owner"]> & Decided;

export type SecretRow = KeyRecord["secret"] & { readonly hash: string };

/** A key with all of its secrets, the current one last. */
export type KeyRow = Omit<KeyRecord["key"], "scopeBounds"> &
  Decided & {
    readonly teamId: string | null;
    readonly secrets: readonly SecretRow[];
  };

/** The only scopes that keys can use: of an owner with such a role, or of such a team. */
export interface BoundRow {
  readonly id: string;
  readonly keyScopes: readonly string[];
}

/** Keys, and the owners and tenants that they name, all as they were at one moment. */
export interface RecordRows {
  readonly tenants: readonly TenantRow[];
  readonly owners: readonly OwnerRow[];
  readonly keys: readonly KeyRow[];
  /** By owner. */
  readonly roleBounds: readonly BoundRow[];
  /** By team. */
  readonly teamBounds: readonly BoundRow[];
}

/** A place in the order of creation. */
export interface RecordPlace {
  readonly createdAt: Date;
  readonly id: string;
}

/** The keys that have one of these secrets, at present or before. */
export function findRecordsByHashes(db: Db, visibility: Visibility, hashes: readonly string[]): Promise<RecordRows> {
  const having = Prisma.sql`"id" IN (SELECT "keyId" FROM "KeySecret" WHERE "hash" = ANY(${[...hashes]}::text[]))`;
  return readRecords(db, Prisma.sql`SELECT * FROM "Key" WHERE ${having} AND ${visible(visibility)}`, Prisma.sql`TRUE`);
}

export function findRecordsByIds(db: Db, visibility: Visibility, ids: readonly string[]): Promise<RecordRows> {
  const named = Prisma.sql`"id" = ANY(${[...ids]}::text[])`;
  return readRecords(db, Prisma.sql`SELECT * FROM "Key" WHERE ${named} AND ${visible(visibility)}`, Prisma.sql`TRUE`);
}

/**
 * A page of all keys in the order of their creation, which both indexes have: `take` keys are looked at, and those among them
 * answered that are live at `now`, or those that are not. So the time of a page is bounded, however few they are.
 *
 * @returns with where the next page begins; null after the last.
 */
export async function findRecordPage(
  db: Db,
  visibility: Visibility,
  page: { readonly live: boolean; readonly now: Date; readonly after: RecordPlace; readonly take: number },
): Promise<RecordRows & { readonly next: RecordPlace | null }> {
  const { live, now, after, take } = page;
  const isLive = Prisma.sql`
    "revokedAt" IS NULL AND "deletedAt" IS NULL AND ("expiresAt" IS NULL OR "expiresAt" > ${now}::timestamptz)`;
  const { lastAt, lastId, looked, ...rows } = await readRecords(
    db,
    following(visibility, after, take),
    live ? isLive : Prisma.sql`NOT (${isLive})`,
  );
  return { ...rows, next: looked === take && lastAt && lastId ? { createdAt: lastAt, id: lastId } : null };
}

interface Answer {
  readonly tenants: string | null;
  readonly owners: string | null;
  readonly keys: string | null;
  readonly roleBounds: string | null;
  readonly teamBounds: string | null;
  readonly looked: number;
  readonly lastAt: Date | null;
  readonly lastId: string | null;
}

/**
 * One statement, so that keys, secrets, owners and tenants are of one moment: a key whose owner was changed in the same
 * transaction is never seen with the owner of before. As JSON, which is parsed at once: a row of its own for each key
 * takes the driver several times as long.
 *
 * Where data is corrupt, a key names an owner of another tenant, who is left out: it has none then. A team of another tenant bounds its scopes
 * all the same, as verification has it; nothing else of the team is told.
 *
 * @param looked the keys to look at.
 * @param wanted which of them to answer.
 */
async function readRecords(
  db: Db,
  looked: Prisma.Sql,
  wanted: Prisma.Sql,
): Promise<RecordRows & Pick<Answer, "looked" | "lastAt" | "lastId">> {
  const [answer] = await db.$queryRaw<Answer[]>`
    WITH "looked" AS MATERIALIZED (${looked}),
      "wanted" AS MATERIALIZED (SELECT * FROM "looked" WHERE ${wanted})
    SELECT
      (SELECT json_agg(row_to_json("row")) FROM (
        SELECT "id", "status", ${ms("statusChangedAt")} AS "since", "statusReason" AS "reason",
          "allowedIps", "deniedIps", "rotateEveryMs", NULLIF("rotationOverdue", 'WARN') AS "rotationOverdue", ${decidedBy},
          (SELECT json_agg(json_build_object('id', "id", 'slug', "slug", 'name', "name", 'isOpen', "access" = 'OPEN',
              'isDeleted', "deletedAt" IS NOT NULL, 'isLimited', "rateLimits" <> '[]', 'versions', "versions") ORDER BY "id")
            FROM "Api" WHERE "tenantId" = "Tenant"."id") AS "apis"
        FROM "Tenant" WHERE "id" IN (SELECT "tenantId" FROM "wanted")) AS "row")::text AS "tenants",
      (SELECT json_agg(row_to_json("row")) FROM (
        SELECT "id", "tenantId", "name", "email", "externalId", "status", ${ms("statusChangedAt")} AS "since",
          "statusReason" AS "reason", "allowedIps", "deniedIps", ${decidedBy}
        FROM "User" WHERE ("id", "tenantId") IN (SELECT "ownerId", "tenantId" FROM "wanted")) AS "row")::text AS "owners",
      (SELECT json_agg(row_to_json("row")) FROM (
        SELECT "User"."id", "CustomRole"."keyScopes"
        FROM "User" JOIN "CustomRole" ON "CustomRole"."id" = "User"."customRoleId"
        WHERE "CustomRole"."restrictKeyScopes"
          AND ("User"."id", "User"."tenantId") IN (SELECT "ownerId", "tenantId" FROM "wanted")) AS "row"
      )::text AS "roleBounds",
      (SELECT json_agg(row_to_json("row")) FROM (
        SELECT "id", "keyScopes" FROM "Team"
        WHERE "restrictKeyScopes" AND "id" IN (SELECT "teamId" FROM "wanted")) AS "row")::text AS "teamBounds",
      (SELECT json_agg(row_to_json("row")) FROM (
        SELECT "id", "tenantId", "ownerId", "teamId", "name", "environment", "scopes", "metadata", "allowedIps", "deniedIps",
          ${ms("expiresAt")} AS "expiresAt", ${ms("revokedAt")} AS "revokedAt", "revokedReason",
          ${ms("disabledAt")} AS "disabledAt", "disabledReason", ${ms("deletedAt")} AS "deletedAt", ${keyDecidedBy},
          ${ms("quarantinedAt")} AS "quarantinedAt",
          "rotateEveryMs", NULLIF("rotationOverdue", 'WARN') AS "rotationOverdue", (extract(epoch FROM COALESCE("rotatedAt", "createdAt")) * 1000)::bigint AS "issuedAt",
          (SELECT json_agg(row_to_json("secret")) FROM (
            SELECT "hash", "start", ${ms("supersededAt")} AS "supersededAt", ${ms("stopsAt")} AS "stopsAt"
            FROM "KeySecret" WHERE "keyId" = "wanted"."id" ORDER BY "supersededAt", "createdAt", "hash") AS "secret") AS "secrets",
          (SELECT json_agg(json_build_object('apiId', "apiId", 'status', "status") ORDER BY "apiId")
            FROM "ApiGrant" WHERE "keyId" = "wanted"."id") AS "grants"
        FROM "wanted" ORDER BY "createdAt", "id") AS "row")::text AS "keys",
      (SELECT count(*)::int FROM "looked") AS "looked",
      (SELECT max("createdAt") FROM "looked") AS "lastAt",
      (SELECT "id" FROM "looked" ORDER BY "createdAt" DESC, "id" DESC LIMIT 1) AS "lastId"`;
  if (!answer) throw new Error("a statement without a table has no row");
  const { tenants, owners, keys, roleBounds, teamBounds, ...rest } = answer;
  return {
    tenants: rowsOf<TenantRow>(tenants),
    owners: rowsOf<OwnerRow>(owners),
    roleBounds: rowsOf<BoundRow>(roleBounds),
    teamBounds: rowsOf<BoundRow>(teamBounds),
    keys: rowsOf<KeyRow>(keys).map((key) => ({ ...key, secrets: (key.secrets as KeyRow["secrets"] | null) ?? [] })),
    ...rest,
  };
}

const isLimited = Prisma.sql`"quotaId" IS NOT NULL OR "rateLimits" <> '[]'`;
const decidedBy = Prisma.sql`CASE WHEN ${isLimited} THEN 'SERVER' END AS "decidedBy"`;
/** Of a row of `wanted`. */
const keyDecidedBy = Prisma.sql`
  CASE WHEN ${isLimited} OR EXISTS (SELECT 1 FROM "KeySecret" WHERE "keyId" = "wanted"."id" AND "isPending") THEN 'SERVER' END
    AS "decidedBy"`;

function rowsOf<Row>(json: string | null): Row[] {
  return json === null ? [] : (JSON.parse(json) as Row[]);
}

/** A time in epoch milliseconds. */
function ms(column: string): Prisma.Sql {
  return Prisma.raw(`(extract(epoch FROM "${column}") * 1000)::bigint`);
}

/**
 * The keys that follow a place. A tenant's are read as those that follow in the index of all tenants' keys, and cut off after
 * the tenant: where PostgreSQL has no statistics, as the embedded database, it expects few rows of `"tenantId" = …`, and reads
 * and sorts all keys of the tenant for each page.
 */
function following(
  { tenantId, userId, teamIds }: Visibility,
  { createdAt, id }: RecordPlace,
  take: number,
): Prisma.Sql {
  if (tenantId === undefined || userId !== undefined) {
    return Prisma.sql`
      SELECT * FROM "Key"
      WHERE ("createdAt", "id") > (${createdAt}::timestamptz, ${id}) AND ${visible({ tenantId, userId, teamIds })}
      ORDER BY "createdAt", "id"
      LIMIT ${take}`;
  }
  return Prisma.sql`
    SELECT * FROM (
      SELECT * FROM "Key"
      WHERE ("tenantId", "createdAt", "id") > (${tenantId}, ${createdAt}::timestamptz, ${id})
      ORDER BY "tenantId", "createdAt", "id"
      LIMIT ${take}) AS "following"
    WHERE "tenantId" = ${tenantId}`;
}

function visible({ tenantId, userId, teamIds }: Visibility): Prisma.Sql {
  const conditions = [Prisma.sql`TRUE`];
  if (tenantId !== undefined) conditions.push(Prisma.sql`"tenantId" = ${tenantId}`);
  if (userId !== undefined) {
    conditions.push(Prisma.sql`("ownerId" = ${userId} OR "teamId" = ANY(${[...teamIds]}::text[]))`);
  }
  return Prisma.join(conditions, " AND ");
}
