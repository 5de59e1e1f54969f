import { clientSecretPrefix, createId, generateKey } from "@keyplane/schema";
import { changes } from "../../../platform/changes.js";
import type { Clock } from "../../../platform/clock.js";
import type { Database, OAuthClient, Transaction } from "../../../platform/database/index.js";
import { ConflictError, NotFoundError } from "../../../platform/errors.js";
import { type Page, type PageArguments, pageByCreation } from "../../../platform/pages.js";
import { idSchema, parseArguments, parseInput } from "../../../platform/validation.js";
import { type Audit, actorOf } from "../../audit/index.js";
import { authorize, authorizeWholeTenant, hashSecret, type Principal, visibleTo } from "../../auth/index.js";
import type { Events } from "../../events/index.js";
import type { Idempotency } from "../../idempotency/index.js";
import type { Tenants } from "../../tenants/index.js";
import { authorizeReach, refuseMeaningless } from "./client-rules.js";
import {
  clientStatusSchema,
  createClientSchema,
  rotateClientSecretSchema,
  updateClientSchema,
} from "./clients.input.js";
import * as store from "./clients.store.js";

interface Deps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly database: Database;
  readonly events: Events;
  readonly idempotency: Idempotency;
  readonly tenants: Pick<Tenants, "require">;
}

const order = "oauthClients.CREATED_AT_DESC";

export interface IssuedClient {
  readonly client: OAuthClient;
  /** null: a public client has none. */
  readonly secret: string | null;
}

export type OAuthClients = ReturnType<typeof createOAuthClients>;

