import { isIP } from "node:net";
import {
  type KeyEventType,
  keyEventTypes,
  type WebhookDeliveryStatus,
  webhookDeliveryStatuses,
} from "@keyplane/schema";
import { z } from "zod";
import { isPublicAddress } from "../../platform/public-address.js";
import { parseUrl, SafeFetchError } from "../../platform/safe-fetch.js";
import { flag, idempotencyKeySchema, idSchema, optional, reasonSchema, text } from "../../platform/validation.js";

const maxUrlLength = 2_000;
const week = 7 * 24 * 60 * 60_000;

/** What is wrong with the address of a webhook; null when nothing is. */
function urlProblem(text: string, allowPrivate: boolean): string | null {
  try {
    const { hash, hostname } = parseUrl(text, allowPrivate);
    if (hash !== "") return "Give the address without # and what follows, which is never sent.";
    const literal = hostname.replace(/^\[(.*)\]$/, "$1");
    return !allowPrivate && isIP(literal) > 0 && !isPublicAddress(literal)
      ? "Give a public address: the server does not send into private networks, unless its operator has set KEYPLANE_ALLOW_PRIVATE_WEBHOOKS=true."
      : null;
  } catch (error) {
    if (error instanceof SafeFetchError) return error.message;
    throw error;
  }
}

const eventTypeSchema = z.enum(Object.keys(keyEventTypes) as KeyEventType[]);

const fieldsOf = (allowPrivate: boolean) => ({
  name: text("name", 100),
  url: z
    .string()
    .max(maxUrlLength, `Shorten the address to at most ${maxUrlLength} characters.`)
    .superRefine((url, context) => {
      const message = urlProblem(url, allowPrivate);
      if (message !== null) context.addIssue({ code: "custom", message });
    }),
  eventTypes: z
    .array(eventTypeSchema)
    .max(100, "Give at most 100 types; an empty list means all.")
    .transform((types) => [...new Set(types)]),
});

/** @param allowPrivate whether receivers without https and within private networks are allowed: for development. */
export function webhookSchemas(allowPrivate: boolean) {
  const { name, url, eventTypes } = fieldsOf(allowPrivate);
  return {
    create: z.object({
      tenantId: z.string(),
      name,
      url,
      eventTypes: eventTypes.nullish().transform((types) => types ?? []),
      receivesSecrets: flag(false),
      idempotencyKey: optional(idempotencyKeySchema),
    }),
    update: z.object({ id: z.string(), name: optional(name), url: optional(url), eventTypes: optional(eventTypes) }),
  };
}

export const rotateSecretSchema = z.object({
  id: z.string(),
  overlapMs: z
    .number()
    .int()
    .min(0, "Give 0 to sign with the new secret only, or the milliseconds to sign with both.")
    .max(week, "Give at most a week: 604800000.")
    .nullish()
    .transform((overlapMs) => overlapMs ?? 0),
  idempotencyKey: optional(idempotencyKeySchema),
});

/** disableWebhook, enableWebhook and deleteWebhook. */
export const webhookStatusSchema = z.object({ id: z.string(), reason: optional(reasonSchema) });

export const testWebhookSchema = z.object({ id: z.string(), eventType: optional(eventTypeSchema) });

export const redeliverSchema = z.object({ deliveryId: z.string() });

export const deliveryFilterSchema = z.object({
  webhookId: idSchema,
  status: optional(z.enum(Object.keys(webhookDeliveryStatuses) as WebhookDeliveryStatus[])),
});
