import { type Permission, permissions, type Role, roles } from "@keyplane/schema";
import { z } from "zod";
import {
  flag,
  idempotencyKeySchema,
  optional,
  reasonSchema,
  scopesSchema,
  text,
} from "../../../platform/validation.js";
import { redirectUriProblem, resourceProblem } from "./lib/client-uris.js";

/** How a client may get tokens (RFC 6749). Implicit and password are not among them, on purpose: RFC 9700 forbids both. */
export const grantTypes = {
  CLIENT_CREDENTIALS: { description: "For itself, with its secret." },
  AUTHORIZATION_CODE: { description: "For a user, who signs in and agrees. PKCE with S256 is required." },
  REFRESH_TOKEN: { description: "New tokens for the same user without asking again. Each refresh token works once." },
} as const;

export type GrantType = keyof typeof grantTypes;

/** How long an old secret may go on working after a rotation, in milliseconds: 30 days. */
const maxOverlapMs = 30 * 24 * 60 * 60_000;

const uris = (what: string, problemOf: (uri: string) => string | null) =>
  z
    .array(
      z.string().superRefine((uri, context) => {
        const message = problemOf(uri);
        if (message !== null) context.addIssue({ code: "custom", message });
      }),
    )
    .max(20, `Give at most 20 ${what}.`)
    .transform((list) => [...new Set(list)]);

const fields = {
  name: text("name", 100),
  role: z.enum(Object.keys(roles) as Role[]),
  permissions: z.array(z.enum(Object.keys(permissions) as Permission[])).transform((list) => [...new Set(list)]),
  grantableScopes: scopesSchema,
  grantTypes: z
    .array(z.enum(Object.keys(grantTypes) as GrantType[]))
    .min(1, "Name at least one way to get tokens, e.g. CLIENT_CREDENTIALS.")
    .transform((list) => [...new Set(list)]),
  redirectUris: uris("redirect URIs", redirectUriProblem),
  resources: uris("resources", resourceProblem),
  resourceScopes: scopesSchema,
};

export const createClientSchema = z.object({
  /** Absent: the caller's own reach. */
  tenantId: optional(z.string()),
  name: fields.name,
  role: fields.role,
  permissions: fields.permissions.nullish().transform((list) => list ?? []),
  grantableScopes: optional(fields.grantableScopes),
  grantTypes: fields.grantTypes,
  redirectUris: fields.redirectUris.nullish().transform((list) => list ?? []),
  resources: fields.resources.nullish().transform((list) => list ?? []),
  resourceScopes: fields.resourceScopes.nullish().transform((list) => list ?? []),
  isPublic: flag(false),
  idempotencyKey: optional(idempotencyKeySchema),
});

export const updateClientSchema = z.object({
  id: z.string(),
  name: optional(fields.name),
  role: optional(fields.role),
  permissions: optional(fields.permissions),
  /** null: any that the tenant's policy allows. */
  grantableScopes: fields.grantableScopes.nullable().optional(),
  grantTypes: optional(fields.grantTypes),
  redirectUris: optional(fields.redirectUris),
  resources: optional(fields.resources),
  resourceScopes: optional(fields.resourceScopes),
});

export const rotateClientSecretSchema = z.object({
  id: z.string(),
  overlapMs: z
    .number()
    .int()
    .min(0, "Give 0 to stop the old secret at once, or the milliseconds that it goes on working.")
    .max(maxOverlapMs, `Give at most ${maxOverlapMs}, which is 30 days.`)
    .nullish()
    .transform((overlapMs) => overlapMs ?? 0),
  idempotencyKey: optional(idempotencyKeySchema),
});

export const clientStatusSchema = z.object({ id: z.string(), reason: optional(reasonSchema) });
