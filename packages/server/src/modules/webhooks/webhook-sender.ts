import type { Clock } from "../../platform/clock.js";
import type { Database, Transaction, Webhook, WebhookDelivery } from "../../platform/database/index.js";
import type { Logger } from "../../platform/logger.js";
import type { SecretBox } from "../../platform/secret-box.js";
import { type Audit, type AuditActor, systemActor } from "../audit/index.js";
import { everything } from "../auth/index.js";
import type { Events } from "../events/index.js";
import * as deliveries from "./deliveries.store.js";
import { pauseAfter } from "./lib/retry-schedule.js";
import { webhookLimits } from "./webhook-limits.js";
import { purposeOfDelivery } from "./webhook-outbox.js";
import type { createWebhookRequest, WebhookAnswer } from "./webhook-request.js";
import * as store from "./webhooks.store.js";

const intervalMs = 1_000;
const day = 24 * 60 * 60_000;
/** For how long a process that takes a delivery has it to itself: longer than a request may take. */
const leaseMs = 60_000;
const { placesReserved: reserved, ofTenant, ofWebhook } = webhookLimits;
/** How many of those that are too many go at a time. */
const givenUpAtOnce = 1_000;
/** For how long every attempt may fail before a webhook is disabled. */
const failingMs = 5 * day;
/** For how long deliveries that are finished are kept, and how many go at a time. */
const keptMs = 30 * day;
const removedAtOnce = 1_000;

const tooOld = "It was given up, because it could not be delivered in 5 days.";
const tooMany = `It was given up, because more than ${webhookLimits.waiting} messages to this webhook were waiting, and it was among the oldest. Let the receiver answer faster, or choose fewer eventTypes.`;

/** Keyplane itself, where a receiver has made it disable a webhook. */
const sender: AuditActor = { ...systemActor, id: "webhooks", requestId: "webhooks" };

/** A message that is under way. */
interface Sending {
  readonly delivery: WebhookDelivery;
  readonly since: number;
  readonly done: Promise<void>;
}

export type WebhookSender = ReturnType<typeof startWebhookSender>;

/**
 * Sends what waits in the outbox, at least once each: a process that ends between sending and keeping what became of it leaves the
 * delivery to be taken again when its lease is over, with the same webhook-id.
 *
 * @param deps.random from 0 to less than 1.
 */
