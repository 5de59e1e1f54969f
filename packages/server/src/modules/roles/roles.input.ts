import { type Permission, permissions, type Role, roles } from "@keyplane/schema";
import { z } from "zod";
import { descriptionText, idempotencyKeySchema, optional, scopesSchema, text } from "../../platform/validation.js";
import { tenantPermissions } from "../auth/index.js";

const permissionsSchema = z
  .array(
    z.enum(Object.keys(permissions) as Permission[]).refine((permission) => tenantPermissions.includes(permission), {
      error: ({ input }) =>
        `${String(input)} is only for callers of the whole installation, so no role of a tenant can have it. Leave it out.`,
    }),
  )
  .transform((list) => tenantPermissions.filter((permission) => list.includes(permission)));

const baseSchema = z.enum(Object.keys(roles) as Role[]);

export const createRoleSchema = z.object({
  tenantId: z.string(),
  name: text("name", 100),
  description: descriptionText.nullish().transform((description) => description ?? ""),
  base: baseSchema.nullish().transform((base) => base ?? "DEVELOPER"),
  permissions: permissionsSchema,
  keyScopes: scopesSchema.nullish().transform((keyScopes) => keyScopes ?? null),
  idempotencyKey: optional(idempotencyKeySchema),
});

export const updateRoleSchema = z.object({
  id: z.string(),
  name: optional(text("name", 100)),
  description: optional(descriptionText),
  base: optional(baseSchema),
  permissions: optional(permissionsSchema),
  /** null: any. */
  keyScopes: scopesSchema.nullable().optional(),
});

export const deleteRoleSchema = z.object({ id: z.string() });
