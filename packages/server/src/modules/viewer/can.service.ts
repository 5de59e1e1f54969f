import { type ErrorCode, idPrefixes, type Permission, permissions } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { Key, ManagementToken, OAuthClient, User } from "../../platform/database/index.js";
import { hearingRefusal, ownerBy, type Principal } from "../auth/index.js";

/** The kinds of things that a permission can be about. */
type Kind =
  | "Tenant"
  | "User"
  | "CustomRole"
  | "Team"
  | "Api"
  | "ApiGrant"
  | "Key"
  | "ManagementToken"
  | "OAuthClient"
  | "TrustedIssuer"
  | "Webhook";

/** Whether the caller may do something, and if not, why. */
export interface Permitted {
  readonly action: Permission;
  readonly allowed: boolean;
  /** The code that the action would be refused with; null when it is allowed. */
  readonly code: ErrorCode | null;
  readonly reason: string;
}

/** What each permission acts on, by the first part of its name. Permissions on nothing that has an id are left out. */
const kinds: Readonly<Record<string, Kind>> = {
  tenants: "Tenant",
  users: "User",
  roles: "CustomRole",
  teams: "Team",
  apis: "Api",
  grants: "ApiGrant",
  keys: "Key",
  tokens: "ManagementToken",
  clients: "OAuthClient",
  issuers: "TrustedIssuer",
  webhooks: "Webhook",
};

/** What a thing is called, for people. */
const words: Readonly<Record<Kind, string>> = {
  Tenant: "tenant",
  User: "user",
  CustomRole: "role",
  Team: "team",
  Api: "API",
  ApiGrant: "grant",
  Key: "key",
  ManagementToken: "management token",
  OAuthClient: "OAuth client",
  TrustedIssuer: "trusted issuer",
  Webhook: "webhook",
};

/** What makes something, and so acts on the tenant in which it is made. */
const creating: ReadonlySet<Permission> = new Set([
  "users:create",
  "roles:create",
  "teams:create",
  "apis:create",
  "keys:create",
  "tokens:create",
  "clients:create",
  "issuers:create",
  "webhooks:create",
]);

/** What belongs to the tenant as a whole: whoever sees only their own cannot make it. */
const ofWholeTenant: ReadonlySet<Permission> = new Set(["clients:create", "issuers:create", "webhooks:create"]);

/** What can be done with a key that was revoked or deleted. */
const onDeadKeys: ReadonlySet<Permission> = new Set(["keys:read", "keys:verify", "keys:revoke", "keys:delete"]);

export type Can = ReturnType<typeof createCan>;

/**
 * Makes the function that says whether the caller may do something, and why not.
 *
 * It answers from what the caller has and may see, as the operations themselves do. What depends on the rest of their input, such
 * as a name that is taken, nobody knows before.
 *
 * @param deps.find finds things within the bounds that the operation itself would look in; null when there is none.
 */
export function createCan(deps: {
  clock: Clock;
  find: { readonly [Name in Kind]: (principal: Principal, id: string, isRead: boolean) => Promise<object | null> };
}) {
  const { clock, find } = deps;

  /** Whether the caller may rotate a key as its own. Of one that there is not, the same is said as of somebody else's. */
  async function isOwn(principal: Principal, id: string): Promise<boolean> {
    const ownerId = ownerBy(principal, "keys:rotate_own");
    const key = ownerId === null ? null : ((await find.Key(principal, id, false)) as Key | null);
    return key !== null && key.ownerId === ownerId;
  }

  /** Why the caller has not what an action takes; null: it has. Rotating a key takes less of its owner. */
  async function lackingFor(principal: Principal, action: Permission, id: string | null): Promise<string | null> {
    if (!principal.permissions.has(action)) {
      const isRotation = action === "keys:rotate" && id !== null && (await isOwn(principal, id));
      return isRotation ? null : lacking(principal, action);
    }
    if (action !== "keys:rotate_own") return null;
    if (principal.userId === null) return ownerless;
    return id === null || (await isOwn(principal, id)) ? null : notOwn;
  }

  return async (principal: Principal, action: Permission, id: string | null): Promise<Permitted> => {
    const no = (code: ErrorCode, reason: string): Permitted => ({ action, allowed: false, code, reason });
    const yes: Permitted = { action, allowed: true, code: null, reason: consent(principal, action) };
    const lacks = await lackingFor(principal, action, id);
    if (lacks !== null) return no("FORBIDDEN", lacks);
    if (ofWholeTenant.has(action) && principal.onlyUserId !== null) {
      return no(
        "FORBIDDEN",
        "This belongs to the tenant as a whole, of which you see only what is yours. Ask an administrator.",
      );
    }
    const unheard = action === "webhooks:create" ? hearingRefusal(principal) : null;
    if (unheard !== null) return no("FORBIDDEN", unheard);
    if (id === null) return yes;
    const kind = creating.has(action) ? "Tenant" : kinds[action.slice(0, action.indexOf(":"))];
    if (kind === undefined) return no("BAD_USER_INPUT", `${action} is about nothing that has an id. Leave id out.`);
    const thing = await find[kind](principal, id, action.endsWith(":read"));
    if (thing === null) {
      const prefix = idPrefixes[kind];
      return no(
        "NOT_FOUND",
        `No ${words[kind]} with this id exists where you may look. Check the id, which begins with ${prefix}_, and the token that you use.`,
      );
    }
    const reason = refusalOf(principal, action, kind, thing, clock.now());
    return reason === null ? yes : no(reason.code, reason.text);
  };
}

