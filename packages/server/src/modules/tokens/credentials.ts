import type { Permission } from "@keyplane/schema";
import { LRUCache } from "lru-cache";
import type { Database, ManagementToken } from "../../platform/database/index.js";
import { EntityCache } from "../../platform/entity-cache.js";
import { KeyplaneError } from "../../platform/errors.js";
import type { Credential } from "../auth/index.js";
import type { DomainEvent, EventListener } from "../events/index.js";
import type { RoleState, RoleStates } from "../roles/index.js";
import type { TenantState, TenantStates } from "../tenants/index.js";
import type { UserState, UserStates } from "../users/index.js";
import { findTokenByHash } from "./tokens.store.js";

/** Tokens are few beside keys; the bound only stops a flood. */
const maxTokens = 10_000;
/** How many hashes of unknown tokens are remembered, apart from the known ones, so that guesses cost no look-up twice. */
const maxUnknown = 10_000;

/** Tries to put a credential together of states that change meanwhile; more would be a fault. */
const maxAttempts = 20;

/** How many secrets of a token are remembered: its present one, and one before it. */
const maxHashes = 2;

const none: readonly string[] = Object.freeze([]);

/** One secret of a token, without what it hangs on. */
interface TokenState
  extends Omit<
    Credential,
    "customRole" | "tenantSuspended" | "userStatus" | "userRole" | "userCustomRole" | "teamIds"
  > {
  readonly customRoleId: string | null;
}

interface Composed {
  readonly tenant: TenantState | null;
  readonly user: UserState | null;
  readonly role: RoleState | null;
  readonly userRole: RoleState | null;
  readonly credential: Credential;
}

/**
 * Finds management tokens by their hash, from memory once known. A token's tenant, user and roles are remembered apart, as
 * verification does with keys, so that a change of one of them forgets nothing else.
 */
export class Credentials implements EventListener {
  readonly #tokens: EntityCache<TokenState>;
  /** The hashes of a token: of its secret, and of the one before a rotation. */
  readonly #hashes = new LRUCache<string, readonly string[]>({ max: maxTokens });
  readonly #composed = new WeakMap<TokenState, Composed>();
  readonly #unknown = new LRUCache<string, true>({ max: maxUnknown });
  readonly #tenants: TenantStates;
  readonly #users: UserStates;
  readonly #roles: RoleStates;
  /** How often a token was made: one made while we looked is not unknown. */
  #made = 0;

  constructor(deps: {
    database: Database;
    tenantStates: TenantStates;
    userStates: UserStates;
    roleStates: RoleStates;
  }) {
    this.#tenants = deps.tenantStates;
    this.#roles = deps.roleStates;
    this.#users = deps.userStates;
    this.#tokens = new EntityCache<TokenState>({
      max: maxTokens,
      load: async (hash) => {
        const token = await findTokenByHash(deps.database.prisma, hash);
        if (!token) return null;
        this.#hashes.set(
          token.id,
          [...(this.#hashes.get(token.id) ?? []).filter((known) => known !== hash), hash].slice(-maxHashes),
        );
        return toTokenState(token, hash);
      },
    });
  }

  /** The credential of a token, at once when it is known. */
  find(tokenHash: string): Credential | null | Promise<Credential | null> {
    return this.#peek(tokenHash) ?? (this.#unknown.has(tokenHash) ? null : this.#read(tokenHash));
  }

  onEvent(event: DomainEvent): void {
    if (event.tokenId === undefined) return;
    this.#made++;
    this.#unknown.clear();
    const hashes = this.#hashes.get(event.tokenId);
    // Without a hash the token may just be being read, and so may another secret of it than those that are known.
    if (hashes === undefined || event.type === "TOKEN_ROTATED") this.#tokens.forgetAll();
    else for (const hash of hashes) this.#tokens.forget(hash);
  }

  onGap(): void {
    this.#made++;
    this.#unknown.clear();
    this.#tokens.forgetAll();
  }

  #peek(tokenHash: string): Credential | undefined {
    const token = this.#tokens.peek(tokenHash);
    if (!token) return undefined;
    const tenant = token.tenantId === null ? null : this.#tenants.peek(token.tenantId);
    const user = token.userId === null ? null : this.#users.peek(token.userId);
    if (tenant === undefined || user === undefined) return undefined;
    const role = token.customRoleId === null ? null : this.#roles.peek(token.customRoleId);
    const userRole = user?.customRoleId == null ? null : this.#roles.peek(user.customRoleId);
    if (role === undefined || userRole === undefined) return undefined;
    let composed = this.#composed.get(token);
    if (
      composed?.tenant !== tenant ||
      composed.user !== user ||
      composed.role !== role ||
      composed.userRole !== userRole
    ) {
      composed = { tenant, user, role, userRole, credential: toCredential(token, tenant, user, role, userRole) };
      this.#composed.set(token, composed);
    }
    return composed.credential;
  }

  async #read(tokenHash: string): Promise<Credential | null> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const made = this.#made;
      const token = await this.#tokens.get(tokenHash);
      if (!token) {
        if (made === this.#made) this.#unknown.set(tokenHash, true);
        return null;
      }
      const [tenant, user] = await Promise.all([
        token.tenantId === null ? null : this.#tenants.get(token.tenantId),
        token.userId === null ? null : this.#users.get(token.userId),
      ]);
      // A token whose tenant or user is missing opens nothing.
      if ((token.tenantId !== null && !tenant) || (token.userId !== null && !user)) return null;
      await Promise.all([
        token.customRoleId === null ? null : this.#roles.get(token.customRoleId),
        user?.customRoleId == null ? null : this.#roles.get(user.customRoleId),
      ]);
      const credential = this.#peek(tokenHash);
      if (credential) return credential;
    }
    throw new KeyplaneError("UNAVAILABLE", "The management token could not be read consistently. Try again.");
  }
}

/** @param hash which of its two secrets was presented. */
function toTokenState(token: ManagementToken, hash: string): TokenState {
  return {
    id: token.id,
    name: token.name,
    role: token.role,
    customRoleId: token.customRoleId,
    permissions: token.permissions as Permission[],
    grantableScopes: token.restrictScopes ? token.grantableScopes : null,
    tenantId: token.tenantId,
    userId: token.userId,
    expiresAt: token.expiresAt?.getTime() ?? null,
    revokedAt: token.revokedAt?.getTime() ?? null,
    supersededAt: token.hash === hash ? null : (token.previousStopsAt?.getTime() ?? 0),
  };
}

function toCredential(
  state: TokenState,
  tenant: TenantState | null,
  user: UserState | null,
  customRole: RoleState | null,
  userCustomRole: RoleState | null,
): Credential {
  const { customRoleId: _ofRole, ...token } = state;
  return {
    ...token,
    customRole,
    userCustomRole,
    teamIds: user?.teamIds ?? none,
    tenantSuspended: tenant !== null && tenant.status !== "ACTIVE",
    userStatus: user?.status ?? null,
    userRole: user?.role ?? null,
  };
}
