/**
 * The words of webhooks.
 *
 * Add it here: a status of deliveries. Types of messages follow the types of events.
 */
import type { KeyEventType } from "./event-types.js";

/** How far the delivery of a message is. */
export const webhookDeliveryStatuses = {
  PENDING: { description: "It was not taken yet: it is sent, or sent again, when its next attempt is due." },
  DELIVERED: { description: "The receiver has answered with a status of 2xx. redeliverWebhook sends it once more." },
  FAILED: { description: "It was given up. redeliverWebhook sends it again." },
} as const satisfies Record<string, { readonly description: string }>;

/** How far the delivery of a message is. */
export type WebhookDeliveryStatus = keyof typeof webhookDeliveryStatuses;

/**
 * What a message to a webhook says as its `type`: `key.revoked`, `owner.disabled`, `tenant.suspended`. Full-stop delimited, as Standard
 * Webhooks advises.
 */
export function webhookTypeOf(type: KeyEventType): string {
  const [, of = "KEY", what = type] = /^(OWNER|TENANT)_(.+)$/.exec(type) ?? [];
  return `${of.toLowerCase()}.${what.toLowerCase()}`;
}
