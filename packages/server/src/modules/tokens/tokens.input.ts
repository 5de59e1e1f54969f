import { type Permission, permissions, type Role, roles } from "@keyplane/schema";
import { z } from "zod";
import { idempotencyKeySchema, optional, reasonSchema, scopesSchema, text } from "../../platform/validation.js";

export const createManagementTokenSchema = z.object({
  /** Absent: the caller's own reach. */
  tenantId: optional(z.string()),
  userId: optional(z.string()),
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

export const revokeManagementTokenSchema = z.object({ id: z.string(), reason: optional(reasonSchema) });
