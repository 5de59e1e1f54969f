export { createWebhookDeliveries, type WebhookDeliveries } from "./deliveries.service.js";
export { webhookLimits } from "./webhook-limits.js";
export { createWebhookOutbox, requireSecretReceiver } from "./webhook-outbox.js";
export { createWebhookRequest } from "./webhook-request.js";
export { startWebhookSender } from "./webhook-sender.js";
export { createWebhooks, type Webhooks } from "./webhooks.service.js";
