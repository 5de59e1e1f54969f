import { type Permission, permissions, type Role, roles } from "@keyplane/schema";
import { z } from "zod";
import {
  idempotencyKeySchema,
  idSchema,
  optional,
  reasonSchema,
  scopesSchema,
  searchSchema,
  text,
} from "../../platform/validation.js";
import { type ManagementTokenStatus, managementTokenStatuses } from "./token-status.js";

export const createManagementTokenSchema = z.object({
  /** Absent: the caller's own reach. */
  tenantId: optional(z.string()),
  userId: optional(z.string()),
  customRoleId: optional(z.string()),
  name: text("name", 100),
  role: z.enum(Object.keys(roles) as Role[]),
  permissions: z
    .array(z.enum(Object.keys(permissions) as Permission[]))
    .nullish()
    .transform((list) => [...new Set(list ?? [])]),
  grantableScopes: optional(scopesSchema),
  expiresAt: optional(z.date()),
  idempotencyKey: optional(idempotencyKeySchema),
});

export type CreateManagementTokenInput = Omit<z.output<typeof createManagementTokenSchema>, "idempotencyKey">;

export const rotateManagementTokenSchema = z.object({
  id: z.string(),
  overlapMs: z
    .number()
    .int()
    .min(0, "Give 0 to stop the old secret at once, or the milliseconds that it goes on working.")
    .nullish()
    .transform((overlapMs) => overlapMs ?? 0),
  idempotencyKey: optional(idempotencyKeySchema),
});

/** What to look for among tokens. Absent means any. */
export const tokenFilterSchema = z.object({
  tenantId: idSchema.nullish(),
  userId: idSchema.nullish(),
  customRoleId: idSchema.nullish(),
  role: z.enum(Object.keys(roles) as Role[]).nullish(),
  status: z.enum(Object.keys(managementTokenStatuses) as ManagementTokenStatus[]).nullish(),
  /** Text within name or the visible start, in any case. */
  search: searchSchema.nullish(),
});

export type TokenFilter = z.output<typeof tokenFilterSchema>;

export const revokeManagementTokenSchema = z.object({ id: z.string(), reason: optional(reasonSchema) });
