import { hash } from "node:crypto";
import { type Permission, parseManagementToken, type Role, type UserStatus } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import { UnauthenticatedError } from "../../platform/errors.js";
import { permissionsOfHolder } from "./authorize.js";
import type { Principal, PrincipalKind } from "./principal.js";

/** What a custom role says of whoever has it. */
export interface RoleGrant {
  readonly id: string;
  /** Whose rule of visibility applies. */
  readonly base: Role;
  readonly permissions: readonly Permission[];
}

/** A management token, or what a JSON Web Token stands for, with what its validity hangs on. */
export interface Credential {
  readonly kind: Exclude<PrincipalKind, "anonymous">;
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Decides instead of `role`; null: there is none. */
  readonly customRole: RoleGrant | null;
  /** The token's own permissions; empty: all of the role's. */
  readonly permissions: readonly Permission[];
  readonly grantableScopes: readonly string[] | null;
  readonly tenantId: string | null;
  readonly tenantSuspended: boolean;
  readonly userId: string | null;
  readonly userStatus: UserStatus | null;
  /** The user's role now; a token never does more than its user may. */
  readonly userRole: Role | null;
  readonly userCustomRole: RoleGrant | null;
  /** The teams of the user; empty without one. */
  readonly teamIds: readonly string[];
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** When this secret of the token stops or has stopped to work, because of a rotation; null: it is the current one. */
  readonly supersededAt: number | null;
}

export interface AuthenticationDeps {
  readonly clock: Clock;
  /**
   * Finds a credential by the SHA-256 of its token, from memory when it can.
   *
   * @throws RateLimitedError when too many unknown ones came from the address, and this one is not known to be good.
   */
  readonly findCredential: (
    tokenHash: string,
    address: string | null,
  ) => Credential | null | Promise<Credential | null>;
  /**
   * Finds the credential of a JSON Web Token, from memory when it can; null when nobody has signed it who is trusted here.
   *
   * @throws UnauthenticatedError when somebody has, and it is not accepted all the same: its holder guesses nothing.
   * RateLimitedError when too many guesses came from where it comes from, and its issuer would have to be looked up.
   */
  readonly findJwt: (jwt: string, origin: RequestOrigin) => Credential | null | Promise<Credential | null>;
  /** Told of each management token that was accepted; neither waits nor throws. */
  readonly onUsed: (tokenId: string, now: number) => void;
}

/** Where a request came from. */
export interface RequestOrigin {
  readonly requestId: string;
  readonly address: string | null;
}

export type Authenticate = (
  authorization: string | null | undefined,
  origin: RequestOrigin,
) => Principal | Promise<Principal>;

/** SHA-256 in lower-case hexadecimal: all that is kept of a token or a key. 256 random bits need no slow hash. */
export function hashSecret(secret: string): string {
  return hash("sha256", secret, "hex");
}

/**
 * Makes the function that turns an `Authorization: Bearer <token>` header into the Principal of the request.
 * It answers at once, without a promise, when the token is known in memory.
 *
 * @throws UnauthenticatedError saying what is wrong with the header or the token, without telling unknown tokens apart;
 * RateLimitedError when too many unknown ones came from the same address.
 */
export function createAuthenticate({ clock, findCredential, findJwt, onUsed }: AuthenticationDeps): Authenticate {
  function accept(credential: Credential | null, token: string, origin: RequestOrigin): Principal {
    const now = clock.now();
    const principal = toPrincipal(credential, token, origin, now);
    if (principal.kind === "management_token") onUsed(principal.id, now);
    return principal;
  }

  // KEYPLANE_ROOT_TOKEN may have any form, that of a JWT, too.
  const findAny = (token: string, origin: RequestOrigin): Credential | null | Promise<Credential | null> => {
    const found = findJwt(token, origin);
    if (!(found instanceof Promise)) return found ?? findCredential(hashSecret(token), origin.address);
    return found.then((credential) => credential ?? findCredential(hashSecret(token), origin.address));
  };
  return (authorization, origin) => {
    const token = bearerToken(authorization);
    const credential = isJwt(token) ? findAny(token, origin) : findCredential(hashSecret(token), origin.address);
    return credential instanceof Promise
      ? credential.then((found) => accept(found, token, origin))
      : accept(credential, token, origin);
  };
}

