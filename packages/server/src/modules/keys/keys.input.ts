import { type Environment, environments } from "@keyplane/schema";
import { z } from "zod";
import {
  addressesSchema,
  flag,
  idempotencyKeySchema,
  optional,
  reasonSchema,
  scopesSchema,
  text,
} from "../../platform/validation.js";
import { rotationOverdueSchema, rotationOverlapSchema, rotationSchema } from "../tenants/index.js";
import { metadataProblem } from "./lib/metadata.js";

const metadataSchema = z.custom<Record<string, unknown>>().superRefine((metadata, context) => {
  const message = metadataProblem(metadata);
  if (message) context.addIssue({ code: "custom", message });
});

const nameSchema = text("name", 100);

export const createKeySchema = z.object({
  tenantId: z.string(),
  ownerId: z.string(),
  teamId: optional(z.string()),
  name: nameSchema,
  environment: z
    .enum(Object.keys(environments) as Environment[])
    .nullish()
    .transform((environment) => environment ?? "LIVE"),
  scopes: scopesSchema.nullish().transform((scopes) => scopes ?? []),
  metadata: metadataSchema.nullish().transform((metadata) => metadata ?? {}),
  allowedIps: addressesSchema.nullish().transform((ips) => ips ?? []),
  deniedIps: addressesSchema.nullish().transform((ips) => ips ?? []),
  expiresAt: optional(z.date()),
  rotateEveryMs: optional(rotationSchema),
  rotationOverdue: optional(rotationOverdueSchema),
  rotationOverlapMs: optional(rotationOverlapSchema),
  rotationWebhookId: optional(z.string()),
  idempotencyKey: optional(idempotencyKeySchema),
});

export const updateKeySchema = z.object({
  id: z.string(),
  /** null: none. */
  teamId: z.string().nullable().optional(),
  name: optional(nameSchema),
  scopes: optional(scopesSchema),
  metadata: optional(metadataSchema),
  allowedIps: optional(addressesSchema),
  deniedIps: optional(addressesSchema),
  /** null: never expires. */
  expiresAt: z.date().nullable().optional(),
  /** null: as the tenant's policy says. */
  rotateEveryMs: rotationSchema.nullable().optional(),
  /** null: as the tenant's policy says. */
  rotationOverdue: rotationOverdueSchema.nullable().optional(),
  /** null: as the tenant's policy says. */
  rotationOverlapMs: rotationOverlapSchema.nullable().optional(),
  /** null: as the tenant's policy says. */
  rotationWebhookId: z.string().nullable().optional(),
});

export const rotateKeySchema = z.object({
  id: z.string(),
  overlapMs: z
    .number()
    .int()
    .min(0, "Give 0 to stop the old secret at once, or the milliseconds that it goes on working.")
    .nullable()
    .default(0),
  activateOnFirstUse: flag(false),
  idempotencyKey: optional(idempotencyKeySchema),
});

export const reissueKeySchema = z.object({
  id: z.string(),
  ownerId: z.string(),
  idempotencyKey: optional(idempotencyKeySchema),
});

export const revokeKeySchema = z.object({ id: z.string(), reason: reasonSchema });

/** disableKey, enableKey, deleteKey and restoreKey. */
export const keyStatusSchema = z.object({ id: z.string(), reason: optional(reasonSchema) });
