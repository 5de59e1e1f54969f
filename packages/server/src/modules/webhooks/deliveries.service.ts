import type { Clock } from "../../platform/clock.js";
import type { Database, WebhookDelivery } from "../../platform/database/index.js";
import { ConflictError, NotFoundError } from "../../platform/errors.js";
import { type Page, type PageArguments, pageByCreation } from "../../platform/pages.js";
import { parseArguments, parseInput } from "../../platform/validation.js";
import { type Audit, actorOf } from "../audit/index.js";
import { authorize, type Principal, visibleTo } from "../auth/index.js";
import type { Events } from "../events/index.js";
import * as deliveries from "./deliveries.store.js";
import { webhookLimits } from "./webhook-limits.js";
import { deliveryFilterSchema, redeliverSchema } from "./webhooks.input.js";
import { findWebhook } from "./webhooks.store.js";

const deliveryOrder = "webhookDeliveries.CREATED_AT_DESC";

export type WebhookDeliveries = ReturnType<typeof createWebhookDeliveries>;

/** What was told to webhooks, and what became of it. */
export function createWebhookDeliveries(deps: { audit: Audit; clock: Clock; database: Database; events: Events }) {
  const { audit, clock, database, events } = deps;
  return {
    /**
     * Sends a delivery again that was given up, or that the receiver has taken and lost since, with the same webhook-id.
     *
     * @throws ConflictError for one that is being tried, of a webhook that is disabled, and for one that handed over a secret, which is kept no more.
     */
    async redeliver(principal: Principal, rawInput: unknown): Promise<WebhookDelivery> {
      authorize(principal, "webhooks:update");
      const { deliveryId } = parseInput(redeliverSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await deliveries.lockDelivery(tx, visibleTo(principal), deliveryId);
        const webhook = before && (await findWebhook(tx, visibleTo(principal), before.webhookId));
        if (!before || !webhook) throw new NotFoundError("webhook delivery");
        if (webhook.disabledAt) {
          throw new ConflictError(
            "This webhook is disabled, so nothing is sent to it. Enable the webhook first with enableWebhook.",
          );
        }
        // Sent beside an attempt that is under way, it would come twice at once, and its attempts would be counted anew.
        if (before.status === "PENDING") {
          throw new ConflictError("This delivery is being tried already. Wait until it was taken or given up.");
        }
        if (before.hasSecret) {
          throw new ConflictError(
            "This delivery handed over a secret, which is kept no more. Give the key a new one with rotateKey.",
          );
        }
        const now = new Date(clock.now());
        const after = await deliveries.updateDelivery(tx, before.id, {
          status: "PENDING",
          attempts: 0,
          nextAttemptAt: now,
          expiresAt: new Date(now.getTime() + webhookLimits.lifetimeMs),
          finishedAt: null,
        });
        const { tenantId } = webhook;
        const target = { type: "WebhookDelivery", id: after.id } as const;
        const action = "webhook_delivery.redelivered";
        await audit.record(tx, { actor: actorOf(principal), action, tenantId, target, before, after });
        await events.append(tx, { type: "WEBHOOK_CHANGED", tenantId, subjectId: webhook.id });
        return after;
      });
    },

    /** What was told to a webhook, the newest first. Secrets are in none. */
    async list(principal: Principal, rawFilter: unknown, page: PageArguments): Promise<Page<WebhookDelivery>> {
      authorize(principal, "webhooks:read");
      const filter = parseArguments(deliveryFilterSchema, rawFilter);
      const visibility = visibleTo(principal);
      return pageByCreation(page, {
        order: deliveryOrder,
        read: (after, take) => deliveries.findDeliveries(database.prisma, visibility, filter, after, take),
        totalCount: () => deliveries.countDeliveries(database.prisma, visibility, filter),
      });
    },
  };
}
