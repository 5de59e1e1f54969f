import type { Permission } from "@keyplane/schema";
import { UnauthenticatedError } from "../../../platform/errors.js";
import { type Credential, permissionsWithin } from "../../auth/index.js";
import type { VerifiedClaims } from "../../signing/index.js";
import type { TenantState, TenantStates } from "../../tenants/index.js";
import type { Standings, UserState, UserStates } from "../../users/index.js";
import type { ClientState, ClientStates } from "../clients/client-states.js";
import type { TokenStates } from "./token-states.js";

/** What a token of the authorization server says, as far as we read it. */
export interface TokenClaims {
  readonly jti: string;
  readonly clientId: string;
  /** The user whom it acts for; null: the client itself. */
  readonly userId: string | null;
  readonly grantId: string | null;
  readonly scopes: readonly string[];
  readonly expiresAt: number;
}

/** The claims of a token of one of our clients; null when it is another kind of token of ours. */
export function readClaims(claims: VerifiedClaims): TokenClaims | null {
  const { jti, sub, exp, client_id: clientId, grant_id: grantId, scope } = claims;
  if (typeof clientId !== "string" || !clientId.startsWith("cli_") || jti === undefined) return null;
  return {
    jti,
    clientId,
    userId: sub === clientId ? null : sub,
    grantId: typeof grantId === "string" ? grantId : null,
    scopes: typeof scope === "string" ? scope.split(" ") : [],
    expiresAt: exp * 1000,
  };
}

/** What a client's tokens may do at most, by the names that they have as scopes. */
export function permissionsOfClient({ role, permissions, tenantId }: ClientState): readonly Permission[] {
  return permissionsWithin(role, tenantId).filter((each) => permissions.length === 0 || permissions.includes(each));
}

export type OAuthTokens = ReturnType<typeof createOAuthTokens>;

/**
 * What the authorization server's access tokens may do, here and now: the client, its tenant, the user, the user's roles and what the
 * user has granted are asked with every request, so that a change of any of them counts at once.
 */
export function createOAuthTokens(deps: {
  clientStates: ClientStates;
  standings: Standings;
  tenantStates: TenantStates;
  tokenStates: TokenStates;
  userStates: UserStates;
}) {
  const { clientStates, standings, tenantStates, tokenStates, userStates } = deps;

  /** The user, where a token of this client may act for them. */
  async function userOf(client: ClientState, userId: string): Promise<UserState | null> {
    const user = await userStates.get(userId);
    if (user?.status !== "ACTIVE") return null;
    return client.tenantId === null || client.tenantId === user.tenantId ? user : null;
  }

  async function isActive(tenantId: string): Promise<boolean> {
    const tenant: TenantState | null = await tenantStates.get(tenantId);
    return tenant?.status === "ACTIVE";
  }

  /** A client that may act now; null when it is disabled, deleted, or its tenant is suspended. */
  async function activeClient(clientId: string): Promise<ClientState | null> {
    const client = await clientStates.get(clientId);
    if (!client || client.isDisabled) return null;
    return client.tenantId === null || (await isActive(client.tenantId)) ? client : null;
  }

  /** A user who may sign in for a client now; null when not. */
  async function activeUser(client: ClientState, userId: string): Promise<UserState | null> {
    const user = await userOf(client, userId);
    return user && (await isActive(user.tenantId)) ? user : null;
  }

  /** @throws UnauthenticatedError when a token's client, user or grant is over, or itself was revoked. */
  async function refuseOver(token: TokenClaims): Promise<{ client: ClientState; user: UserState | null }> {
    const client = await activeClient(token.clientId);
    if (!client) {
      throw new UnauthenticatedError(
        "The OAuth client of this token is disabled or deleted, or its tenant is suspended. Ask an administrator.",
      );
    }
    const user = token.userId === null ? null : await activeUser(client, token.userId);
    if (token.userId !== null && !user) {
      throw new UnauthenticatedError("The user whom this token acts for is disabled or deleted.");
    }
    if (await tokenStates.isRevoked(token.jti, token.grantId, user?.since ?? null)) {
      throw new UnauthenticatedError("This token was revoked. Get a new one.");
    }
    return { client, user };
  }

  return {
    activeClient,
    activeUser,
    refuseOver,

    /**
     * What a verified token may do.
     *
     * @throws UnauthenticatedError when it may do nothing any more.
     */
    async credentialOf(token: TokenClaims): Promise<Credential> {
      const { client, user } = await refuseOver(token);
      const permissions = permissionsOfClient(client).filter((each) => token.scopes.includes(each));
      // An empty list would stand for all of the role's.
      if (permissions.length === 0) {
        throw new UnauthenticatedError(
          "This token has no scope that is a permission here. Ask for one, e.g. keys:read.",
        );
      }
      const standing = user && (await standings.get({ tenantId: user.tenantId, userId: user.id, customRoleId: null }));
      const acting = standing?.user ?? null;
      if (user && !acting) throw new UnauthenticatedError("The user whom this token acts for was deleted just now.");
      return {
        kind: "oauth",
        id: acting?.id ?? client.id,
        // Of what is done for a user, the audit log says by what.
        name: acting ? `${acting.name} via ${client.name}` : client.name,
        role: client.role,
        customRole: null,
        permissions,
        grantableScopes: client.grantableScopes,
        tenantId: acting?.tenantId ?? client.tenantId,
        tenantSuspended: false,
        userId: acting?.id ?? null,
        userStatus: acting?.status ?? null,
        userRole: acting?.role ?? null,
        userCustomRole: standing?.userRole ?? null,
        teamIds: acting?.teamIds ?? [],
        expiresAt: token.expiresAt,
        revokedAt: null,
        supersededAt: null,
      };
    },
  };
}