const ownerless = "You act for no user, so that no key is your own. Rotating others' keys needs keys:rotate.";
const notOwn =
  "This is for keys that you own yourself; rotating others' needs keys:rotate. Check the id, which begins with key_.";

function lacking({ customRoleId, role, tenantId }: Principal, action: Permission): string {
  if (tenantId !== null && permissions[action].installationOnly) {
    return `${action} is only for callers of the whole installation. Ask the operator.`;
  }
  const from = customRoleId === null ? `role ${role}` : `custom role ${customRoleId}`;
  return `You lack the permission ${action}: the ${from}, or what your token was narrowed to, does not have it. Ask an administrator.`;
}

/** What a permitted action asks for of this caller. */
function consent(principal: Principal, action: Permission): string {
  const { onlyUserId } = principal;
  const refusal = action === "webhooks:update" ? hearingRefusal(principal) : null;
  if (refusal !== null) return `You may, but not change the address or the types of events: ${refusal}`;
  if (action !== "tokens:create" || onlyUserId === null) return "You may.";
  return `You may, for yourself: give your own userId, ${onlyUserId}.`;
}

interface Refusal {
  readonly code: ErrorCode;
  readonly text: string;
}

/** Why the state of a thing, or what it would give away, refuses an action. */
function refusalOf(principal: Principal, action: Permission, kind: Kind, thing: object, now: number): Refusal | null {
  const conflict = (text: string): Refusal => ({ code: "CONFLICT", text });
  if (kind === "User" && action !== "users:read" && (thing as User).status === "DELETED") {
    return action === "users:delete" ? null : conflict("This user was deleted, which is final.");
  }
  if (kind === "ManagementToken" && action === "tokens:rotate") {
    const { revokedAt, expiresAt } = thing as ManagementToken;
    if (revokedAt) return conflict("This management token is revoked, which is final. Create a new one.");
    if (expiresAt && now >= expiresAt.getTime())
      return conflict("This management token has expired. Create a new one.");
  }
  if (kind === "OAuthClient" && action === "clients:rotate" && (thing as OAuthClient).secretHash === null) {
    return conflict("This is a public client, which has no secret. Create a new client that is not public.");
  }
  if (kind !== "Key" || onDeadKeys.has(action)) return null;
  const { deletedAt, revokedAt, scopes } = thing as Key;
  if (deletedAt) return conflict("This key is deleted. Restore it first with restoreKey.");
  if (revokedAt) return conflict("This key is revoked, which is final. Create a new key instead.");
  const { grantableScopes } = principal;
  const beyond = grantableScopes === null ? [] : scopes.filter((scope) => !grantableScopes.includes(scope));
  if (beyond.length === 0 || !["keys:rotate", "keys:rotate_own", "keys:reissue"].includes(action)) return null;
  return { code: "FORBIDDEN", text: `The key carries ${beyond.join(", ")}, which your token may not give.` };
}
