import { createId, type Role } from "@keyplane/schema";
import { changes } from "../../../platform/changes.js";
import type { Clock } from "../../../platform/clock.js";
import type { Database, Transaction, TrustedIssuer } from "../../../platform/database/index.js";
import { type InputIssue, InvalidInputError, LimitReachedError, NotFoundError } from "../../../platform/errors.js";
import { type Page, type PageArguments, pageByCreation } from "../../../platform/pages.js";
import type { SafeFetch } from "../../../platform/safe-fetch.js";
import { unlessTaken } from "../../../platform/unless-taken.js";
import { idSchema, parseArguments, parseInput } from "../../../platform/validation.js";
import { type Audit, actorOf } from "../../audit/index.js";
import {
  authorize,
  authorizeRole,
  authorizeUnlimited,
  authorizeWholeTenant,
  type Principal,
  permissionsWithin,
  visibleTo,
} from "../../auth/index.js";
import type { Events } from "../../events/index.js";
import type { Idempotency } from "../../idempotency/index.js";
import type { Tenants } from "../../tenants/index.js";
import { DiscoveryError, discover, externalAlgorithms } from "./discovery.js";
import {
  createIssuerSchema,
  deleteIssuerSchema,
  type RoleMapping,
  testIssuerSchema,
  updateIssuerSchema,
} from "./issuers.input.js";
import * as store from "./issuers.store.js";

interface Deps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly database: Database;
  readonly events: Events;
  readonly idempotency: Idempotency;
  readonly tenants: Pick<Tenants, "require">;
  readonly fetch: SafeFetch;
  readonly allowPrivateIssuers: boolean;
}

const order = "trustedIssuers.CREATED_AT_DESC";
const maxPerTenant = 50;

/** What an issuer answered when it was asked, as a verification of its tokens would ask. */
export interface IssuerTest {
  readonly issuer: TrustedIssuer;
  /** What keeps its tokens from being verified; null: nothing. */
  readonly problem: string | null;
  readonly jwksUri: string | null;
  readonly keyCount: number;
  readonly algorithms: readonly string[];
}

interface Shape {
  readonly roleClaim: readonly string[];
  readonly roleMapping: readonly RoleMapping[];
  readonly defaultRole?: Role | null | undefined;
}

export type TrustedIssuers = ReturnType<typeof createTrustedIssuers>;

