import { type Environment, environments, isCidrOrAddress } from "@keyplane/schema";
import { z } from "zod";
import { idempotencyKeySchema, optional, reasonSchema, scopesSchema, text } from "../../platform/validation.js";

const maxMetadataBytes = 16_384;
const maxMetadataDepth = 8;

const metadataSchema = z
  .custom<Record<string, unknown>>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    'Give a JSON object, e.g. {"plan":"pro"}.',
  )
  .refine(
    (value) => Buffer.byteLength(JSON.stringify(value)) <= maxMetadataBytes,
    `Shorten metadata to at most ${maxMetadataBytes} bytes of JSON.`,
  )
  .refine((value) => depthOf(value) <= maxMetadataDepth, `Nest metadata at most ${maxMetadataDepth} levels deep.`)
  // PostgreSQL cannot keep U+0000 in JSON.
  .refine((value) => !JSON.stringify(value).includes("\\u0000"), "Remove the character U+0000 from metadata.");

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

const addressesSchema = z
  .array(
    z
      .string()
      .refine(isCidrOrAddress, "Give an address or a range in CIDR notation, e.g. 203.0.113.0/24 or 2001:db8::/32."),
  )
  .max(100, "Give at most 100 addresses or ranges; a larger CIDR range covers many.");

const nameSchema = text("name", 100);

export const createKeySchema = z.object({
  tenantId: z.string(),
  ownerId: z.string(),
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
  idempotencyKey: optional(idempotencyKeySchema),
});

export const updateKeySchema = z.object({
  id: z.string(),
  name: optional(nameSchema),
  scopes: optional(scopesSchema),
  metadata: optional(metadataSchema),
  allowedIps: optional(addressesSchema),
  deniedIps: optional(addressesSchema),
  /** null: never expires. */
  expiresAt: z.date().nullable().optional(),
});

export const rotateKeySchema = z.object({
  id: z.string(),
  overlapMs: z
    .number()
    .int()
    .min(0, "Give 0 to stop the old secret at once, or the milliseconds that it goes on working.")
    .nullish()
    .transform((overlapMs) => overlapMs ?? 0),
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
