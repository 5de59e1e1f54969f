import { kindOfId, type WebhookDeliveryStatus } from "@keyplane/schema";
import type { Db, Prisma, Transaction, WebhookDelivery } from "../../platform/database/index.js";
import { afterPlace, orderBy, type Place } from "../../platform/pages.js";
import type { Visibility } from "../auth/index.js";

/** How many deliveries one statement keeps: their messages may be long. */
const insertedAtOnce = 500;

/** Which deliveries. */
export interface DeliveryFilter {
  readonly webhookId: string;
  readonly status?: WebhookDeliveryStatus | undefined;
}

export async function insertDeliveries(
  tx: Transaction,
  data: readonly Prisma.WebhookDeliveryUncheckedCreateInput[],
): Promise<void> {
  for (let from = 0; from < data.length; from += insertedAtOnce) {
    await tx.webhookDelivery.createMany({ data: data.slice(from, from + insertedAtOnce) });
  }
}

export async function isAnyDue(db: Db, now: Date): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`SELECT 1 FROM "WebhookDelivery" WHERE "nextAttemptAt" <= ${now} LIMIT 1`;
  return rows.length > 0;
}

/** How many deliveries a process may take now: in all, of a tenant and of a webhook. */
export interface SendingLimits {
  readonly take: number;
  /** How many of `take` are only for tenants that have nothing under way. */
  readonly reserved: number;
  readonly ofTenant: number;
  readonly ofWebhook: number;
}

/** A delivery that a process is sending, which counts for the shares of its tenant and its webhook. */
export interface UnderWay extends Pick<WebhookDelivery, "tenantId" | "webhookId"> {
  /** Its webhook takes long to answer, and is sent nothing else meanwhile. */
  readonly isSlow: boolean;
}

/**
 * Takes deliveries that are due, the oldest first but of each tenant and webhook no more than its share, first those of tenants that have
 * the fewest under way, and one at a time of a webhook that fails or is slow: until `leaseUntil` no other process sends them. Not a lock
 * that is held while sending: the embedded database has one connection, and a receiver may take long.
 */
export function takeDue(
  db: Db,
  options: SendingLimits & { now: Date; leaseUntil: Date; underWay: readonly UnderWay[] },
): Promise<WebhookDelivery[]> {
  const { now, leaseUntil, underWay, ofTenant, ofWebhook, take, reserved } = options;
  const tenantIds = underWay.map(({ tenantId }) => tenantId);
  const webhookIds = underWay.map(({ webhookId }) => webhookId);
  const slow = underWay.map(({ isSlow }) => isSlow);
  return db.$queryRaw<WebhookDelivery[]>`
    WITH "busyTenant" AS (SELECT "id", count(*)::int AS "sent" FROM unnest(${tenantIds}::text[]) AS "each" ("id") GROUP BY "id"),
    "busyWebhook" AS (
      SELECT "id", count(*)::int AS "sent", bool_or("isSlow") AS "isSlow"
      FROM unnest(${webhookIds}::text[], ${slow}::boolean[]) AS "each" ("id", "isSlow") GROUP BY "id"),
    "free" AS MATERIALIZED (
      SELECT "Webhook"."id", "tenantId", COALESCE("busyTenant"."sent", 0) AS "sentOfTenant",
        CASE WHEN "failingSince" IS NULL AND "isSlow" IS NOT TRUE THEN ${ofWebhook}::int ELSE 1 END
          - COALESCE("busyWebhook"."sent", 0) AS "share"
      FROM "Webhook" LEFT JOIN "busyTenant" ON "busyTenant"."id" = "tenantId" LEFT JOIN "busyWebhook" ON "busyWebhook"."id" = "Webhook"."id"
      WHERE "disabledAt" IS NULL AND "deletedAt" IS NULL AND COALESCE("busyTenant"."sent", 0) < ${ofTenant}::int),
    "due" AS MATERIALIZED (
      SELECT "each"."id", "each"."nextAttemptAt", "free"."tenantId", "free"."sentOfTenant" FROM "free" CROSS JOIN LATERAL (
        SELECT "id", "nextAttemptAt" FROM "WebhookDelivery"
        WHERE "webhookId" = "free"."id" AND "nextAttemptAt" <= ${now}
        ORDER BY "nextAttemptAt", "id" LIMIT GREATEST("free"."share", 0) FOR UPDATE SKIP LOCKED) AS "each"),
    "placed" AS (
      SELECT *, "sentOfTenant" + row_number() OVER (PARTITION BY "tenantId" ORDER BY "nextAttemptAt", "id") AS "place" FROM "due"),
    "ranked" AS (
      SELECT "id", "place", row_number() OVER (ORDER BY "place", "nextAttemptAt", "id") AS "turn" FROM "placed"
      WHERE "place" <= ${ofTenant}::int),
    "taken" AS MATERIALIZED (
      SELECT "id" FROM "ranked"
      WHERE "turn" <= ${take}::int AND ("place" = 1 OR "turn" <= ${take}::int - ${reserved}::int))
    UPDATE "WebhookDelivery"
    SET "nextAttemptAt" = ${leaseUntil}, "attempts" = "attempts" + 1, "lastAttemptAt" = ${now}
    WHERE "id" IN (SELECT "id" FROM "taken")
    RETURNING *`;
}