export function startWebhookSender(deps: {
  audit: Audit;
  clock: Clock;
  database: Database;
  events: Events;
  logger: Logger;
  random: () => number;
  request: ReturnType<typeof createWebhookRequest>;
  secretBox: SecretBox;
}) {
  const { audit, clock, database, events, logger, random, request, secretBox } = deps;
  const { prisma } = database;
  const sending = new Map<string, Sending>();
  let taking: Promise<void> | null = null;
  let isAskedAgain = false;
  let stopped = false;

  async function takeMore(): Promise<void> {
    do {
      isAskedAgain = false;
      const now = clock.now();
      const underWay = [...sending.values()].map(({ delivery: { tenantId, webhookId }, since }) => {
        return { tenantId, webhookId, isSlow: now - since >= webhookLimits.quickMs };
      });
      const quick = underWay.filter(({ isSlow }) => !isSlow).length;
      const take = Math.min(webhookLimits.places - quick, webhookLimits.underWay - underWay.length);
      if (take <= 0 || !(await deliveries.isAnyDue(prisma, new Date(now)))) continue;
      const leaseUntil = new Date(now + leaseMs);
      const shares = { take, reserved, ofTenant, ofWebhook };
      const taken = await deliveries.takeDue(prisma, { ...shares, now: new Date(now), leaseUntil, underWay });
      for (const delivery of taken) begin(delivery);
    } while (isAskedAgain && !stopped);
  }

  function begin(delivery: WebhookDelivery): void {
    const { id } = delivery;
    const since = clock.now();
    const done = deliver(delivery)
      .catch((error: unknown) => {
        logger.warn({ err: error, deliveryId: id }, "what became of a delivery was not kept; it is sent again");
      })
      .finally(() => {
        sending.delete(id);
        kick();
      });
    sending.set(id, { delivery, since, done });
  }

  /** Looks for what is due, soon and beside whatever the caller does next. */
  function kick(): void {
    if (stopped) return;
    isAskedAgain = true;
    taking ??= takeMore()
      .catch((error: unknown) => logger.warn({ err: error }, "deliveries could not be taken; trying again"))
      .finally(() => {
        taking = null;
      });
  }

  /** The message as it is sent; null when its secret cannot be opened. */
  function bodyOf({ id, payload, hasSecret, sealedSecret }: WebhookDelivery): string | null {
    if (!hasSecret) return payload;
    const secret = sealedSecret && secretBox.open(sealedSecret, purposeOfDelivery(id));
    if (!secret) return null;
    const message = JSON.parse(payload) as { readonly data: object };
    return JSON.stringify({ ...message, data: { ...message.data, secret } });
  }

  async function deliver(delivery: WebhookDelivery): Promise<void> {
    const now = clock.now();
    const giveUp = (problem: string) =>
      deliveries.settleFailure(prisma, delivery, deliveries.givenUp(new Date(now), problem));
    const webhook = await store.findWebhook(prisma, everything, delivery.webhookId);
    if (!webhook) return giveUp("The webhook was deleted.");
    if (delivery.expiresAt.getTime() <= now) return giveUp(tooOld);
    // Disabled since it was taken: it waits, as the change has said.
    if (webhook.disabledAt) return deliveries.leave(prisma, delivery);
    const body = bodyOf(delivery);
    if (body === null) return giveUp("The secret was sealed with another KEYPLANE_ENCRYPTION_KEY.");
    const answer = await request(webhook, { id: delivery.id, body }, now);
    if (answer.problem === null) await keepSuccess(webhook, delivery, answer);
    else await keepFailure(webhook, delivery, answer, answer.problem);
  }

  async function keepSuccess(webhook: Webhook, delivery: WebhookDelivery, { status }: WebhookAnswer) {
    await deliveries.settleSuccess(prisma, delivery, new Date(clock.now()), status);
    // Also where another message has failed since the webhook was read.
    await store.endFailing(prisma, webhook);
  }

  async function keepFailure(webhook: Webhook, delivery: WebhookDelivery, answer: WebhookAnswer, problem: string) {
    const now = clock.now();
    const since = webhook.failingSince ?? new Date(now);
    const current = await store.findWebhook(prisma, everything, webhook.id);
    // What an address answers says nothing of the one that has taken its place meanwhile.
    const isGone = answer.isGone && current !== null && store.isUnchanged(webhook, current);
    const pauseMs = isGone ? null : pauseAfter(delivery.attempts, random());
    await deliveries.settleFailure(prisma, delivery, {
      responseStatus: answer.status,
      ...(pauseMs === null
        ? deliveries.givenUp(new Date(now), problem)
        : { nextAttemptAt: new Date(now + pauseMs), problem }),
    });
    const { id: deliveryId, attempts, webhookId } = delivery;
    logger.info({ deliveryId, webhookId, attempts, problem, willRetry: pauseMs !== null }, "a webhook took no message");
    if (isGone) await disable(webhook, () => true, "The receiver answered with status 410: it is gone.");
    else if (now - since.getTime() >= failingMs) {
      const stillFails = ({ failingSince }: Webhook) => failingSince?.getTime() === since.getTime();
      await disable(
        webhook,
        stillFails,
        `Every attempt has failed since ${since.toISOString()}, at last so: ${problem}`,
      );
    } else if (!webhook.failingSince) await store.beginFailing(prisma, webhook, since);
  }

  /** Disables a webhook, unless it was changed since it was read, or is not so any more. */
  async function disable(read: Webhook, isSo: (held: Webhook) => boolean, reason: string): Promise<void> {
    const isDisabled = await events.transaction(async (tx) => {
      const before = await store.lockWebhook(tx, everything, read.id);
      if (!before || before.disabledAt || !store.isUnchanged(read, before) || !isSo(before)) return false;
      await disableWebhook(tx, { audit, events, now: new Date(clock.now()) }, { actor: sender, before, reason });
      return true;
    });
    if (isDisabled) logger.warn({ webhookId: read.id, reason }, "a webhook was disabled");
  }

  /** Not counted with every event: a count that all changes of a tenant's keys wrote would make them wait for one another. */
  async function giveUpBeyond(now: Date): Promise<void> {
    const maxWaiting = webhookLimits.waiting;
    const options = { keep: maxWaiting, take: givenUpAtOnce, now, problem: tooMany };
    const counts = new Map<string, number>();
    for (let count = givenUpAtOnce; count === givenUpAtOnce && !stopped; ) {
      const webhooks = await deliveries.giveUpBeyond(prisma, options);
      for (const { webhookId } of webhooks) counts.set(webhookId, (counts.get(webhookId) ?? 0) + 1);
      count = webhooks.length;
    }
    for (const [webhookId, givenUp] of counts) {
      logger.warn({ webhookId, givenUp, maxWaiting }, "too many messages wait for a webhook; the oldest were given up");
    }
  }

  const timer = setInterval(kick, intervalMs).unref();

  return {
    kick,

    /** A chore: gives up what is too old or too much, also of webhooks that are disabled, and forgets what is finished for long. */
    async sweep(): Promise<void> {
      const now = clock.now();
      await deliveries.giveUpExpired(prisma, new Date(now), tooOld);
      await giveUpBeyond(new Date(now));
      const before = new Date(now - keptMs);
      while (!stopped && (await deliveries.removeFinished(prisma, before, removedAtOnce)) === removedAtOnce);
    },

    /** Ends after the messages that are being sent; the others stay in the outbox. */
    async stop(): Promise<void> {
      stopped = true;
      clearInterval(timer);
      await taking;
      await Promise.all([...sending.values()].map(({ done }) => done));
    },
  };
}

/** Disables a webhook that is held, and lets its deliveries wait. */
export async function disableWebhook(
  tx: Transaction,
  { audit, events, now }: { audit: Audit; events: Events; now: Date },
  { actor, before, reason }: { actor: AuditActor; before: Webhook; reason: string | null },
): Promise<Webhook> {
  const after = await store.updateWebhookRow(tx, before.id, {
    disabledAt: now,
    disabledReason: reason,
    updatedAt: now,
  });
  await deliveries.pause(tx, before.id);
  const { tenantId, id } = after;
  const target = { type: "Webhook", id } as const;
  await audit.record(tx, { actor, action: "webhook.disabled", tenantId, target, before, after, reason });
  await events.append(tx, { type: "WEBHOOK_CHANGED", tenantId, subjectId: id, reason });
  return after;
}
