import { createId, generateKey, managementTokenPrefix } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { Database, ManagementToken, Transaction, User } from "../../platform/database/index.js";
import { ConflictError, type InputIssue, InvalidInputError, NotFoundError } from "../../platform/errors.js";
import { type Page, type PageArguments, pageOf, parsePage } from "../../platform/pages.js";
import { idSchema, parseArguments, parseInput } from "../../platform/validation.js";
import { type Audit, actorOf } from "../audit/index.js";
import {
  authorize,
  authorizeGrant,
  authorizeScopes,
  hashSecret,
  type Principal,
  permissionsWithin,
  visibleTo,
} from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { Idempotency } from "../idempotency/index.js";
import type { Tenants } from "../tenants/index.js";
import type { Users } from "../users/index.js";
import {
  type CreateManagementTokenInput,
  createManagementTokenSchema,
  revokeManagementTokenSchema,
} from "./tokens.input.js";
import * as store from "./tokens.store.js";

interface Deps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly database: Database;
  readonly events: Events;
  readonly idempotency: Idempotency;
  readonly tenants: Pick<Tenants, "require">;
  readonly users: Pick<Users, "lock">;
}

const order = "managementTokens.CREATED_AT_DESC";

export type Tokens = ReturnType<typeof createTokens>;