/** Takes back an attempt that was not made; what its webhook's change said of the delivery stays. */
export async function leave(db: Db, { id, attempts }: Pick<WebhookDelivery, "id" | "attempts">): Promise<void> {
  await db.webhookDelivery.updateMany({
    where: { id, attempts, status: "PENDING" },
    data: { attempts: { decrement: 1 } },
  });
}

/** Keeps that an attempt failed; nothing when another process has taken the delivery meanwhile, or it was given up. */
export async function settleFailure(
  db: Db,
  { id, attempts }: Pick<WebhookDelivery, "id" | "attempts">,
  data: Prisma.WebhookDeliveryUncheckedUpdateInput,
): Promise<void> {
  await db.webhookDelivery.updateMany({ where: { id, attempts, status: "PENDING" }, data });
}

/** Keeps that a message was taken, also where it was given up while it was under way: that is what happened. */
export async function settleSuccess(
  db: Db,
  { id, attempts }: Pick<WebhookDelivery, "id" | "attempts">,
  now: Date,
  responseStatus: number | null,
): Promise<void> {
  await db.webhookDelivery.updateMany({
    where: { id, attempts, status: { not: "DELIVERED" } },
    data: {
      status: "DELIVERED",
      nextAttemptAt: null,
      finishedAt: now,
      responseStatus,
      problem: null,
      sealedSecret: null,
    },
  });
}

/** The deliveries of a webhook that is disabled wait. */
export async function pause(tx: Transaction, webhookId: string): Promise<void> {
  await tx.webhookDelivery.updateMany({ where: { webhookId, status: "PENDING" }, data: { nextAttemptAt: null } });
}

/** Those that waited are due. */
export async function resume(tx: Transaction, webhookId: string, now: Date): Promise<void> {
  await tx.webhookDelivery.updateMany({
    where: { webhookId, status: "PENDING", nextAttemptAt: null },
    data: { nextAttemptAt: now },
  });
}

/** What is left of a delivery that is given up: no secret. */
export function givenUp(now: Date, problem: string) {
  return { status: "FAILED", nextAttemptAt: null, finishedAt: now, sealedSecret: null, problem } as const;
}

/** Gives up all that a webhook has waiting. */
export async function giveUpAll(tx: Transaction, webhookId: string, now: Date, problem: string): Promise<void> {
  await tx.webhookDelivery.updateMany({ where: { webhookId, status: "PENDING" }, data: givenUp(now, problem) });
}

/** Gives up those whose time is over; each process may do that. */
export async function giveUpExpired(db: Db, now: Date, problem: string): Promise<void> {
  await db.webhookDelivery.updateMany({
    where: { status: "PENDING", expiresAt: { lte: now } },
    data: givenUp(now, problem),
  });
}

