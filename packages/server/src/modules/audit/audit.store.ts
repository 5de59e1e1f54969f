import { z } from "zod";
import { type Db, Prisma, type AuditRecord as Row } from "../../platform/database/index.js";
import { afterPlace, orderBy, type Place } from "../../platform/pages.js";
import { idSchema, text } from "../../platform/validation.js";
import type { Visibility } from "../auth/index.js";
import type { AuditRecord } from "./audit.record.js";

/** What to look for in the audit log. Absent means any. */
export const auditFilterSchema = z.object({
  tenantId: idSchema.nullish(),
  actorId: idSchema.nullish(),
  action: text("action", 100).nullish(),
  targetId: idSchema.nullish(),
  /** Half open: [from, to). */
  from: z.date().nullish(),
  to: z.date().nullish(),
});

export type AuditFilter = z.output<typeof auditFilterSchema>;

export async function insertAuditRecord(db: Db, record: AuditRecord): Promise<void> {
  const json = (value: unknown): Prisma.InputJsonValue | typeof Prisma.DbNull =>
    value === null ? Prisma.DbNull : (value as Prisma.InputJsonValue);
  await db.auditRecord.create({ data: { ...record, before: json(record.before), after: json(record.after) } });
}

export function findAuditRecords(
  db: Db,
  visibility: Visibility,
  filter: AuditFilter,
  after: Place | null,
  take: number,
): Promise<Row[]> {
  const page = afterPlace("createdAt", "desc", after) as Prisma.AuditRecordWhereInput;
  return db.auditRecord.findMany({
    where: { AND: [where(visibility, filter), page] },
    orderBy: orderBy("createdAt", "desc"),
    take,
  });
}

/**
 * The changes of one thing, as the audit log of its tenant has them, whoever may see them.
 *
 * @param of.action how their actions begin, e.g. `key.`
 * @param of.after only later ones; `of.until` only up to then. The nearest to that time come first.
 * @param beyond only those after this place in that order.
 */
export function findHistory(
  db: Db,
  of: { readonly tenantId: string; readonly targetId: string; readonly action: string } & Around,
  take: number,
  beyond: Place | null = null,
): Promise<Row[]> {
  const { tenantId, targetId, action } = of;
  return findAround(db, { tenantId, targetId, action: { startsWith: action } }, of, take, beyond);
}

/**
 * What was changed of all things of one kind of a tenant, in the order of {@link findHistory}.
 *
 * @param of.targetType what kind, e.g. `Api`.
 */
export function findHistoryOfKind(
  db: Db,
  of: { readonly tenantId: string; readonly targetType: string } & Around,
  take: number,
  beyond: Place | null = null,
): Promise<Row[]> {
  const { tenantId, targetType } = of;
  return findAround(db, { tenantId, targetType }, of, take, beyond);
}

/** Later than a time, or up to it. */
type Around = { readonly after: Date } | { readonly until: Date };

function findAround(
  db: Db,
  which: Prisma.AuditRecordWhereInput,
  time: Around,
  take: number,
  beyond: Place | null,
): Promise<Row[]> {
  const direction = "after" in time ? "asc" : "desc";
  const createdAt = "after" in time ? { gt: time.after } : { lte: time.until };
  const page = afterPlace("createdAt", direction, beyond) as Prisma.AuditRecordWhereInput;
  return db.auditRecord.findMany({
    where: { AND: [{ ...which, createdAt }, page] },
    orderBy: orderBy("createdAt", direction),
    take,
  });
}

export function countAuditRecords(db: Db, visibility: Visibility, filter: AuditFilter): Promise<number> {
  return db.auditRecord.count({ where: where(visibility, filter) });
}

function where(visibility: Visibility, filter: AuditFilter): Prisma.AuditRecordWhereInput {
  return {
    AND: [
      visibility.tenantId === undefined ? {} : { tenantId: visibility.tenantId },
      filter.tenantId == null ? {} : { tenantId: filter.tenantId },
      filter.actorId == null ? {} : { actorId: filter.actorId },
      filter.action == null ? {} : { action: filter.action },
      filter.targetId == null ? {} : { targetId: filter.targetId },
      filter.from == null ? {} : { createdAt: { gte: filter.from } },
      filter.to == null ? {} : { createdAt: { lt: filter.to } },
    ],
  };
}
