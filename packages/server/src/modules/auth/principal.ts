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
  /** What the caller may do: its role, narrowed by the token's own permissions. */
  readonly permissions: ReadonlySet<Permission>;
  /** The tenant that the caller is confined to; null: the whole installation. */
  readonly tenantId: string | null;
  /** The user whom the caller acts for; null: a program of its own. */
  readonly userId: string | null;
  /** The only user whose keys and data the caller may see; null: everyone in its tenant. Set for people who are not ADMIN. */
  readonly onlyUserId: string | null;
  /** The scopes that the caller may give to keys; null: any that the tenant's policy allows. */
  readonly grantableScopes: readonly string[] | null;
  /** When the caller's token ends, epoch milliseconds; null: never. */
  readonly expiresAt: number | null;
  /** The id of this request, `req_…`, as in the answer's X-Request-Id header and in the logs. */
  readonly requestId: string;
  /** The address that the request came from; null when it is not known. */
  readonly address: string | null;
}
