import { type Permission, permissions, permissionsOf, type Role } from "@keyplane/schema";
import { ForbiddenError } from "../../platform/errors.js";
import type { Principal } from "./principal.js";

/**
 * Insists on a permission. Which tenant's data the caller may touch is not asked here: services look things up by
 * `visibleTo`, so that another tenant's id is never found in the first place.
 *
 * @throws ForbiddenError naming the permission.
 */
export function authorize(principal: Principal, permission: Permission): void {
  if (principal.permissions.has(permission)) return;
  throw new ForbiddenError(
    `This needs the permission ${permission}, which your token (${principal.role}) does not have. Ask an administrator for a token with it.`,
  );
}

/**
 * Insists that the caller sees everyone in its tenant: for things that belong to no user, which others would not find again.
 *
 * @throws ForbiddenError for people who see only their own.
 */
export function authorizeWholeTenant(principal: Principal): void {
  if (principal.onlyUserId === null) return;
  throw new ForbiddenError(
    "This belongs to the tenant as a whole, of which you see only what is yours. Ask an administrator.",
  );
}

/** What the caller may see, as a condition for the stores: undefined means no restriction. */
export interface Visibility {
  readonly tenantId: string | undefined;
  readonly userId: string | undefined;
}

/** The bounds of what the caller may look at. Every store query of a service takes them. */
export function visibleTo(principal: Principal): Visibility {
  return { tenantId: principal.tenantId ?? undefined, userId: principal.onlyUserId ?? undefined };
}

/** Whether something of this tenant and user lies within the caller's bounds. */
export function canSee(principal: Principal, tenantId: string, userId: string | null): boolean {
  if (principal.tenantId !== null && principal.tenantId !== tenantId) return false;
  return principal.onlyUserId === null || principal.onlyUserId === userId;
}

/** The permissions of a role within one tenant (its id), or within the whole installation (null). */
export function permissionsWithin(role: Role, tenantId: string | null): readonly Permission[] {
  return permissionsOf(role).filter((permission) => tenantId === null || !permissions[permission].installationOnly);
}

/**
 * Nobody grants more than they have: a caller may give only permissions that it holds itself.
 *
 * @throws ForbiddenError naming those that it lacks.
 */
export function authorizeGrant(principal: Principal, granted: readonly Permission[]): void {
  const lacking = granted.filter((permission) => !principal.permissions.has(permission));
  if (lacking.length === 0) return;
  throw new ForbiddenError(
    `You cannot give ${lacking.join(", ")}, because your token does not have it itself. Give less, or use a token that has it.`,
  );
}

/**
 * Nobody grants more than they have: the scopes of a key must lie within those that the caller may give.
 *
 * @throws ForbiddenError naming the scopes.
 */
export function authorizeScopes(principal: Principal, scopes: readonly string[]): void {
  const grantable = principal.grantableScopes;
  if (grantable === null) return;
  const beyond = scopes.filter((scope) => !grantable.includes(scope));
  if (beyond.length === 0) return;
  throw new ForbiddenError(
    `Your token may not give the scopes ${beyond.join(", ")}. It may give: ${grantable.join(", ") || "none"}. Leave the others out, or use a token that may.`,
  );
}
