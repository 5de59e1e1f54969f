import { kindOfId, restoreWindowMs } from "@keyplane/schema";
import type { Db, Prisma, Transaction, Webhook } from "../../platform/database/index.js";
import { afterPlace, orderBy, type Place } from "../../platform/pages.js";
import type { Visibility } from "../auth/index.js";

export function insertWebhook(db: Db, data: Prisma.WebhookUncheckedCreateInput): Promise<Webhook> {
  return db.webhook.create({ data });
}

/** Reads a webhook for a change, and holds it until the transaction ends. */
export async function lockWebhook(tx: Transaction, visibility: Visibility, id: string): Promise<Webhook | null> {
  if (kindOfId(id) !== "Webhook" || visibility.userId !== undefined) return null;
  const { tenantId = null } = visibility;
  await tx.$queryRaw`
    SELECT 1 FROM "Webhook"
    WHERE "id" = ${id} AND (${tenantId}::text IS NULL OR "tenantId" = ${tenantId}) FOR UPDATE`;
  return findWebhook(tx, visibility, id);
}

export async function findWebhook(db: Db, visibility: Visibility, id: string): Promise<Webhook | null> {
  if (kindOfId(id) !== "Webhook") return null;
  return db.webhook.findFirst({ where: { AND: [{ id }, visible(visibility)] } });
}

export function updateWebhookRow(db: Db, id: string, data: Prisma.WebhookUncheckedUpdateInput): Promise<Webhook> {
  return db.webhook.update({ where: { id }, data });
}

/** Whether a webhook is as it was when something was sent to it: nobody has led it elsewhere or enabled it since. */
export function isUnchanged(before: Webhook, now: Webhook): boolean {
  return before.url === now.url && before.updatedAt.getTime() === now.updatedAt.getTime();
}

/** An address has taken a message: it does not fail. */
export async function endFailing(db: Db, { id, url }: Webhook): Promise<void> {
  await db.webhook.updateMany({ where: { id, url, failingSince: { not: null } }, data: { failingSince: null } });
}

/** From now on every attempt fails, unless the webhook was changed while the message was under way. */
export async function beginFailing(db: Db, { id, url, updatedAt }: Webhook, failingSince: Date): Promise<void> {
  await db.webhook.updateMany({ where: { id, url, updatedAt, failingSince: null }, data: { failingSince } });
}

/** Newest first. */
export function findWebhooks(
  db: Db,
  visibility: Visibility,
  tenantId: string | undefined,
  after: Place | null,
  take: number,
): Promise<Webhook[]> {
  const page = afterPlace("createdAt", "desc", after) as Prisma.WebhookWhereInput;
  return db.webhook.findMany({
    where: { AND: [visible(visibility), tenantId === undefined ? {} : { tenantId }, page] },
    orderBy: orderBy("createdAt", "desc"),
    take,
  });
}

export function countWebhooks(db: Db, visibility: Visibility, tenantId: string | undefined): Promise<number> {
  return db.webhook.count({ where: { AND: [visible(visibility), tenantId === undefined ? {} : { tenantId }] } });
}

/** The webhooks of these tenants that are told of events. */
export function findListening(db: Db, tenantIds: readonly string[]): Promise<Webhook[]> {
  return db.webhook.findMany({ where: { tenantId: { in: [...tenantIds] }, deletedAt: null, disabledAt: null } });
}

/** Reads a webhook of a tenant that is to be named by its policy, and keeps it from being deleted meanwhile. */
export async function holdForPolicy(tx: Transaction, tenantId: string, id: string): Promise<Webhook | null> {
  if (kindOfId(id) !== "Webhook") return null;
  await tx.$queryRaw`SELECT 1 FROM "Webhook" WHERE "id" = ${id} AND "tenantId" = ${tenantId} FOR SHARE`;
  return tx.webhook.findFirst({ where: { id, tenantId, deletedAt: null } });
}

/** By whose policy a webhook is named: its tenant's, one of a key that could still be accepted, or of one that could after `restoreKey`. */
export async function findNamedBy(
  db: Db,
  { id, tenantId }: Pick<Webhook, "id" | "tenantId">,
  now: number,
): Promise<"tenant" | "key" | "deletedKey" | null> {
  if ((await db.tenant.count({ where: { id: tenantId, rotationWebhookId: id } })) > 0) return "tenant";
  const named = { rotationWebhookId: id, revokedAt: null };
  if ((await db.key.count({ where: { ...named, deletedAt: null } })) > 0) return "key";
  const restorable = { ...named, deletedAt: { gt: new Date(now - restoreWindowMs) } };
  return (await db.key.count({ where: restorable })) > 0 ? "deletedKey" : null;
}

/** A webhook belongs to no user: whoever sees only one user's things sees none. */
function visible({ tenantId, userId }: Visibility): Prisma.WebhookWhereInput {
  return {
    deletedAt: null,
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(userId === undefined ? {} : { id: "none" }),
  };
}
