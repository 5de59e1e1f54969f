import type { Permission, Role } from "@keyplane/schema";
import type { Database, OAuthClient } from "../../../platform/database/index.js";
import { EntityCache } from "../../../platform/entity-cache.js";
import type { DomainEvent, EventListener } from "../../events/index.js";
import type { GrantType } from "./clients.input.js";
import { findClient } from "./clients.store.js";

/** Clients are few beside keys; the bound only stops a flood. */
const maxClients = 10_000;

/** What the authorization server, and every token of a client, must know of it. Times are epoch milliseconds. */
export interface ClientState {
  readonly id: string;
  readonly tenantId: string | null;
  readonly name: string;
  readonly role: Role;
  /** The client's own permissions; empty: all of the role's. */
  readonly permissions: readonly Permission[];
  readonly grantableScopes: readonly string[] | null;
  readonly grantTypes: readonly GrantType[];
  readonly redirectUris: readonly string[];
  readonly resources: readonly string[];
  readonly resourceScopes: readonly string[];
  readonly isDisabled: boolean;
  readonly secretHash: string | null;
  readonly previousSecretHash: string | null;
  readonly previousSecretExpiresAt: number | null;
}

/** The states of clients that are not deleted, remembered until an event names them. */
export class ClientStates extends EntityCache<ClientState> implements EventListener {
  constructor({ database }: { database: Database }) {
    super({
      max: maxClients,
      load: async (id) => {
        const row = await findClient(database.prisma, id);
        return row && toClientState(row);
      },
    });
  }

  onEvent({ type, subjectId }: DomainEvent): void {
    if (type === "OAUTH_CLIENT_CHANGED" && subjectId !== undefined) this.forget(subjectId);
  }

  onGap(): void {
    this.forgetAll();
  }
}

function toClientState(row: OAuthClient): ClientState {
  return {
    id: row.id,
    tenantId: row.tenantId,
    name: row.name,
    role: row.role,
    permissions: row.permissions as Permission[],
    grantableScopes: row.restrictScopes ? row.grantableScopes : null,
    grantTypes: row.grantTypes,
    redirectUris: row.redirectUris,
    resources: row.resources,
    resourceScopes: row.resourceScopes,
    isDisabled: row.disabledAt !== null,
    secretHash: row.secretHash,
    previousSecretHash: row.previousSecretHash,
    previousSecretExpiresAt: row.previousSecretExpiresAt?.getTime() ?? null,
  };
}