export function createTrustedIssuers(deps: Deps) {
  const { audit, clock, database, events, idempotency, tenants, fetch, allowPrivateIssuers } = deps;
  const createSchema = createIssuerSchema(allowPrivateIssuers);
  const write = unlessTaken(events.transaction, {
    model: "TrustedIssuer",
    fields: ["activeKey"],
    message:
      "Tokens of this issuer for this audience are trusted already. Let the issuer give this tenant an audience of its own.",
  });

  async function lock(tx: Transaction, principal: Principal, id: string): Promise<TrustedIssuer> {
    const issuer = await store.lockIssuer(tx, visibleTo(principal), id);
    if (!issuer) throw new NotFoundError("trusted issuer");
    return issuer;
  }

  async function tell(
    tx: Transaction,
    principal: Principal,
    change: { action: string; before: TrustedIssuer | null; after: TrustedIssuer; reason?: string | undefined },
  ): Promise<void> {
    const { tenantId, id } = change.after;
    const target = { type: "TrustedIssuer", id } as const;
    await audit.record(tx, { actor: actorOf(principal), tenantId, target, ...change });
    await events.append(tx, { type: "TRUSTED_ISSUER_CHANGED", tenantId, subjectId: id, reason: change.reason ?? null });
  }

  /** Whoever lets an issuer's tokens in gives what these may do. */
  function authorizeRoles(principal: Principal, { roleMapping, defaultRole }: Shape, tenantId: string): void {
    for (const role of new Set([...roleMapping.map((each) => each.role), ...(defaultRole ? [defaultRole] : [])])) {
      const granted = permissionsWithin(role, tenantId);
      authorizeRole(principal, role, granted);
      authorizeUnlimited(principal, role, granted);
    }
  }

  return {
    /**
     * Trusts the tokens of an issuer for a tenant.
     *
     * @throws InvalidInputError, NotFoundError for the tenant, ConflictError when another trusts the same issuer and audience,
     * LimitReachedError, ForbiddenError without `issuers:create`, or for a role with more permissions than the caller's.
     */
    async create(principal: Principal, rawInput: unknown): Promise<TrustedIssuer> {
      authorize(principal, "issuers:create");
      authorizeWholeTenant(principal);
      const { idempotencyKey, ...input } = parseInput(createSchema, rawInput);
      authorizeRoles(principal, input, input.tenantId);
      const attempt = { operation: "createTrustedIssuer", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, write, async (tx) => {
        const tenant = await tenants.require(tx, principal, input.tenantId);
        refuseMeaningless(input);
        const visibility = { tenantId: tenant.id, userId: undefined, teamIds: [] };
        if ((await store.countIssuers(tx, visibility, tenant.id)) >= maxPerTenant) {
          throw new LimitReachedError(`A tenant trusts at most ${maxPerTenant} issuers. Delete one first.`);
        }
        const now = new Date(clock.now());
        const issuer = await store.insertIssuer(tx, {
          ...input,
          id: createId("TrustedIssuer"),
          tenantId: tenant.id,
          defaultRole: input.defaultRole ?? null,
          activeKey: store.activeKeyOf(input.issuer, input.audience),
          createdBy: principal.id,
          createdAt: now,
          updatedAt: now,
        });
        await tell(tx, principal, { action: "trusted_issuer.created", before: null, after: issuer });
        return { targetId: issuer.id };
      });
      return events.transaction((tx) => lock(tx, principal, outcome.targetId));
    },

    /** Changes what the input names; it counts for the next request. @throws as create does. */
    async update(principal: Principal, rawInput: unknown): Promise<TrustedIssuer> {
      authorize(principal, "issuers:update");
      const { id, ...given } = parseInput(updateIssuerSchema, rawInput);
      return write(async (tx) => {
        const before = await lock(tx, principal, id);
        const columns = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        const shape = { ...before, roleMapping: before.roleMapping as unknown as RoleMapping[], ...columns };
        // Who may be let in grows with any of these, not only with the roles themselves.
        authorizeRoles(principal, shape, before.tenantId);
        refuseMeaningless(shape);
        if (!changes(before, columns)) return before;
        const activeKey = store.activeKeyOf(before.issuer, given.audience ?? before.audience);
        const after = await store.updateIssuerRow(tx, id, { ...columns, activeKey, updatedAt: new Date(clock.now()) });
        await tell(tx, principal, { action: "trusted_issuer.updated", before, after });
        return after;
      });
    },

    /** Refuses the issuer's tokens from now on. Users that came with them stay. */
    async delete(principal: Principal, rawInput: unknown): Promise<TrustedIssuer> {
      authorize(principal, "issuers:delete");
      const input = parseInput(deleteIssuerSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, input.id);
        const now = new Date(clock.now());
        const after = await store.updateIssuerRow(tx, before.id, { activeKey: null, deletedAt: now, updatedAt: now });
        await tell(tx, principal, { action: "trusted_issuer.deleted", before, after, reason: input.reason });
        return after;
      });
    },

    /** Asks the issuer, as a verification would, and tells what it says. Changes nothing. */
    async test(principal: Principal, rawInput: unknown): Promise<IssuerTest> {
      authorize(principal, "issuers:read");
      const { id } = parseInput(testIssuerSchema, rawInput);
      const visibility = visibleTo(principal);
      const issuer = await store.findIssuer(database.prisma, visibility, id);
      if (!issuer) throw new NotFoundError("trusted issuer");
      try {
        const { jwksUri, jwks } = await discover(fetch, issuer.issuer);
        const named = jwks.keys.flatMap(({ alg }) =>
          alg !== undefined && externalAlgorithms.includes(alg) ? [alg] : [],
        );
        const problem = jwks.keys.length === 0 ? "The issuer publishes no key, so no token can be verified." : null;
        return { issuer, problem, jwksUri, keyCount: jwks.keys.length, algorithms: [...new Set(named)].sort() };
      } catch (error) {
        if (!(error instanceof DiscoveryError)) throw error;
        return { issuer, problem: error.message, jwksUri: null, keyCount: 0, algorithms: [] };
      }
    },

    /** As a change looks for it, whatever the caller may read. */
    findVisible(principal: Principal, id: string): Promise<TrustedIssuer | null> {
      return store.findIssuer(database.prisma, visibleTo(principal), id);
    },

    /** One trusted issuer; null when there is none that the caller may see. */
    async get(principal: Principal, rawId: unknown): Promise<TrustedIssuer | null> {
      authorize(principal, "issuers:read");
      return store.findIssuer(database.prisma, visibleTo(principal), parseArguments(idSchema, rawId));
    },

    async list(principal: Principal, rawTenantId: unknown, page: PageArguments): Promise<Page<TrustedIssuer>> {
      authorize(principal, "issuers:read");
      const tenantId = parseArguments(idSchema.nullish(), rawTenantId) ?? undefined;
      const visibility = visibleTo(principal);
      return pageByCreation(page, {
        order,
        read: (after, take) => store.findIssuers(database.prisma, visibility, tenantId, after, take),
        totalCount: () => store.countIssuers(database.prisma, visibility, tenantId),
      });
    },
  };
}

function refuseMeaningless({ roleClaim, roleMapping, defaultRole }: Shape): void {
  const issues: InputIssue[] = [];
  if (roleMapping.length > 0 && roleClaim.length === 0) {
    issues.push({ path: ["roleClaim"], message: 'Name the claim whose values roleMapping maps, e.g. ["groups"].' });
  }
  if (roleMapping.length === 0 && !defaultRole) {
    issues.push({
      path: ["defaultRole"],
      message: "Without a role, every token is refused: give defaultRole or roleMapping.",
    });
  }
  if (issues.length > 0) throw new InvalidInputError(issues);
}
