import {
  isValidPrefix,
  type RotationOverdue,
  rotationOverdues,
  type TenantStatus,
  tenantStatuses,
} from "@keyplane/schema";
import { z } from "zod";
import {
  addressesSchema,
  idempotencyKeySchema,
  optional,
  reasonSchema,
  scopesSchema,
  searchSchema,
  text,
} from "../../platform/validation.js";

const slugSchema = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    "Use 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends, e.g. acme.",
  );

const minute = 60_000;
const century = 100 * 365 * 24 * 60 * minute;

const lifetimeSchema = z
  .number()
  .int("Give whole milliseconds.")
  .min(minute, "Give at least one minute: 60000.")
  .max(century, "Give at most a hundred years; leave it out for keys that never expire.");

/** As long as rotateKey can take. */
const longestOverlap = 2_147_483_647;

/** How long a secret may be in use: for the tenant, and for a key. */
export const rotationSchema: z.ZodType<number, number> = z
  .number()
  .int("Give whole milliseconds.")
  .min(60 * minute, "Give at least an hour: 3600000.")
  .max(century, "Give at most a hundred years; leave it out for secrets that may be in use for ever.");

/** What happens to keys that were not rotated in time: for the tenant, and for a key. */
export const rotationOverdueSchema = z.enum(Object.keys(rotationOverdues) as RotationOverdue[]);

/** How long an old secret works on after a rotation that leaves it to the policy: the tenant's, and a key's. */
export const rotationOverlapSchema: z.ZodType<number, number> = z
  .number()
  .int("Give whole milliseconds.")
  .min(0, "Give 0 to stop old secrets at once.")
  .max(longestOverlap, "Give at most 2147483647, a little more than 24 days.");

/** Absent: leave as it is. null: no limit. */
const keyPolicySchema = z
  .object({
    prefix: optional(
      z
        .string()
        .refine(
          isValidPrefix,
          "Use 2 to 12 lower-case letters and digits; keyplane, kprefresh, kplink and kpclient are reserved.",
        ),
    ),
    defaultLifetimeMs: lifetimeSchema.nullable().optional(),
    maxLifetimeMs: lifetimeSchema.nullable().optional(),
    maxKeysPerUser: z
      .number()
      .int()
      .min(1, "Give at least 1; disable users instead of allowing them no key.")
      .max(1_000_000, "Give at most 1000000, or null for no limit.")
      .nullable()
      .optional(),
    allowedScopes: scopesSchema.nullable().optional(),
    rotateEveryMs: rotationSchema.nullable().optional(),
    rotationOverdue: optional(rotationOverdueSchema),
    rotationOverlapMs: rotationOverlapSchema.nullable().optional(),
    rotationWebhookId: z.string().nullable().optional(),
  })
  .refine(
    (policy) =>
      policy.defaultLifetimeMs == null ||
      policy.maxLifetimeMs == null ||
      policy.defaultLifetimeMs <= policy.maxLifetimeMs,
    { path: ["defaultLifetimeMs"], message: "The default lifetime cannot be longer than maxLifetimeMs." },
  );

export type KeyPolicyInput = Partial<z.output<typeof keyPolicySchema>>;

export const createTenantSchema = z.object({
  slug: slugSchema,
  name: text("name", 100),
  policy: optional(keyPolicySchema),
  allowedIps: addressesSchema.nullish().transform((ips) => ips ?? []),
  deniedIps: addressesSchema.nullish().transform((ips) => ips ?? []),
  idempotencyKey: optional(idempotencyKeySchema),
});

export const updateTenantSchema = z.object({
  id: z.string(),
  slug: optional(slugSchema),
  name: optional(text("name", 100)),
  policy: optional(keyPolicySchema),
  allowedIps: optional(addressesSchema),
  deniedIps: optional(addressesSchema),
});

export const tenantStatusSchema = z.object({ id: z.string(), reason: optional(reasonSchema) });

/** What to look for among tenants. Absent means any. */
export const tenantFilterSchema = z.object({
  status: z.enum(Object.keys(tenantStatuses) as TenantStatus[]).nullish(),
  /** Text within the name or the slug, in any case. */
  search: searchSchema.nullish(),
});

export type TenantFilter = z.output<typeof tenantFilterSchema>;
