import { createId } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { Api, ApiGrant, Key, Transaction } from "../../platform/database/index.js";
import { ConflictError, NotFoundError } from "../../platform/errors.js";
import { parseInput } from "../../platform/validation.js";
import { type Audit, actorOf } from "../audit/index.js";
import { authorize, authorizeScopes, type Principal, visibleTo } from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { Idempotency } from "../idempotency/index.js";
import { accessSchemaOf, approveSchema, refuseSchema } from "./apis.input.js";
import type { Apis } from "./apis.service.js";
import * as store from "./grants.store.js";

interface Deps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly events: Events;
  readonly idempotency: Idempotency;
  readonly apis: Pick<Apis, "requireFor">;
  /** Reads a key for a change, within the caller's bounds; what keys are is known further to the right. @throws NotFoundError */
  readonly lockKey: (tx: Transaction, principal: Principal, id: string) => Promise<Key>;
}

type Status = ApiGrant["status"];

export type ApiGrants = ReturnType<typeof createApiGrants>;

/** Which keys may call which APIs: requested by whoever has the key, or given at once. Verifiers are told of each change as one of the key. */
export function createApiGrants({ audit, clock, events, idempotency, apis, lockKey }: Deps) {
  /** The key first, as everywhere: those who change one key's access follow each other. */
  async function lock(tx: Transaction, principal: Principal, id: string): Promise<{ grant: ApiGrant; key: Key }> {
    const seen = await store.findGrant(tx, visibleTo(principal), id);
    if (!seen) throw new NotFoundError("grant");
    const key = await lockKey(tx, principal, seen.keyId);
    const grant = await store.findGrant(tx, visibleTo(principal), id);
    if (!grant) throw new NotFoundError("grant");
    return { grant, key };
  }

  async function tell(
    tx: Transaction,
    principal: Principal,
    key: Key,
    change: { before: ApiGrant | null; after: ApiGrant; reason: string | null },
  ): Promise<ApiGrant> {
    const { before, after, reason } = change;
    const target = { type: "ApiGrant", id: after.id } as const;
    const action = `api_grant.${actions[after.status]}`;
    const { tenantId } = after;
    await audit.record(tx, { actor: actorOf(principal), action, tenantId, target, before, after, reason });
    const teamIds = key.teamId === null ? [] : [key.teamId];
    await events.append(tx, { type: "UPDATED", tenantId, keyId: key.id, userId: key.ownerId, teamIds, reason });
    return after;
  }

  /** What a key has to do with an API, as it is to be from now on. */
  async function put(
    tx: Transaction,
    principal: Principal,
    { key, api }: { key: Key; api: Api },
    change: { status: "PENDING" | "GRANTED"; reason: string | null },
  ): Promise<ApiGrant> {
    const before = await store.findGrantOf(tx, key.id, api.id);
    const { status, reason } = change;
    // What is so already stays, with its reasons; a request does not take away what was granted.
    if (before && (before.status === status || before.status === "GRANTED")) return before;
    const columns = columnsOf(principal, status, reason, new Date(clock.now()));
    const after = before
      ? await store.updateGrantRow(tx, before.id, columns)
      : await store.insertGrant(tx, {
          ...columns,
          id: createId("ApiGrant"),
          tenantId: key.tenantId,
          apiId: api.id,
          keyId: key.id,
          createdAt: columns.updatedAt,
        });
    return tell(tx, principal, key, { before, after, reason });
  }

  async function putOnce(
    principal: Principal,
    rawInput: unknown,
    operation: "requestApiAccess" | "grantApiAccess",
  ): Promise<ApiGrant> {
    const { idempotencyKey, ...input } = parseInput(accessSchemaOf, rawInput);
    const attempt = { operation, idempotencyKey, input };
    const outcome = await idempotency.once(principal, attempt, events.transaction, async (tx) => {
      const key = await lockKey(tx, principal, input.keyId);
      refuseDead(key);
      const api = await apis.requireFor(tx, principal, key.tenantId, input.apiId);
      if (operation === "grantApiAccess") authorizeScopes(principal, key.scopes);
      else if (api.access === "OPEN") {
        throw new ConflictError("Every key of the tenant may call this API: there is nothing to request.");
      }
      const status = operation === "grantApiAccess" ? "GRANTED" : "PENDING";
      const grant = await put(tx, principal, { key, api }, { status, reason: input.reason ?? null });
      return { targetId: grant.id };
    });
    return events.transaction(async (tx) => (await lock(tx, principal, outcome.targetId)).grant);
  }

  async function decide(
    principal: Principal,
    id: string,
    status: "GRANTED" | "REFUSED" | "REVOKED",
    reason: string | null,
  ): Promise<ApiGrant> {
    return events.transaction(async (tx) => {
      const { grant: before, key } = await lock(tx, principal, id);
      if (before.status === status) return before;
      if (status === "REFUSED" && before.status !== "PENDING") {
        throw new ConflictError("Only a request that waits can be refused. Take access away with revokeApiAccess.");
      }
      if (status === "REVOKED" && before.status === "REFUSED") {
        throw new ConflictError("The request was refused: there is no access to take away.");
      }
      if (status === "GRANTED") {
        refuseDead(key);
        await apis.requireFor(tx, principal, before.tenantId, before.apiId);
        authorizeScopes(principal, key.scopes);
      }
      const after = await store.updateGrantRow(
        tx,
        before.id,
        columnsOf(principal, status, reason, new Date(clock.now())),
      );
      return tell(tx, principal, key, { before, after, reason });
    });
  }

  return {
    /**
     * Asks for access, which somebody else then approves or refuses. Asking again, while it waits or when it was granted, changes nothing;
     * after a refusal it waits anew.
     *
     * @throws InvalidInputError; NotFoundError for key or API; ConflictError for a revoked or deleted key, and for an open API;
     * ForbiddenError without `grants:request`.
     */
    async request(principal: Principal, rawInput: unknown): Promise<ApiGrant> {
      authorize(principal, "grants:request");
      return putOnce(principal, rawInput, "requestApiAccess");
    },

    /** Gives access at once, whether it was requested or not. @throws as request does; ForbiddenError also for scopes that the caller may not give. */
    async grant(principal: Principal, rawInput: unknown): Promise<ApiGrant> {
      authorize(principal, "grants:approve");
      return putOnce(principal, rawInput, "grantApiAccess");
    },

    /** Gives what was requested, or what was refused or revoked before. */
    async approve(principal: Principal, rawInput: unknown): Promise<ApiGrant> {
      authorize(principal, "grants:approve");
      const { id, reason } = parseInput(approveSchema, rawInput);
      return decide(principal, id, "GRANTED", reason ?? null);
    },

    /** Refuses a request that waits. @throws ConflictError for anything else. */
    async refuse(principal: Principal, rawInput: unknown): Promise<ApiGrant> {
      authorize(principal, "grants:approve");
      const { id, reason } = parseInput(refuseSchema, rawInput);
      return decide(principal, id, "REFUSED", reason);
    },

    /** Takes access away, or a request that waits. The key is refused from the next verification on. */
    async revoke(principal: Principal, rawInput: unknown): Promise<ApiGrant> {
      authorize(principal, "grants:approve");
      const { id, reason } = parseInput(refuseSchema, rawInput);
      return decide(principal, id, "REVOKED", reason);
    },
  };
}

const actions: Readonly<Record<Status, string>> = {
  PENDING: "requested",
  GRANTED: "granted",
  REFUSED: "refused",
  REVOKED: "revoked",
};

function columnsOf(principal: Principal, status: Status, reason: string | null, now: Date) {
  const by = actorOf(principal).id;
  return status === "PENDING"
    ? {
        status,
        requestedBy: by,
        requestReason: reason,
        decidedBy: null,
        decisionReason: null,
        decidedAt: null,
        updatedAt: now,
      }
    : { status, decidedBy: by, decisionReason: reason, decidedAt: now, updatedAt: now };
}

/** A revoked or deleted key gets no access to anything. */
function refuseDead(key: Key): void {
  if (key.deletedAt) throw new ConflictError("This key is deleted. Restore it first with restoreKey.");
  if (key.revokedAt) throw new ConflictError("This key is revoked, which is final. Create a new key instead.");
}
