import { createId } from "@keyplane/schema";
import { changes } from "../../platform/changes.js";
import type { Clock } from "../../platform/clock.js";
import type { Api, Prisma, Transaction } from "../../platform/database/index.js";
import { LimitReachedError, NotFoundError } from "../../platform/errors.js";
import { unlessTaken } from "../../platform/unless-taken.js";
import { parseInput } from "../../platform/validation.js";
import { type Audit, actorOf } from "../audit/index.js";
import { authorize, authorizeKeyScopes, type Principal } from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { Idempotency } from "../idempotency/index.js";
import type { Tenants } from "../tenants/index.js";
import { createApiSchema, deleteApiSchema, updateApiSchema } from "./apis.input.js";
import { apisChangedBy } from "./apis.reads.js";
import * as store from "./apis.store.js";

/** How many APIs a tenant can have: verifiers hold all of them. */
export const maxApisPerTenant = 200;

interface Deps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly events: Events;
  readonly idempotency: Idempotency;
  readonly tenants: Pick<Tenants, "hold">;
}

export type Apis = ReturnType<typeof createApis>;

/** The APIs of a tenant, with their versions. Verifiers are told of each change as one of the tenant. */
export function createApis({ audit, clock, events, idempotency, tenants }: Deps) {
  const write = unlessTaken(events.transaction, {
    model: "Api",
    fields: ["tenantId", "activeSlug"],
    message: "Another API of this tenant has this slug. Use it, or choose another slug.",
  });

  async function lock(tx: Transaction, principal: Principal, id: string): Promise<Api> {
    const api = await store.lockApi(tx, apisChangedBy(principal), id);
    if (!api) throw new NotFoundError("API");
    return api;
  }

  async function tell(
    tx: Transaction,
    principal: Principal,
    change: { action: string; before: Api | null; after: Api; reason?: string | undefined },
  ): Promise<void> {
    const { action, before, after, reason } = change;
    const target = { type: "Api", id: after.id } as const;
    const { tenantId } = after;
    await audit.record(tx, { actor: actorOf(principal), action, tenantId, target, before, after, reason });
    await events.append(tx, { type: "TENANT_UPDATED", tenantId, subjectId: after.id, reason: reason ?? null });
  }

  return {
    /** For a change, held until the transaction ends. @throws NotFoundError when there is none, or it is of another tenant. */
    lock,

    /**
     * The API that access is to be about, kept as it is until the transaction ends.
     *
     * @throws NotFoundError when there is none, or it is of another tenant.
     */
    async requireFor(tx: Transaction, principal: Principal, tenantId: string, id: string): Promise<Api> {
      const api = await store.shareApi(tx, apisChangedBy(principal), id);
      if (!api || api.tenantId !== tenantId) throw new NotFoundError("API");
      return api;
    },

    /**
     * Creates an API. From the first one on, what verifiers ask for as `api` must be one of the tenant's.
     *
     * @throws InvalidInputError, NotFoundError for the tenant, ConflictError when the slug is taken, LimitReachedError,
     * ForbiddenError without `apis:create`.
     */
    async create(principal: Principal, rawInput: unknown): Promise<Api> {
      authorize(principal, "apis:create");
      const { idempotencyKey, ...input } = parseInput(createApiSchema, rawInput);
      if (input.access === "OPEN") authorizeKeyScopes(principal, null);
      const attempt = { operation: "createApi", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, write, async (tx) => {
        const tenant = await tenants.hold(tx, principal, input.tenantId);
        if ((await store.countApisOfTenant(tx, tenant.id)) >= maxApisPerTenant) {
          throw new LimitReachedError(
            `This tenant has ${maxApisPerTenant} APIs, which is the most. Delete one that is not needed with deleteApi.`,
          );
        }
        const now = new Date(clock.now());
        const api = await store.insertApi(tx, {
          ...input,
          id: createId("Api"),
          tenantId: tenant.id,
          activeSlug: input.slug,
          versions: input.versions,
          createdAt: now,
          updatedAt: now,
        });
        await tell(tx, principal, { action: "api.created", before: null, after: api });
        return { targetId: api.id };
      });
      return events.transaction((tx) => lock(tx, principal, outcome.targetId));
    },

    /**
     * Changes what the input names; `versions` takes the place of all that there were. Counts from the next verification on.
     *
     * @throws as create does.
     */
    async update(principal: Principal, rawInput: unknown): Promise<Api> {
      authorize(principal, "apis:update");
      const input = parseInput(updateApiSchema, rawInput);
      return write(async (tx) => {
        const before = await lock(tx, principal, input.id);
        // Every key of the tenant may call it from then on.
        if (input.access === "OPEN" && before.access !== "OPEN") authorizeKeyScopes(principal, null);
        const columns = {
          ...(input.slug === undefined ? {} : { slug: input.slug, activeSlug: input.slug }),
          ...(input.name === undefined ? {} : { name: input.name }),
          ...(input.description === undefined ? {} : { description: input.description }),
          ...(input.visibility === undefined ? {} : { visibility: input.visibility }),
          ...(input.access === undefined ? {} : { access: input.access }),
          ...(input.versions === undefined ? {} : { versions: input.versions as unknown as Prisma.JsonArray }),
        };
        if (!changes(before, columns)) return before;
        const after = await store.updateApiRow(tx, before.id, {
          ...columns,
          versions: (columns.versions ?? before.versions) as Prisma.InputJsonArray,
          updatedAt: new Date(clock.now()),
        });
        await tell(tx, principal, { action: "api.updated", before, after });
        return after;
      });
    },

    /**
     * Deletes an API for good, with the access of keys to it. Who still asks for it is refused.
     *
     * @returns the API as it was last.
     */
    async delete(principal: Principal, rawInput: unknown): Promise<Api> {
      authorize(principal, "apis:delete");
      const { id, reason } = parseInput(deleteApiSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, id);
        const now = new Date(clock.now());
        const after = await store.updateApiRow(tx, before.id, { activeSlug: null, deletedAt: now, updatedAt: now });
        await store.forgetOldTombstones(tx, before.tenantId, before.id);
        await tell(tx, principal, { action: "api.deleted", before, after, reason });
        return before;
      });
    },
  };
}
