import type { Db, Transaction } from "../../../platform/database/index.js";

/** A key of whose rotation something is due. Times are epoch milliseconds. */
export interface DueRotation {
  readonly keyId: string;
  readonly tenantId: string;
  readonly ownerId: string;
  readonly teamId: string | null;
  readonly plannedAt: Date;
  readonly issuedAt: Date;
  /** When the secret was issued of which ROTATION_OVERDUE was told last; null: of none. */
  readonly overdueToldFor: Date | null;
  readonly everyMs: bigint | null;
  readonly isOver: boolean;
  /** Who gets its new secret; null: nobody. */
  readonly webhookId: string | null;
}

/** Lets a key's rotation be planned: within a second, by whichever process comes first. */
export async function planRotation(tx: Transaction, keyId: string, now: Date): Promise<void> {
  const row = { plannedAt: now, dueAt: now };
  await tx.keyRotation.upsert({ where: { keyId }, create: { keyId, ...row }, update: row });
}

/** The same of all keys of a tenant that could still be accepted. */
export async function planRotationsOf(tx: Transaction, tenantId: string, now: Date): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO "KeyRotation" ("keyId", "plannedAt", "dueAt")
    SELECT "id", ${now}::timestamptz, ${now}::timestamptz FROM "Key"
    WHERE "tenantId" = ${tenantId} AND "revokedAt" IS NULL AND "deletedAt" IS NULL
    ON CONFLICT ("keyId") DO UPDATE SET "plannedAt" = EXCLUDED."plannedAt", "dueAt" = EXCLUDED."dueAt"`;
}

export async function isAnyDue(db: Db, now: Date): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`SELECT 1 FROM "KeyRotation" WHERE "dueAt" <= ${now} LIMIT 1`;
  return rows.length > 0;
}

/** Takes one key whose time has come, and holds it. Another process takes another one; one that is being changed is left. */
export async function takeDue(tx: Transaction, now: Date): Promise<DueRotation | null> {
  const [row] = await tx.$queryRaw<DueRotation[]>`
    SELECT "KeyRotation"."keyId", "KeyRotation"."plannedAt", "KeyRotation"."overdueToldFor",
      "Key"."tenantId", "Key"."ownerId", "Key"."teamId",
      COALESCE("Key"."rotatedAt", "Key"."createdAt") AS "issuedAt",
      LEAST("Key"."rotateEveryMs", "Tenant"."rotateEveryMs") AS "everyMs",
      ("Key"."revokedAt" IS NOT NULL OR "Key"."deletedAt" IS NOT NULL
        OR ("Key"."expiresAt" IS NOT NULL AND "Key"."expiresAt" <= ${now}::timestamptz)) AS "isOver",
      COALESCE("Key"."rotationWebhookId", "Tenant"."rotationWebhookId") AS "webhookId"
    FROM "KeyRotation"
      JOIN "Key" ON "Key"."id" = "KeyRotation"."keyId"
      JOIN "Tenant" ON "Tenant"."id" = "Key"."tenantId"
    WHERE "KeyRotation"."dueAt" <= ${now}
    ORDER BY "KeyRotation"."dueAt", "KeyRotation"."keyId"
    LIMIT 1
    FOR UPDATE OF "KeyRotation", "Key" SKIP LOCKED`;
  return row ?? null;
}

/**
 * Keeps what comes next of a key. With nothing to come, and nothing told that must not be told again, nothing is kept.
 *
 * @param next.dueAt null: there is nothing more to come.
 */
export async function settleDue(
  tx: Transaction,
  keyId: string,
  now: Date,
  next: { readonly dueAt: Date | null; readonly overdueToldFor: Date | null },
): Promise<void> {
  const isOver = next.dueAt === null && next.overdueToldFor === null;
  if (isOver) await tx.keyRotation.delete({ where: { keyId } });
  else await tx.keyRotation.update({ where: { keyId }, data: { plannedAt: now, ...next } });
}
