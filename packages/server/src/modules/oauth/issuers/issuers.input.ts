import { type Role, roles } from "@keyplane/schema";
import { z } from "zod";
import { parseUrl, SafeFetchError } from "../../../platform/safe-fetch.js";
import { flag, foreignText, idempotencyKeySchema, optional, reasonSchema, text } from "../../../platform/validation.js";

/** How a user is found by a token of an external issuer. */
export const issuerMatches = {
  EXTERNAL_ID: { description: "The user whose `externalId` is the token's `sub`." },
  EMAIL: {
    description: "The user whose e-mail address is the token's `email`; only where its `email_verified` is true.",
  },
} as const;

export type IssuerMatch = keyof typeof issuerMatches;

/** A value of the claim that tells the role, and the role that it stands for. */
export interface RoleMapping {
  readonly value: string;
  readonly role: Role;
}

const roleSchema = z.enum(Object.keys(roles) as Role[]);

const mappingSchema = z
  .array(z.object({ value: foreignText("claim's value", 200), role: roleSchema }))
  .max(50, "Give at most 50 values of the claim.");

const claimSchema = z.array(foreignText("claim's name", 200)).max(5, "The way to a claim has at most 5 names.");

/** What is wrong with the address of an issuer; null when nothing is. It must be what the tokens' `iss` says, letter by letter. */
function issuerProblem(issuer: string, allowPrivate: boolean): string | null {
  try {
    const url = parseUrl(issuer, allowPrivate);
    if (issuer.includes("?") || issuer.includes("#"))
      return "Give the address without ? and #, as the issuer writes it.";
    // Only what URL writes as it was given: `iss` is compared as text, and what would be asked must be the same address.
    return url.href === issuer || url.href === `${issuer}/`
      ? null
      : `Write the address as ${url.href.replace(/\/$/, "")}.`;
  } catch (error) {
    if (error instanceof SafeFetchError) return error.message;
    throw error;
  }
}

const fields = {
  name: text("name", 100),
  audience: foreignText("audience", 500),
  roleClaim: claimSchema,
  roleMapping: mappingSchema,
  defaultRole: roleSchema,
  matchBy: z.enum(Object.keys(issuerMatches) as IssuerMatch[]),
};

/** @param allowPrivate whether issuers without https and within private networks may be trusted: for development. */
export function createIssuerSchema(allowPrivate: boolean) {
  return z.object({
    tenantId: z.string(),
    name: fields.name,
    issuer: z
      .string()
      .max(500, "Shorten the issuer's address to at most 500 characters.")
      .superRefine((issuer, context) => {
        const message = issuerProblem(issuer, allowPrivate);
        if (message !== null) context.addIssue({ code: "custom", message });
      }),
    audience: fields.audience,
    roleClaim: fields.roleClaim.nullish().transform((path) => path ?? []),
    roleMapping: fields.roleMapping.nullish().transform((mapping) => mapping ?? []),
    defaultRole: optional(fields.defaultRole),
    matchBy: fields.matchBy.nullish().transform((match) => match ?? "EXTERNAL_ID"),
    createUsers: flag(false),
    idempotencyKey: optional(idempotencyKeySchema),
  });
}

export const updateIssuerSchema = z.object({
  id: z.string(),
  name: optional(fields.name),
  audience: optional(fields.audience),
  roleClaim: optional(fields.roleClaim),
  roleMapping: optional(fields.roleMapping),
  /** null: a token that no mapping fits is refused. */
  defaultRole: fields.defaultRole.nullable().optional(),
  matchBy: optional(fields.matchBy),
  createUsers: optional(z.boolean()),
});

export const deleteIssuerSchema = z.object({ id: z.string(), reason: optional(reasonSchema) });

export const testIssuerSchema = z.object({ id: z.string() });