export function createOAuthClients({ audit, clock, database, events, idempotency, tenants }: Deps) {
  async function lock(tx: Transaction, principal: Principal, id: string): Promise<OAuthClient> {
    const client = await store.lockClient(tx, visibleTo(principal), id);
    if (!client) throw new NotFoundError("OAuth client");
    return client;
  }

  /** Audit record and event of a change. */
  async function tell(
    tx: Transaction,
    principal: Principal,
    change: { action: string; before: OAuthClient | null; after: OAuthClient; reason?: string | undefined },
  ): Promise<void> {
    const { tenantId, id } = change.after;
    const target = { type: "OAuthClient", id } as const;
    await audit.record(tx, { actor: actorOf(principal), tenantId, target, ...change });
    await events.append(tx, { type: "OAUTH_CLIENT_CHANGED", tenantId, subjectId: id, reason: change.reason ?? null });
  }

  async function changeStatus(
    principal: Principal,
    rawInput: unknown,
    how: {
      action: string;
      isSo: (client: OAuthClient) => boolean;
      columns: (now: Date, reason: string | null) => object;
    },
  ): Promise<OAuthClient> {
    const input = parseInput(clientStatusSchema, rawInput);
    return events.transaction(async (tx) => {
      const before = await lock(tx, principal, input.id);
      if (how.isSo(before)) return before;
      const now = new Date(clock.now());
      const columns = { ...how.columns(now, input.reason ?? null), updatedAt: now };
      const after = await store.updateClientRow(tx, before.id, columns);
      await tell(tx, principal, { action: how.action, before, after, reason: input.reason });
      return after;
    });
  }

  async function answer(principal: Principal, outcome: { targetId: string; secret?: string }): Promise<IssuedClient> {
    const client = await events.transaction((tx) => lock(tx, principal, outcome.targetId));
    return { client, secret: outcome.secret ?? null };
  }

  return {
    /**
     * Creates a client. Its secret is in the answer and nowhere else; a public client gets none.
     *
     * @throws InvalidInputError, NotFoundError for the tenant, ForbiddenError without `clients:create`, or for a role,
     * permissions or scopes beyond the caller's own.
     */
    async create(principal: Principal, rawInput: unknown): Promise<IssuedClient> {
      authorize(principal, "clients:create");
      authorizeWholeTenant(principal);
      const { idempotencyKey, ...input } = parseInput(createClientSchema, rawInput);
      const attempt = { operation: "createOAuthClient", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, events.transaction, async (tx) => {
        const { isPublic, grantableScopes, tenantId: asked, ...shape } = input;
        const tenantId = asked ?? principal.tenantId;
        if (tenantId !== null) await tenants.require(tx, principal, tenantId);
        const bounds = {
          grantableScopes: grantableScopes ?? [...(principal.grantableScopes ?? [])],
          restrictScopes: grantableScopes !== undefined || principal.grantableScopes !== null,
        };
        authorizeReach(principal, { ...shape, ...bounds }, tenantId);
        refuseMeaningless({ ...shape, isPublic }, tenantId);
        const { secret, start } = generateKey({ prefix: clientSecretPrefix, environment: "LIVE" });
        const now = new Date(clock.now());
        const client = await store.insertClient(tx, {
          ...shape,
          id: createId("OAuthClient"),
          tenantId,
          ...bounds,
          ...(isPublic ? {} : { secretHash: hashSecret(secret), secretStart: start }),
          createdBy: principal.id,
          createdAt: now,
          updatedAt: now,
        });
        await tell(tx, principal, { action: "oauth_client.created", before: null, after: client });
        return { targetId: client.id, ...(isPublic ? {} : { secret }) };
      });
      return answer(principal, outcome);
    },

    /**
     * Changes what the input names; tokens that exist do from now on what the client then may. What is so already changes nothing.
     *
     * @throws as create does.
     */
    async update(principal: Principal, rawInput: unknown): Promise<OAuthClient> {
      authorize(principal, "clients:update");
      const { id, grantableScopes, ...given } = parseInput(updateClientSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, id);
        const columns = {
          ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
          ...(grantableScopes === undefined
            ? {}
            : {
                grantableScopes: grantableScopes ?? [...(principal.grantableScopes ?? [])],
                restrictScopes: grantableScopes !== null || principal.grantableScopes !== null,
              }),
        };
        const shape = { ...before, ...columns, isPublic: before.secretHash === null };
        // Where its codes go, and for what: whoever chooses that can have what the client can.
        if (changes(before, { ...columns, name: before.name })) authorizeReach(principal, shape, before.tenantId);
        refuseMeaningless(shape, before.tenantId);
        if (!changes(before, columns)) return before;
        const after = await store.updateClientRow(tx, id, { ...columns, updatedAt: new Date(clock.now()) });
        await tell(tx, principal, { action: "oauth_client.updated", before, after });
        return after;
      });
    },

    /**
     * Gives a client a new secret. The old one works on for `overlapMs` (0: stops at once), and no older one does.
     *
     * @throws ConflictError for a public client; ForbiddenError also when the client may do more than the caller.
     */
    async rotateSecret(principal: Principal, rawInput: unknown): Promise<IssuedClient> {
      authorize(principal, "clients:rotate");
      const { idempotencyKey, ...input } = parseInput(rotateClientSecretSchema, rawInput);
      const attempt = { operation: "rotateOAuthClientSecret", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, events.transaction, async (tx) => {
        const before = await lock(tx, principal, input.id);
        authorizeReach(principal, before, before.tenantId);
        if (before.secretHash === null) {
          throw new ConflictError(
            "This is a public client, which has no secret. Create a new client that is not public.",
          );
        }
        const { secret, start } = generateKey({ prefix: clientSecretPrefix, environment: "LIVE" });
        const now = new Date(clock.now());
        const after = await store.updateClientRow(tx, before.id, {
          secretHash: hashSecret(secret),
          secretStart: start,
          previousSecretHash: input.overlapMs > 0 ? before.secretHash : null,
          previousSecretExpiresAt: input.overlapMs > 0 ? new Date(now.getTime() + input.overlapMs) : null,
          secretRotatedAt: now,
          updatedAt: now,
        });
        await tell(tx, principal, { action: "oauth_client.secret_rotated", before, after });
        return { targetId: after.id, secret };
      });
      return answer(principal, outcome);
    },

    /** Refuses the client and all its tokens until it is enabled again. Disabling twice changes nothing. */
    async disable(principal: Principal, rawInput: unknown): Promise<OAuthClient> {
      authorize(principal, "clients:disable");
      return changeStatus(principal, rawInput, {
        action: "oauth_client.disabled",
        isSo: ({ disabledAt }) => disabledAt !== null,
        columns: (disabledAt, disabledReason) => ({ disabledAt, disabledReason }),
      });
    },

    /** Ends a disablement. Enabling an enabled client changes nothing. */
    async enable(principal: Principal, rawInput: unknown): Promise<OAuthClient> {
      authorize(principal, "clients:disable");
      return changeStatus(principal, rawInput, {
        action: "oauth_client.enabled",
        isSo: ({ disabledAt }) => disabledAt === null,
        columns: () => ({ disabledAt: null, disabledReason: null }),
      });
    },

    /** Deletes for good: the client and all its tokens are refused, and what it had been granted is forgotten. */
    async delete(principal: Principal, rawInput: unknown): Promise<OAuthClient> {
      authorize(principal, "clients:delete");
      const input = parseInput(clientStatusSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, input.id);
        const now = new Date(clock.now());
        const hashes = { secretHash: null, previousSecretHash: null, previousSecretExpiresAt: null };
        const after = await store.updateClientRow(tx, before.id, { ...hashes, deletedAt: now, updatedAt: now });
        await tx.oAuthArtifact.deleteMany({ where: { clientId: before.id } });
        await tell(tx, principal, { action: "oauth_client.deleted", before, after, reason: input.reason });
        return after;
      });
    },

    /** As a change looks for it, whatever the caller may read. */
    findVisible(principal: Principal, id: string): Promise<OAuthClient | null> {
      return store.findVisibleClient(database.prisma, visibleTo(principal), id);
    },

    /** One client; null when there is none that the caller may see. */
    async get(principal: Principal, rawId: unknown): Promise<OAuthClient | null> {
      authorize(principal, "clients:read");
      return store.findVisibleClient(database.prisma, visibleTo(principal), parseArguments(idSchema, rawId));
    },

    async list(principal: Principal, rawTenantId: unknown, page: PageArguments): Promise<Page<OAuthClient>> {
      authorize(principal, "clients:read");
      const tenantId = parseArguments(idSchema.nullish(), rawTenantId) ?? undefined;
      const visibility = visibleTo(principal);
      return pageByCreation(page, {
        order,
        read: (after, take) => store.findClients(database.prisma, visibility, tenantId, after, take),
        totalCount: () => store.countClients(database.prisma, visibility, tenantId),
      });
    },
  };
}
