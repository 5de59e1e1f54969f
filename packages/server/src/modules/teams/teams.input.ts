import { z } from "zod";
import { descriptionText, idempotencyKeySchema, optional, scopesSchema, text } from "../../platform/validation.js";

export const createTeamSchema = z.object({
  tenantId: z.string(),
  name: text("name", 100),
  description: descriptionText.nullish().transform((description) => description ?? ""),
  keyScopes: scopesSchema.nullish().transform((keyScopes) => keyScopes ?? null),
  idempotencyKey: optional(idempotencyKeySchema),
});

export const updateTeamSchema = z.object({
  id: z.string(),
  name: optional(text("name", 100)),
  description: optional(descriptionText),
  /** null: any. */
  keyScopes: scopesSchema.nullable().optional(),
});

export const deleteTeamSchema = z.object({ id: z.string() });

/** addTeamMember and removeTeamMember. */
export const teamMemberSchema = z.object({ teamId: z.string(), userId: z.string() });
