import type { Permission, Role } from "@keyplane/schema";

/**
 * Who calls, in one request. Every service function takes one first: there is no operation without a caller.
 * Made by `authenticate` only.
 */
export interface Principal {
  /** The id of the management token, `tok_…`. */
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
  /** When the caller's token ends, epoch milliseconds; null: never. */
  readonly expiresAt: number | null;
  /** The id of this request, `req_…`, as in the answer's X-Request-Id header and in the logs. */
  readonly requestId: string;
  /** The address that the request came from; null when it is not known. */
  readonly address: string | null;
}
