import type { Permission, Role } from "@keyplane/schema";

/**
 * What a caller has shown: a management token; the access token of a session, which is a person; an access token of an OAuth
 * client, for itself or for a person; a token of an external issuer, which is a person; or nothing, as one who is about to sign in.
 */
export type PrincipalKind = "management_token" | "session" | "oauth" | "external" | "anonymous";

/**
 * Who calls, in one request. Every service function takes one first: there is no operation without a caller.
 * Made by `authenticate` only.
 */
export interface Principal {
  /** What the caller has shown. */
  readonly kind: PrincipalKind;
  /** The id of the management token, `tok_…`, the session, `ses_…`, the OAuth client, `cli_…`, or the user, `usr_…`. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** The custom role that decides what the caller may do instead of its role; null: none. */
  readonly customRoleId: string | null;
  /** What the caller may do: its role or custom role, narrowed by the token's own permissions. */
  readonly permissions: ReadonlySet<Permission>;
  /** The tenant that the caller is confined to; null: the whole installation. */
  readonly tenantId: string | null;
  /** The user whom the caller acts for; null: a program of its own. */
  readonly userId: string | null;
  /**
   * The only user whose keys and data the caller may see, beside those of `teamIds`; null: everyone in its tenant. Set for
   * people who are not ADMIN.
   */
  readonly onlyUserId: string | null;
  /** The teams of the user whom the caller acts for: it sees their members and keys. */
  readonly teamIds: readonly string[];
  /** The scopes that the caller may give to keys; null: any that the tenant's policy allows. */
  readonly grantableScopes: readonly string[] | null;
  /** When what the caller may do ends, epoch milliseconds; null: never, as for a person, whose session can be renewed. */
  readonly expiresAt: number | null;
  /** The id of this request, `req_…`, as in the answer's X-Request-Id header and in the logs. */
  readonly requestId: string;
  /** The address that the request came from; null when it is not known. */
  readonly address: string | null;
}

const nothing: ReadonlySet<Permission> = new Set();

/**
 * A caller who has shown nothing. It may do nothing, and its bounds hold nothing: whatever looked something up for it without
 * asking for a permission first would find nothing either.
 */
export function anonymousPrincipal(origin: { readonly requestId: string; readonly address: string | null }): Principal {
  return {
    kind: "anonymous",
    id: "anonymous",
    name: "anonymous",
    role: "GUEST",
    customRoleId: null,
    permissions: nothing,
    tenantId: "none",
    userId: null,
    onlyUserId: "none",
    teamIds: [],
    grantableScopes: [],
    expiresAt: null,
    requestId: origin.requestId,
    address: origin.address,
  };
}
