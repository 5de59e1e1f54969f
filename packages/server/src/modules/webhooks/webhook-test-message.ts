import { createId, generateKey, type KeyEventType, webhookTypeOf } from "@keyplane/schema";
import type { Webhook } from "../../platform/database/index.js";
import { type Message, messageOf } from "./webhook-message.js";
import type { IssuedSecret } from "./webhook-outbox.js";

const day = 24 * 60 * 60_000;
const reason = "A test: nothing has happened.";

/**
 * A message by which a developer sees that a receiver works: `webhook.test`, or what an event would be told by. The latter has the form of a
 * true one, `data.isTest` says that it is none, and of its ids only the tenant's names something. A receiver of secrets gets for ROTATED what hands
 * over a secret, one that no key has.
 *
 * @param eventType null: `webhook.test`.
 */
export function testMessage(webhook: Webhook, eventType: KeyEventType | null, now: Date): Message {
  const { tenantId, receivesSecrets } = webhook;
  if (eventType === null) return messageOf("webhook.test", now, { tenantId, webhookId: webhook.id });
  const type = webhookTypeOf(eventType);
  const keyId = type.startsWith("key.") ? createId("Key") : null;
  const userId = type.startsWith("tenant.") ? null : createId("User");
  const about =
    eventType === "ROTATED" && receivesSecrets
      ? { keyId, userId, name: "Test", ...newSecret(now) }
      : { id: createId("Event"), keyId, userId, reason };
  return messageOf(type, now, { tenantId, ...about, isTest: true });
}

function newSecret(now: Date): IssuedSecret {
  const rotateBy = new Date(now.getTime() + 5 * day).toISOString();
  return {
    ...generateKey({ prefix: "kp", environment: "TEST" }),
    activatesOnFirstUse: true,
    overlapMs: day,
    rotateBy,
  };
}