export function createTokens({ audit, clock, database, events, idempotency, tenants, users }: Deps) {
  async function lock(tx: Transaction, principal: Principal, id: string): Promise<ManagementToken> {
    const token = await store.lockToken(tx, visibleTo(principal), id);
    if (!token) throw new NotFoundError("management token");
    return token;
  }

  /** The tenant that a new token is confined to: the asked one, or else the caller's own reach. */
  async function tenantOf(tx: Transaction, principal: Principal, input: CreateManagementTokenInput) {
    const tenantId = input.tenantId ?? principal.tenantId;
    if (tenantId !== null) await tenants.require(tx, principal, tenantId);
    if (input.userId === undefined) return tenantId;
    const user = await users.lock(tx, principal, input.userId);
    if (tenantId !== null && user.tenantId !== tenantId) throw new NotFoundError("user");
    if (user.status === "ACTIVE") {
      refuseBeyondUser(input, user);
      return user.tenantId;
    }
    throw new ConflictError(
      user.status === "DELETED"
        ? "This user was deleted, so the token would be refused. Let it act for another user."
        : "This user is disabled, so the token would be refused. Enable the user first with enableUser.",
    );
  }

  /** What is wrong with what a new token may do, beyond what its creator may not give. */
  function refuseMeaningless(principal: Principal, input: CreateManagementTokenInput, tenantId: string | null): void {
    const issues: InputIssue[] = [];
    const ofRole = permissionsWithin(input.role, tenantId);
    const beyond = input.permissions.filter((permission) => !ofRole.includes(permission));
    if (beyond.length > 0) {
      const who = `A token with the role ${input.role}${tenantId === null ? "" : " in a tenant"}`;
      const message = `${who} cannot have ${beyond.join(", ")}. Leave it out, or choose another role.`;
      issues.push({ path: ["permissions"], message });
    }
    if (input.expiresAt && input.expiresAt.getTime() <= clock.now()) {
      issues.push({ path: ["expiresAt"], message: "Give a time in the future, or leave it out." });
    }
    if (input.expiresAt && principal.expiresAt !== null && input.expiresAt.getTime() > principal.expiresAt) {
      const end = new Date(principal.expiresAt).toISOString();
      issues.push({ path: ["expiresAt"], message: `Your own token expires at ${end}; give no later time.` });
    }
    if (issues.length > 0) throw new InvalidInputError(issues);
  }

  return {
    /**
     * Creates a management token. Its secret is in the answer and nowhere else.
     *
     * @throws InvalidInputError, NotFoundError for tenant or user, ConflictError for a disabled or deleted user,
     * ForbiddenError without `tokens:create`, or for a role, permissions or scopes beyond the caller's own.
     */
    async create(
      principal: Principal,
      rawInput: unknown,
    ): Promise<{ managementToken: ManagementToken; secret: string }> {
      authorize(principal, "tokens:create");
      const { idempotencyKey, ...input } = parseInput(createManagementTokenSchema, rawInput);
      authorizeScopes(principal, input.grantableScopes ?? []);
      const attempt = { operation: "createManagementToken", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, events.transaction, async (tx) => {
        const tenantId = await tenantOf(tx, principal, input);
        // Permissions given by name narrow the role, so that the rest of the role needs no covering.
        const narrowed = input.permissions.length > 0;
        authorizeGrant(principal, narrowed ? input.permissions : permissionsWithin(input.role, tenantId));
        refuseMeaningless(principal, input, tenantId);
        const { secret, start } = generateKey({ prefix: managementTokenPrefix, environment: "LIVE" });
        const token = await store.insertToken(tx, {
          id: createId("ManagementToken"),
          tenantId,
          userId: input.userId ?? null,
          name: input.name,
          role: input.role,
          permissions: input.permissions,
          grantableScopes: input.grantableScopes ?? [...(principal.grantableScopes ?? [])],
          restrictScopes: input.grantableScopes !== undefined || principal.grantableScopes !== null,
          hash: hashSecret(secret),
          start,
          createdBy: actorOf(principal).id,
          // A token that ends cannot leave one behind that does not.
          expiresAt: input.expiresAt ?? (principal.expiresAt === null ? null : new Date(principal.expiresAt)),
          createdAt: new Date(clock.now()),
        });
        await audit.record(tx, {
          actor: actorOf(principal),
          action: "management_token.created",
          tenantId,
          target: { type: "ManagementToken", id: token.id },
          before: null,
          after: token,
        });
        await events.append(tx, { type: "TOKEN_CREATED", tenantId, tokenId: token.id });
        return { targetId: token.id, secret };
      });
      const managementToken = await events.transaction((tx) => lock(tx, principal, outcome.targetId));
      return { managementToken, secret: outcome.secret ?? "" };
    },

    /** Ends a management token at once. Revoking a revoked one changes nothing. */
    async revoke(principal: Principal, rawInput: unknown): Promise<ManagementToken> {
      authorize(principal, "tokens:revoke");
      const input = parseInput(revokeManagementTokenSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, input.id);
        if (before.revokedAt) return before;
        const after = await store.updateTokenRow(tx, before.id, {
          revokedAt: new Date(clock.now()),
          revokedReason: input.reason ?? null,
        });
        await audit.record(tx, {
          actor: actorOf(principal),
          action: "management_token.revoked",
          tenantId: after.tenantId,
          target: { type: "ManagementToken", id: after.id },
          before,
          after,
          reason: input.reason,
        });
        await events.append(tx, { type: "TOKEN_REVOKED", tenantId: after.tenantId, tokenId: after.id });
        return after;
      });
    },

    async list(principal: Principal, rawTenantId: unknown, page: PageArguments): Promise<Page<ManagementToken>> {
      authorize(principal, "tokens:read");
      const tenantId = parseArguments(idSchema.nullish(), rawTenantId) ?? undefined;
      const { size, after } = parsePage(page, order, "createdAt");
      const visibility = visibleTo(principal);
      return pageOf({
        rows: await store.findTokens(database.prisma, visibility, tenantId, after, size + 1),
        size,
        after,
        order,
        placeOf: (row) => ({ value: row.createdAt, id: row.id }),
        totalCount: () => store.countTokens(database.prisma, visibility, tenantId),
      });
    },
  };
}

/** A token never does more than the user whom it acts for. */
function refuseBeyondUser(input: CreateManagementTokenInput, user: User): void {
  const ofUser = permissionsWithin(user.role, user.tenantId);
  if (permissionsWithin(input.role, user.tenantId).every((permission) => ofUser.includes(permission))) return;
  const message = `This user has the role ${user.role}. Choose that role or a lesser one, or change the user's role first with updateUser.`;
  throw new InvalidInputError([{ path: ["role"], message }]);
}
