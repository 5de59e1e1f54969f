import type { Permission } from "@keyplane/schema";
import { LRUCache } from "lru-cache";
import type { Database, ManagementToken } from "../../platform/database/index.js";
import { EntityCache } from "../../platform/entity-cache.js";
import type { Credential } from "../auth/index.js";
import type { EventListener } from "../events/index.js";
import type { TenantStates } from "../tenants/index.js";
import type { UserState, UserStates } from "../users/index.js";
import { findTokenByHash } from "./tokens.store.js";

/** Tokens are few beside keys; the bound only stops a flood. */
const maxTokens = 10_000;
/** How many hashes of unknown tokens are remembered, apart from the known ones, so that guesses cost no look-up twice. */
const maxUnknown = 10_000;

/**
 * Finds management tokens by their hash, from memory once known. What a token hangs on, its tenant and its user, may change at any
 * time: any event about a token, a user or a tenant lets everything go, which is rare beside requests.
 */
export class Credentials implements EventListener {
  readonly #cache: EntityCache<Credential>;
  /** How often everything was forgotten. */
  #changes = 0;
  /** Until the next event about a token. */
  readonly #unknown = new LRUCache<string, true>({ max: maxUnknown });

  constructor(deps: { database: Database; tenantStates: TenantStates; userStates: UserStates }) {
    this.#cache = new EntityCache<Credential>({
      max: maxTokens,
      load: async (hash) => {
        const token = await findTokenByHash(deps.database.prisma, hash);
        if (!token) return null;
        const tenant = token.tenantId === null ? null : await deps.tenantStates.get(token.tenantId);
        const user = token.userId === null ? null : await deps.userStates.get(token.userId);
        return toCredential(token, tenant?.status !== undefined && tenant.status !== "ACTIVE", user);
      },
    });
  }

  /** The credential of a token, at once when it is known. */
  find(tokenHash: string): Credential | null | Promise<Credential | null> {
    const known = this.#cache.peek(tokenHash);
    if (known) return known;
    return this.#unknown.has(tokenHash) ? null : this.#read(tokenHash);
  }

  async #read(tokenHash: string): Promise<Credential | null> {
    const changes = this.#changes;
    const credential = await this.#cache.get(tokenHash);
    // A token that was made while we looked is not unknown.
    if (!credential && changes === this.#changes) this.#unknown.set(tokenHash, true);
    return credential;
  }

  onEvent(event: { readonly type: string }): void {
    if (/^(?:TOKEN|TENANT|OWNER|USER)_/.test(event.type)) this.#forgetAll();
  }

  onGap(): void {
    this.#forgetAll();
  }

  #forgetAll(): void {
    this.#changes++;
    this.#cache.forgetAll();
    this.#unknown.clear();
  }
}

function toCredential(token: ManagementToken, tenantSuspended: boolean, user: UserState | null): Credential {
  return {
    id: token.id,
    name: token.name,
    role: token.role,
    permissions: token.permissions as Permission[],
    grantableScopes: token.restrictScopes ? token.grantableScopes : null,
    tenantId: token.tenantId,
    tenantSuspended,
    userId: token.userId,
    userStatus: user?.status ?? null,
    userRole: user?.role ?? null,
    expiresAt: token.expiresAt?.getTime() ?? null,
    revokedAt: token.revokedAt?.getTime() ?? null,
  };
}
