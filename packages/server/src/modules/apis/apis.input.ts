import { z } from "zod";
import { descriptionText, idempotencyKeySchema, optional, reasonSchema, text } from "../../platform/validation.js";

/** Who sees an API in lists. */
export const apiVisibilities = {
  PUBLIC: { description: "Everybody of the tenant sees it, with the role GUEST, too." },
  PRIVATE: { description: "Only those see it who have the permission `apis:read`." },
} as const satisfies Record<string, { readonly description: string }>;

/** Which keys may call an API. */
export const apiAccesses = {
  OPEN: { description: "Every key of the tenant." },
  GRANTED: { description: "Keys that were granted access." },
} as const satisfies Record<string, { readonly description: string }>;

/** How many versions an API can have. */
export const maxVersions = 50;

const slugSchema = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/,
    "Use 1 to 40 lower-case letters, digits and hyphens, with a letter or digit at both ends, e.g. orders.",
  );

const versionSchema = z
  .object({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$/, "Use 1 to 20 letters, digits and . _ -, e.g. v2 or 2026-11."),
    deprecatedAt: z.date().nullish(),
    retiredAt: z.date().nullish(),
  })
  .transform(({ name, deprecatedAt, retiredAt }) => ({
    name,
    deprecatedAt: deprecatedAt?.getTime() ?? null,
    retiredAt: retiredAt?.getTime() ?? null,
  }))
  .refine(({ deprecatedAt, retiredAt }) => deprecatedAt === null || retiredAt === null || deprecatedAt <= retiredAt, {
    path: ["retiredAt"],
    message: "A version is retired when it was deprecated, or later. Move retiredAt behind deprecatedAt.",
  });

const versionsSchema = z
  .array(versionSchema)
  .max(maxVersions, `Give at most ${maxVersions} versions; leave out those that nobody asks for any more.`)
  .refine((versions) => new Set(versions.map(({ name }) => name)).size === versions.length, {
    message: "Name each version once.",
  });

const visibilitySchema = z.enum(["PUBLIC", "PRIVATE"]);
const accessSchema = z.enum(["OPEN", "GRANTED"]);

export const createApiSchema = z.object({
  tenantId: z.string(),
  slug: slugSchema,
  name: text("name", 100),
  description: descriptionText.nullish().transform((description) => description ?? ""),
  visibility: visibilitySchema.nullish().transform((visibility) => visibility ?? "PRIVATE"),
  access: accessSchema.nullish().transform((access) => access ?? "GRANTED"),
  versions: versionsSchema.nullish().transform((versions) => versions ?? []),
  idempotencyKey: optional(idempotencyKeySchema),
});

export const updateApiSchema = z.object({
  id: z.string(),
  slug: optional(slugSchema),
  name: optional(text("name", 100)),
  description: optional(descriptionText),
  visibility: optional(visibilitySchema),
  access: optional(accessSchema),
  versions: optional(versionsSchema),
});

export const deleteApiSchema = z.object({ id: z.string(), reason: optional(reasonSchema) });

/** requestApiAccess and grantApiAccess. */
export const accessSchemaOf = z.object({
  apiId: z.string(),
  keyId: z.string(),
  reason: optional(reasonSchema),
  idempotencyKey: optional(idempotencyKeySchema),
});

export const approveSchema = z.object({ id: z.string(), reason: optional(reasonSchema) });

/** refuseApiAccess and revokeApiAccess: whoever asked learns why. */
export const refuseSchema = z.object({ id: z.string(), reason: reasonSchema });