/** What somebody without a token is told. */
export const missingTokenMessage = "Send your token in the header: Authorization: Bearer <token>.";

function bearerToken(authorization: string | null | undefined): string {
  if (!authorization) {
    throw new UnauthenticatedError(missingTokenMessage);
  }
  const space = authorization.indexOf(" ");
  const token = authorization.slice(space + 1).trim();
  if (space < 0 || authorization.slice(0, space).toLowerCase() !== "bearer" || token === "") {
    throw new UnauthenticatedError("The Authorization header must read: Bearer <token>.");
  }
  return token;
}

/** Whether a token begins as every JSON Web Token does: with `{"` in base64url. */
function isJwt(token: string): boolean {
  return token.startsWith("eyJ") && token.includes(".");
}

const whatItIs = {
  management_token: "management token",
  session: "session",
  oauth: "access token",
  external: "token",
} as const;

function toPrincipal(credential: Credential | null, token: string, origin: RequestOrigin, now: number): Principal {
  if (!credential || credential.revokedAt !== null) throw new UnauthenticatedError(notKnown(token));
  const what = whatItIs[credential.kind];
  if (credential.supersededAt !== null && now >= credential.supersededAt) {
    throw new UnauthenticatedError(
      "This management token got a new secret, and this one works no longer. Use the new one.",
    );
  }
  if (credential.expiresAt !== null && now >= credential.expiresAt) {
    if (credential.kind !== "management_token") throw new UnauthenticatedError(notKnown(token));
    throw new UnauthenticatedError(
      `This management token expired at ${new Date(credential.expiresAt).toISOString()}. Create a new one.`,
    );
  }
  if (credential.userId !== null && credential.userStatus !== "ACTIVE") {
    throw new UnauthenticatedError(`The user whom this ${what} acts for is disabled or deleted.`);
  }
  if (credential.tenantSuspended) {
    throw new UnauthenticatedError(`The tenant of this ${what} is suspended. Ask the operator to resume it.`);
  }
  return {
    kind: credential.kind,
    id: credential.id,
    name: credential.name,
    role: credential.role,
    customRoleId: credential.userCustomRole?.id ?? credential.customRole?.id ?? null,
    permissions: effectivePermissions(credential),
    tenantId: credential.tenantId,
    userId: credential.userId,
    onlyUserId: isAdministrator(credential) ? null : credential.userId,
    teamIds: credential.teamIds,
    grantableScopes: credential.grantableScopes,
    // What somebody may do does not end with an access token, which can be had anew. What they create may outlive it.
    expiresAt: credential.kind === "management_token" ? credential.expiresAt : null,
    requestId: origin.requestId,
    address: origin.address,
  };
}

/**
 * The same for a token that never was and for one that was revoked: what is added comes from the text alone, which its
 * sender has. A root token may have any form, so a wrong form is a guess and not the reason.
 */
function notKnown(token: string): string {
  if (isJwt(token)) {
    return "This access token is not valid: it has expired, its session has ended, no tenant trusts its issuer for its audience, or it is for something else. Renew it, or sign in again.";
  }
  const form = parseManagementToken(token);
  const unknown = "This management token is not known, or it was revoked. Use another one.";
  return form.ok ? unknown : `${unknown} Unless it is the value of KEYPLANE_ROOT_TOKEN, this may be why: ${form.hint}`;
}

function isAdministrator({ role, customRole, userRole, userCustomRole }: Credential): boolean {
  const ofUser = userCustomRole?.base ?? userRole;
  return (customRole?.base ?? role) === "ADMIN" && (ofUser === null || ofUser === "ADMIN");
}

// A credential object lives as long as it stays in the cache, so its set is made once and not with every request.
const permissionSets = new WeakMap<Credential, ReadonlySet<Permission>>();

function effectivePermissions(credential: Credential): ReadonlySet<Permission> {
  let set = permissionSets.get(credential);
  if (!set) {
    const { role, customRole, userRole, userCustomRole, tenantId, permissions } = credential;
    const ofUser = userRole && permissionsOfHolder(userRole, userCustomRole, tenantId);
    set = new Set(
      permissionsOfHolder(role, customRole, tenantId)
        .filter((permission) => permissions.length === 0 || permissions.includes(permission))
        .filter((permission) => !ofUser || ofUser.includes(permission)),
    );
    permissionSets.set(credential, set);
  }
  return set;
}
