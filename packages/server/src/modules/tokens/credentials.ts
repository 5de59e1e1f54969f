import type { Permission } from "@keyplane/schema";
import type { Database, ManagementToken } from "../../platform/database/index.js";
import { EntityCache } from "../../platform/entity-cache.js";
import type { Credential } from "../auth/index.js";
import type { EventListener } from "../events/index.js";
import type { TenantStates } from "../tenants/index.js";
import type { UserState, UserStates } from "../users/index.js";
import { findTokenByHash } from "./tokens.store.js";

/** Tokens are few beside keys; the bound only stops a flood. */
const maxTokens = 10_000;

/**
 * Finds management tokens by their hash, from memory once known. What a token hangs on, its tenant and its user, may change at any
 * time: any event about a token, a user or a tenant lets everything go, which is rare beside requests.
 */
export class Credentials implements EventListener {
  readonly #cache: EntityCache<Credential>;

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
  find(tokenHash: string): Credential | Promise<Credential | null> {
    return this.#cache.peek(tokenHash) ?? this.#cache.get(tokenHash);
  }

  onEvent(event: { readonly type: string }): void {
    if (/^(?:TOKEN|TENANT|OWNER|USER)_/.test(event.type)) this.#cache.forgetAll();
  }

  onGap(): void {
    this.#cache.forgetAll();
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
