import type { Permission } from "@keyplane/schema";
import { LRUCache } from "lru-cache";
import type { Database, ManagementToken } from "../../platform/database/index.js";
import { EntityCache } from "../../platform/entity-cache.js";
import { KeyplaneError } from "../../platform/errors.js";
import type { Credential } from "../auth/index.js";
import type { DomainEvent, EventListener } from "../events/index.js";
import type { TenantState, TenantStates } from "../tenants/index.js";
import type { UserState, UserStates } from "../users/index.js";
import { findTokenByHash } from "./tokens.store.js";

/** Tokens are few beside keys; the bound only stops a flood. */
const maxTokens = 10_000;
/** How many hashes of unknown tokens are remembered, apart from the known ones, so that guesses cost no look-up twice. */
const maxUnknown = 10_000;

/** Tries to put a credential together of states that change meanwhile; more would be a fault. */
const maxAttempts = 20;

/** A token without what it hangs on. */
type TokenState = Omit<Credential, "tenantSuspended" | "userStatus" | "userRole">;

interface Composed {
  readonly tenant: TenantState | null;
  readonly user: UserState | null;
  readonly credential: Credential;
}

/**
 * Finds management tokens by their hash, from memory once known. A token's tenant and user are remembered apart, as
 * verification does with keys, so that a change of one of them forgets nothing else.
 */
export class Credentials implements EventListener {
  readonly #tokens: EntityCache<TokenState>;
  readonly #hashes = new LRUCache<string, string>({ max: maxTokens });
  readonly #composed = new WeakMap<TokenState, Composed>();
  readonly #unknown = new LRUCache<string, true>({ max: maxUnknown });
  readonly #tenants: TenantStates;
  readonly #users: UserStates;
  /** How often a token was made: one made while we looked is not unknown. */
  #made = 0;

  constructor(deps: { database: Database; tenantStates: TenantStates; userStates: UserStates }) {
    this.#tenants = deps.tenantStates;
    this.#users = deps.userStates;
    this.#tokens = new EntityCache<TokenState>({
      max: maxTokens,
      load: async (hash) => {
        const token = await findTokenByHash(deps.database.prisma, hash);
        if (token) this.#hashes.set(token.id, hash);
        return token && toTokenState(token);
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
    const hash = this.#hashes.get(event.tokenId);
    // Without the hash the token may just be being read.
    if (hash === undefined) this.#tokens.forgetAll();
    else this.#tokens.forget(hash);
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
    let composed = this.#composed.get(token);
    if (composed?.tenant !== tenant || composed.user !== user) {
      composed = { tenant, user, credential: toCredential(token, tenant, user) };
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
      const credential = this.#peek(tokenHash);
      if (credential) return credential;
    }
    throw new KeyplaneError("UNAVAILABLE", "The management token could not be read consistently. Try again.");
  }
}

function toTokenState(token: ManagementToken): TokenState {
  return {
    kind: "management_token",
    id: token.id,
    name: token.name,
    role: token.role,
    permissions: token.permissions as Permission[],
    grantableScopes: token.restrictScopes ? token.grantableScopes : null,
    tenantId: token.tenantId,
    userId: token.userId,
    expiresAt: token.expiresAt?.getTime() ?? null,
    revokedAt: token.revokedAt?.getTime() ?? null,
  };
}

function toCredential(token: TokenState, tenant: TenantState | null, user: UserState | null): Credential {
  return {
    ...token,
    tenantSuspended: tenant !== null && tenant.status !== "ACTIVE",
    userStatus: user?.status ?? null,
    userRole: user?.role ?? null,
  };
}
