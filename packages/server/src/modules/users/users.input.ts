import { type Role, roles, type UserStatus, userStatuses } from "@keyplane/schema";
import { z } from "zod";
import {
  addressesSchema,
  foreignText,
  idempotencyKeySchema,
  idSchema,
  optional,
  reasonSchema,
  searchSchema,
  text,
} from "../../platform/validation.js";

// RFC 5321 allows 254 characters. Compared in lower case, because no provider tells people apart by case.
const emailSchema = z
  .string()
  .trim()
  .max(254, "Shorten the e-mail address to at most 254 characters.")
  .pipe(z.email("Give an e-mail address such as ada@example.com."))
  .transform((email) => email.toLowerCase());

const roleSchema = z.enum(Object.keys(roles) as Role[]);
const externalIdSchema = foreignText("external id", 200);

export const createUserSchema = z.object({
  tenantId: z.string(),
  email: emailSchema,
  name: text("name", 100),
  role: roleSchema.nullish().transform((role) => role ?? "DEVELOPER"),
  customRoleId: optional(z.string()),
  externalId: optional(externalIdSchema),
  allowedIps: addressesSchema.nullish().transform((ips) => ips ?? []),
  deniedIps: addressesSchema.nullish().transform((ips) => ips ?? []),
  idempotencyKey: optional(idempotencyKeySchema),
});

export const updateUserSchema = z.object({
  id: z.string(),
  email: optional(emailSchema),
  name: optional(text("name", 100)),
  role: optional(roleSchema),
  /** null takes it away: the user's role counts again. */
  customRoleId: z.string().nullable().optional(),
  /** null removes it. */
  externalId: externalIdSchema.nullable().optional(),
  allowedIps: optional(addressesSchema),
  deniedIps: optional(addressesSchema),
});

export const userStatusSchema = z.object({ id: z.string(), reason: optional(reasonSchema) });

/** What to look for among users. Absent means any; deleted users only when `status` asks for them. */
export const userFilterSchema = z.object({
  tenantId: idSchema.nullish(),
  status: z.enum(Object.keys(userStatuses) as UserStatus[]).nullish(),
  role: z.enum(Object.keys(roles) as Role[]).nullish(),
  /** Those who have this custom role. */
  customRoleId: idSchema.nullish(),
  /** The members of this team. */
  teamId: idSchema.nullish(),
  externalId: foreignText("external id", 200).nullish(),
  /** Text within name, e-mail address or external id, in any case. */
  search: searchSchema.nullish(),
});

export type UserFilter = z.output<typeof userFilterSchema>;
