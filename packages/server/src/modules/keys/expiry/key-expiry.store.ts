import type { Db, Key, Transaction } from "../../../platform/database/index.js";
import { planExpiry } from "./expiry-plan.js";

/** A key whose next event is due. */
export interface DueExpiry {
  readonly keyId: string;
  /** What the row was made for. */
  readonly plannedFor: Date;
  readonly plannedAt: Date;
  readonly tenantId: string;
  readonly ownerId: string;
  /** What the key says now. */
  readonly expiresAt: Date | null;
  readonly isOver: boolean;
}

/** Keeps when the next event of a key's expiry is due. In the transaction that sets the expiry. */
export async function scheduleExpiry(
  tx: Transaction,
  { id: keyId, expiresAt }: Pick<Key, "id" | "expiresAt">,
  reminders: readonly number[],
  now: number,
): Promise<void> {
  if (!expiresAt) {
    await tx.keyExpiry.deleteMany({ where: { keyId } });
    return;
  }
  const plan = planExpiry({ expiresAt: expiresAt.getTime(), plannedAt: now }, reminders, now);
  // A date that has passed already is due at once.
  const row = { expiresAt, plannedAt: new Date(now), dueAt: new Date(plan.dueAt ?? now) };
  await tx.keyExpiry.upsert({ where: { keyId }, create: { keyId, ...row }, update: row });
}

export async function isAnyDue(db: Db, now: Date): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`SELECT 1 FROM "KeyExpiry" WHERE "dueAt" <= ${now} LIMIT 1`;
  return rows.length > 0;
}

/**
 * Takes one key whose time has come, and holds it. Another process takes another one; a key that is being changed is left for
 * the next time, so that nobody waits, and the event's place follows that of the change.
 */
export async function takeDue(tx: Transaction, now: Date): Promise<DueExpiry | null> {
  const [row] = await tx.$queryRaw<DueExpiry[]>`
    SELECT "KeyExpiry"."keyId", "KeyExpiry"."expiresAt" AS "plannedFor", "KeyExpiry"."plannedAt",
      "Key"."tenantId", "Key"."ownerId", "Key"."expiresAt",
      ("Key"."revokedAt" IS NOT NULL OR "Key"."deletedAt" IS NOT NULL) AS "isOver"
    FROM "KeyExpiry" JOIN "Key" ON "Key"."id" = "KeyExpiry"."keyId"
    WHERE "KeyExpiry"."dueAt" <= ${now}
    ORDER BY "KeyExpiry"."dueAt", "KeyExpiry"."keyId"
    LIMIT 1
    FOR UPDATE SKIP LOCKED`;
  return row ?? null;
}

/** @param dueAt null: there is nothing more to come. */
export async function settleDue(tx: Transaction, keyId: string, now: Date, dueAt: Date | null): Promise<void> {
  if (dueAt) await tx.keyExpiry.update({ where: { keyId }, data: { plannedAt: now, dueAt } });
  else await tx.keyExpiry.delete({ where: { keyId } });
}
