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
 * The user whose own things the caller may act on by a permission that is for these alone; null: it acts for nobody, so that nothing is its
 * own, or lacks that permission.
 */
export function ownerBy(principal: Principal, permission: Permission): string | null {
  return principal.permissions.has(permission) ? principal.userId : null;
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
  /** Teams whose members and keys may be seen beside the user's own; empty unless `userId` is set. */
  readonly teamIds: readonly string[];
}

/** No bounds: for what Keyplane itself reads. */
export const everything: Visibility = { tenantId: undefined, userId: undefined, teamIds: [] };

/** The bounds of what the caller may look at. Every store query of a service takes them. */
export function visibleTo(principal: Principal): Visibility {
  const { tenantId, onlyUserId, teamIds } = principal;
  return {
    tenantId: tenantId ?? undefined,
    userId: onlyUserId ?? undefined,
    teamIds: onlyUserId === null ? [] : teamIds,
  };
}

/** Whether a key of this tenant, owner and team lies within the caller's bounds. */
export function canSee(
  principal: Principal,
  key: { readonly tenantId: string; readonly ownerId: string; readonly teamId: string | null },
): boolean {
  if (principal.tenantId !== null && principal.tenantId !== key.tenantId) return false;
  const { onlyUserId, teamIds } = principal;
  return onlyUserId === null || onlyUserId === key.ownerId || (key.teamId !== null && teamIds.includes(key.teamId));
}

/** Whether two callers may see the same. */
export function haveSameBounds(one: Principal, other: Principal): boolean {
  return (
    one.tenantId === other.tenantId &&
    one.onlyUserId === other.onlyUserId &&
    one.teamIds.length === other.teamIds.length &&
    one.teamIds.every((id) => other.teamIds.includes(id))
  );
}

/** The permissions of a role within one tenant (its id), or within the whole installation (null). */
export function permissionsWithin(role: Role, tenantId: string | null): readonly Permission[] {
  return permissionsOf(role).filter((permission) => tenantId === null || !permissions[permission].installationOnly);
}

/** What a custom role may hold: everything that a caller of one tenant can have. */
export const tenantPermissions: readonly Permission[] = permissionsWithin("ADMIN", "any tenant");

/** The permissions of whoever has a role, or a custom role instead. Those that are no longer there, or not of a tenant, count not. */
export function permissionsOfHolder(
  role: Role,
  customRole: { readonly permissions: readonly string[] } | null,
  tenantId: string | null,
): readonly Permission[] {
  if (!customRole) return permissionsWithin(role, tenantId);
  return tenantPermissions.filter((permission) => customRole.permissions.includes(permission));
}

/**
 * Nobody grants more than they have: whoever gives a role must have its permissions, and see what its holders will see.
 *
 * @throws ForbiddenError
 */
export function authorizeRole(principal: Principal, base: Role, granted: readonly Permission[]): void {
  authorizeGrant(principal, granted);
  if (base !== "ADMIN" || principal.onlyUserId === null) return;
  throw new ForbiddenError(
    "You cannot give a role that sees the whole tenant, because you see only your own keys and those of your teams. Ask an administrator.",
  );
}

/**
 * What changes nothing: whoever has no more than this, and sees only their own, can pass nothing on. A new secret of one's own key can be
 * passed on, has whatever scopes the key has, and no end.
 */
const readOnly: readonly Permission[] = permissionsOf("DEVELOPER").filter((each) => each !== "keys:rotate_own");

/**
 * Nobody grants more than they have: not for longer, and not without the limit of scopes that they have themselves. People who sign
 * in, and programs with a secret of their own, have neither an end nor, unless it is given to them, a limit. So a caller that has one of
 * them gives others only what passes nothing on: to see their own, and to change nothing.
 *
 * @param keepsScopes whether the limit of scopes is handed down to whoever gets this, so that only an end matters.
 * @throws ForbiddenError saying which limit it is.
 */
export function authorizeUnlimited(
  principal: Principal,
  base: Role,
  granted: readonly Permission[],
  keepsScopes = false,
): void {
  const { grantableScopes, expiresAt } = principal;
  const isLimited = grantableScopes !== null && !keepsScopes;
  if (!isLimited && expiresAt === null) return;
  if (base !== "ADMIN" && granted.every((permission) => readOnly.includes(permission))) return;
  const limit = isLimited
    ? `may give only the scopes ${grantableScopes.join(", ") || "none"}`
    : `expires at ${new Date(expiresAt ?? 0).toISOString()}`;
  throw new ForbiddenError(
    `Your token ${limit}, and whoever you give this to would have no such limit. Use a token without the limit, or give it only to who sees only their own and has no more than the permissions of DEVELOPER without keys:rotate_own, such as a GUEST.`,
  );
}

/**
 * Nobody grants more than they have: a bound on the scopes of keys that is set, or takes another's place, may allow no more than
 * the caller may give.
 *
 * @param keyScopes null: any scope.
 * @throws ForbiddenError
 */
export function authorizeKeyScopes(principal: Principal, keyScopes: readonly string[] | null): void {
  if (principal.grantableScopes === null) return;
  if (keyScopes !== null) return authorizeScopes(principal, keyScopes);
  throw new ForbiddenError(
    `Your token may give only the scopes ${principal.grantableScopes.join(", ") || "none"}, so it cannot let keys use any. Set keyScopes within those, or use a token that may.`,
  );
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

/**
 * Nobody lets others hear more than they may read themselves, or for longer: a webhook tells of all keys of the tenant, and has no end.
 *
 * @returns why a caller may not create one; null: it may.
 */
export function hearingRefusal({ expiresAt, permissions: held }: Principal): string | null {
  if (!held.has("keys:read")) {
    return "A webhook tells of all keys of the tenant, and your token does not have keys:read itself. Use a token that has it.";
  }
  if (expiresAt === null) return null;
  return `Your token expires at ${new Date(expiresAt).toISOString()}, and the webhook would hear of keys after that. Use a token without an end, or sign in.`;
}
