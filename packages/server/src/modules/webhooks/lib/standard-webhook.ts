import { createHmac, randomBytes } from "node:crypto";

const secretPrefix = "whsec_";
/** Standard Webhooks asks for 24 to 64. */
const secretBytes = 32;

/** A message that is ready to be sent: its id is the same at every attempt. */
export interface WebhookMessage {
  readonly id: string;
  /** JSON: `{ type, timestamp, data }`. */
  readonly body: string;
}

/** A new secret to sign with: `whsec_` and base64, as receivers' libraries take it. */
export function createWebhookSecret(): string {
  return secretPrefix + randomBytes(secretBytes).toString("base64");
}

/**
 * The headers of a message as Standard Webhooks 1.0.0 wants them: a signature for each secret, so that a receiver accepts the message
 * whichever of them it has.
 *
 * @param now epoch milliseconds: of this attempt, because receivers refuse what is more than some minutes old.
 * @param secrets `whsec_…`, the present one first.
 */
export function signedHeaders(
  { id, body }: WebhookMessage,
  now: number,
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1_000));
  const signatures = secrets.map((secret) => `v1,${signatureOf(`${id}.${timestamp}.${body}`, secret)}`);
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}

function signatureOf(content: string, secret: string): string {
  const key = Buffer.from(secret.slice(secretPrefix.length), "base64");
  return createHmac("sha256", key).update(content).digest("base64");
}
