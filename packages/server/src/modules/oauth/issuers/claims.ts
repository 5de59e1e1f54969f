import type { Role } from "@keyplane/schema";
import type { JWTPayload } from "jose";
import type { IssuerState } from "./issuer-states.js";

/** The role that a token's claims stand for: that of the first mapping that fits, else the default; null: none. */
export function roleOf({ roleClaim, roleMapping, defaultRole }: IssuerState, claims: JWTPayload): Role | null {
  const values = roleClaim.length === 0 ? [] : valuesAt(claims, roleClaim);
  return roleMapping.find(({ value }) => values.includes(value))?.role ?? defaultRole;
}

/** The texts at the end of a way through a token's claims: one, or those of a list. */
function valuesAt(claims: JWTPayload, path: readonly string[]): readonly string[] {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return [];
    value = (value as Record<string, unknown>)[name];
  }
  return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === "string");
}

/** The token's e-mail address, in lower case, if its issuer has verified it; else null. */
export function verifiedEmailOf(claims: JWTPayload): string | null {
  const { email, email_verified: isVerified } = claims;
  return typeof email === "string" && isVerified === true ? email.trim().toLowerCase() : null;
}
