import type { Webhook } from "../../platform/database/index.js";
import { type SafeFetch, SafeFetchError } from "../../platform/safe-fetch.js";
import type { SecretBox } from "../../platform/secret-box.js";
import { signedHeaders, type WebhookMessage } from "./lib/standard-webhook.js";
import { webhookLimits } from "./webhook-limits.js";

const goneStatus = 410;

/** What a receiver has answered. */
export interface WebhookAnswer {
  /** null: there was no answer. */
  readonly status: number | null;
  /** Why the message was not taken; null: it was. */
  readonly problem: string | null;
  /** It never wants a message again. */
  readonly isGone: boolean;
}

/** What a webhook's secret is sealed for. */
export const purposeOfWebhook = (id: string): string => `webhook:${id}`;

/**
 * Makes the function that sends a message to a webhook once, signed with its secret, and during an overlap with the one before as well.
 * Of the answer, nothing but the status is read.
 */
export function createWebhookRequest(deps: {
  readonly fetch: SafeFetch;
  readonly secretBox: SecretBox;
}): (webhook: Webhook, message: WebhookMessage, now: number) => Promise<WebhookAnswer> {
  const { fetch, secretBox } = deps;

  function secretsOf(webhook: Webhook, now: number): string[] {
    const { sealedSecret, previousSealedSecret, previousSecretExpiresAt } = webhook;
    const isOverlap = previousSecretExpiresAt !== null && previousSecretExpiresAt.getTime() > now;
    return [sealedSecret, ...(isOverlap && previousSealedSecret ? [previousSealedSecret] : [])].flatMap(
      (sealed) => secretBox.open(sealed, purposeOfWebhook(webhook.id)) ?? [],
    );
  }

  return async (webhook, message, now) => {
    const secrets = secretsOf(webhook, now);
    if (secrets.length === 0) {
      const problem =
        "The webhook's secret was sealed with another KEYPLANE_ENCRYPTION_KEY. Give it a new one with rotateWebhookSecret.";
      return { status: null, problem, isGone: false };
    }
    try {
      const { status } = await fetch(webhook.url, {
        method: "POST",
        headers: signedHeaders(message, now, secrets),
        body: message.body,
        statusOnly: true,
        maxBytes: 0,
        timeLimitMs: webhookLimits.answerMs,
      });
      const problem = status >= 200 && status < 300 ? null : `The receiver answered with status ${status}.`;
      return { status, problem, isGone: status === goneStatus };
    } catch (error) {
      if (!(error instanceof SafeFetchError)) throw error;
      return { status: null, problem: error.message, isGone: false };
    }
  };
}