/**
 * Gives up some of what waits for webhooks beyond the newest `keep` of each, in whatever order; a secret is not given up. Reads no more of a
 * webhook's deliveries than it keeps, in the index by status.
 *
 * @returns the webhook of each that was given up.
 */
export function giveUpBeyond(
  db: Db,
  { keep, take, now, problem }: { keep: number; take: number; now: Date; problem: string },
): Promise<{ webhookId: string }[]> {
  return db.$queryRaw`
    WITH "full" AS (
      SELECT "Webhook"."id" AS "webhookId", "edge".* FROM "Webhook" CROSS JOIN LATERAL (
        SELECT "createdAt", "id" FROM "WebhookDelivery" WHERE "webhookId" = "Webhook"."id" AND "status" = 'PENDING'
        ORDER BY "createdAt" DESC, "id" DESC OFFSET ${keep} LIMIT 1) AS "edge"
      WHERE "deletedAt" IS NULL),
    "beyond" AS MATERIALIZED (
      SELECT "each"."id" FROM "full" JOIN "WebhookDelivery" AS "each" ON "each"."webhookId" = "full"."webhookId"
      WHERE "status" = 'PENDING' AND NOT "hasSecret" AND ("each"."createdAt", "each"."id") <= ("full"."createdAt", "full"."id")
      LIMIT ${take} FOR UPDATE OF "each" SKIP LOCKED)
    UPDATE "WebhookDelivery" SET "status" = 'FAILED', "nextAttemptAt" = NULL, "finishedAt" = ${now}, "problem" = ${problem}
    WHERE "id" IN (SELECT "id" FROM "beyond")
    RETURNING "webhookId"`;
}

/** Forgets some that are finished for long. @returns how many. */
export function removeFinished(db: Db, before: Date, take: number): Promise<number> {
  return db.$executeRaw`
    DELETE FROM "WebhookDelivery" WHERE "id" IN (
      SELECT "id" FROM "WebhookDelivery" WHERE "finishedAt" < ${before} ORDER BY "finishedAt" LIMIT ${take})`;
}

/** Reads a delivery for a change, and holds it until the transaction ends. */
export async function lockDelivery(
  tx: Transaction,
  visibility: Visibility,
  id: string,
): Promise<WebhookDelivery | null> {
  if (kindOfId(id) !== "WebhookDelivery" || visibility.userId !== undefined) return null;
  const { tenantId = null } = visibility;
  await tx.$queryRaw`
    SELECT 1 FROM "WebhookDelivery"
    WHERE "id" = ${id} AND (${tenantId}::text IS NULL OR "tenantId" = ${tenantId}) FOR UPDATE`;
  return tx.webhookDelivery.findFirst({ where: { AND: [{ id }, visible(visibility)] } });
}

export function updateDelivery(
  tx: Transaction,
  id: string,
  data: Prisma.WebhookDeliveryUncheckedUpdateInput,
): Promise<WebhookDelivery> {
  return tx.webhookDelivery.update({ where: { id }, data });
}

/** Newest first. */
export function findDeliveries(
  db: Db,
  visibility: Visibility,
  filter: DeliveryFilter,
  after: Place | null,
  take: number,
): Promise<WebhookDelivery[]> {
  const page = afterPlace("createdAt", "desc", after) as Prisma.WebhookDeliveryWhereInput;
  return db.webhookDelivery.findMany({
    where: { AND: [visible(visibility), conditions(filter), page] },
    orderBy: orderBy("createdAt", "desc"),
    take,
  });
}

export function countDeliveries(db: Db, visibility: Visibility, filter: DeliveryFilter): Promise<number> {
  return db.webhookDelivery.count({ where: { AND: [visible(visibility), conditions(filter)] } });
}

function conditions({ webhookId, status }: DeliveryFilter): Prisma.WebhookDeliveryWhereInput {
  return { webhookId, ...(status === undefined ? {} : { status }) };
}

function visible({ tenantId, userId }: Visibility): Prisma.WebhookDeliveryWhereInput {
  return { ...(tenantId === undefined ? {} : { tenantId }), ...(userId === undefined ? {} : { id: "none" }) };
}
