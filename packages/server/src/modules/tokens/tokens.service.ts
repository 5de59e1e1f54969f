import { createId, generateKey, managementTokenPrefix, type Permission } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { CustomRole, Database, ManagementToken, Transaction, User } from "../../platform/database/index.js";
import {
  ConflictError,
  ForbiddenError,
  type InputIssue,
  InvalidInputError,
  NotFoundError,
} from "../../platform/errors.js";
import { type Page, type PageArguments, pageByCreation } from "../../platform/pages.js";
import { parseArguments, parseInput } from "../../platform/validation.js";
import { type Audit, actorOf } from "../audit/index.js";
import {
  authorize,
  authorizeGrant,
  authorizeKeyScopes,
  authorizeScopes,
  hashSecret,
  type Principal,
  permissionsOfHolder,
  visibleTo,
} from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { Idempotency } from "../idempotency/index.js";
import type { Roles } from "../roles/index.js";
import type { Tenants } from "../tenants/index.js";
import type { Users } from "../users/index.js";
import type { TokenUse } from "./token-use.js";
import {
  type CreateManagementTokenInput,
  createManagementTokenSchema,
  revokeManagementTokenSchema,
  rotateManagementTokenSchema,
  tokenFilterSchema,
} from "./tokens.input.js";
import * as store from "./tokens.store.js";

interface Deps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly database: Database;
  readonly events: Events;
  readonly idempotency: Idempotency;
  readonly roles: Pick<Roles, "requireGrantable" | "share">;
  readonly tenants: Pick<Tenants, "require">;
  readonly users: Pick<Users, "lock">;
  readonly use: Pick<TokenUse, "lastUsedAt">;
  /** Whether KEYPLANE_ROOT_TOKEN says what the root token is: another secret of it would not outlive a restart. */
  readonly isRootGiven: boolean;
}

const order = "managementTokens.CREATED_AT_DESC";

export type Tokens = ReturnType<typeof createTokens>;

export function createTokens(deps: Deps) {
  const { audit, clock, database, events, idempotency, isRootGiven, roles, tenants, use, users } = deps;

  async function lock(tx: Transaction, principal: Principal, id: string): Promise<ManagementToken> {
    const token = await store.lockToken(tx, visibleTo(principal), id);
    if (!token) throw new NotFoundError("management token");
    return token;
  }

  /** The tenant that a new token is confined to: the asked one, or else the caller's own reach; and whom it acts for. */
  async function placeOf(tx: Transaction, principal: Principal, input: CreateManagementTokenInput) {
    const tenantId = input.tenantId ?? principal.tenantId;
    if (tenantId !== null) await tenants.require(tx, principal, tenantId);
    if (input.userId === undefined) return { tenantId, user: null };
    const user = await users.lock(tx, principal, input.userId);
    if (tenantId !== null && user.tenantId !== tenantId) throw new NotFoundError("user");
    if (user.status === "ACTIVE") return { tenantId: user.tenantId, user };
    throw new ConflictError(
      user.status === "DELETED"
        ? "This user was deleted, so the token would be refused. Let it act for another user."
        : "This user is disabled, so the token would be refused. Enable the user first with enableUser.",
    );
  }

  /** A token that acts for nobody sees its whole tenant: nobody gives that who sees only their own. */
  function refuseWholeTenant({ onlyUserId }: Principal, { userId }: Pick<CreateManagementTokenInput, "userId">): void {
    if (onlyUserId === null || userId !== undefined) return;
    throw new ForbiddenError(
      `A token without userId sees its whole tenant, of which you see only what is yours. Give your own userId, ${onlyUserId}, or ask an administrator.`,
    );
  }

  /** The custom role of a new token. */
  async function customRoleOf(
    tx: Transaction,
    principal: Principal,
    { customRoleId }: CreateManagementTokenInput,
    tenantId: string | null,
  ): Promise<CustomRole | null> {
    if (customRoleId === undefined) return null;
    if (tenantId !== null) return roles.requireGrantable(tx, principal, tenantId, customRoleId);
    const message = "A custom role belongs to a tenant. Give its tenantId, too.";
    throw new InvalidInputError([{ path: ["customRoleId"], message }]);
  }

  /** A token never does more than the user whom it acts for. */
  async function refuseBeyondUser(
    tx: Transaction,
    principal: Principal,
    input: CreateManagementTokenInput,
    ofToken: readonly Permission[],
    user: User,
  ): Promise<void> {
    const customRole = user.customRoleId === null ? null : await roles.share(tx, principal, user.customRoleId);
    const ofUser = permissionsOfHolder(user.role, customRole, user.tenantId);
    // Of a role that is named, all counts; of a custom role, what is narrowed to.
    const asked = customRole && input.permissions.length > 0 ? input.permissions : ofToken;
    if (asked.every((permission) => ofUser.includes(permission))) return;
    const message = customRole
      ? `This user has the custom role ${customRole.name}. Give its id as customRoleId, or narrow permissions to some of ${ofUser.join(", ") || "none"}.`
      : `This user has the role ${user.role}. Choose that role or a lesser one, or change the user's role first with updateUser.`;
    throw new InvalidInputError([{ path: ["role"], message }]);
  }

  /** What is wrong with what a new token may do, beyond what its creator may not give. */
  function refuseMeaningless(
    principal: Principal,
    input: CreateManagementTokenInput,
    tenantId: string | null,
    ofRole: readonly Permission[],
  ): void {
    const issues: InputIssue[] = [];
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

  function refuseToRotate(token: ManagementToken, now: number): void {
    if (token.revokedAt) throw new ConflictError("This management token is revoked, which is final. Create a new one.");
    if (token.expiresAt && now >= token.expiresAt.getTime()) {
      throw new ConflictError(
        `This management token expired at ${token.expiresAt.toISOString()}. Create a new one with createManagementToken.`,
      );
    }
    if (token.createdBy === "root" && isRootGiven) {
      throw new ConflictError(
        "The root token is what KEYPLANE_ROOT_TOKEN says. Set the variable to another value and start the servers again.",
      );
    }
  }

  /** Whoever gets a token's secret can do what it can: no more than they could give to a new one. */
  async function refuseMore(tx: Transaction, principal: Principal, token: ManagementToken): Promise<void> {
    const customRole = token.customRoleId === null ? null : await roles.share(tx, principal, token.customRoleId);
    const ofRole = permissionsOfHolder(token.role, customRole, token.tenantId);
    authorizeGrant(
      principal,
      token.permissions.length === 0 ? ofRole : ofRole.filter((permission) => token.permissions.includes(permission)),
    );
    authorizeKeyScopes(principal, token.restrictScopes ? token.grantableScopes : null);
    const { expiresAt } = principal;
    if (expiresAt === null || (token.expiresAt && token.expiresAt.getTime() <= expiresAt)) return;
    throw new ForbiddenError(
      `This management token works longer than yours, which expires at ${new Date(expiresAt).toISOString()}. Rotate it with a token that does not expire before it.`,
    );
  }

  return {
    /**
     * Creates a management token. Its secret is in the answer and nowhere else.
     *
     * @throws InvalidInputError, NotFoundError for tenant or user, ConflictError for a disabled or deleted user,
     * ForbiddenError without `tokens:create`, for a role, permissions or scopes beyond the caller's own, or for a token without
     * userId where the caller sees only their own.
     */
    async create(
      principal: Principal,
      rawInput: unknown,
    ): Promise<{ managementToken: ManagementToken; secret: string }> {
      authorize(principal, "tokens:create");
      const { idempotencyKey, ...input } = parseInput(createManagementTokenSchema, rawInput);
      refuseWholeTenant(principal, input);
      authorizeScopes(principal, input.grantableScopes ?? []);
      const attempt = { operation: "createManagementToken", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, events.transaction, async (tx) => {
        const { tenantId, user } = await placeOf(tx, principal, input);
        const customRole = await customRoleOf(tx, principal, input, tenantId);
        const role = customRole?.base ?? input.role;
        const ofRole = permissionsOfHolder(role, customRole, tenantId);
        if (user) await refuseBeyondUser(tx, principal, input, ofRole, user);
        // Permissions given by name narrow the role, so that the rest of the role needs no covering.
        const narrowed = input.permissions.length > 0;
        authorizeGrant(principal, narrowed ? input.permissions : ofRole);
        refuseMeaningless(principal, input, tenantId, ofRole);
        const { secret, start } = generateKey({ prefix: managementTokenPrefix, environment: "LIVE" });
        const token = await store.insertToken(tx, {
          id: createId("ManagementToken"),
          tenantId,
          userId: input.userId ?? null,
          name: input.name,
          role,
          customRoleId: customRole?.id ?? null,
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

    /**
     * Gives a management token a new secret; its id stays, and everything that it may do. The old secret works on for
     * `overlapMs` (0: stops at once), and none before it any more.
     *
     * @throws NotFoundError; ConflictError for a revoked or expired token, or one that KEYPLANE_ROOT_TOKEN sets; ForbiddenError
     * without `tokens:rotate`, or for a token that can do more than the caller, because its secret would be the caller's.
     */
    async rotate(
      principal: Principal,
      rawInput: unknown,
    ): Promise<{ managementToken: ManagementToken; secret: string }> {
      authorize(principal, "tokens:rotate");
      const { idempotencyKey, ...input } = parseInput(rotateManagementTokenSchema, rawInput);
      const attempt = { operation: "rotateManagementToken", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, events.transaction, async (tx) => {
        const before = await lock(tx, principal, input.id);
        const now = clock.now();
        refuseToRotate(before, now);
        if (before.id !== principal.id) await refuseMore(tx, principal, before);
        const { secret, start } = generateKey({ prefix: managementTokenPrefix, environment: "LIVE" });
        const after = await store.updateTokenRow(tx, before.id, {
          hash: hashSecret(secret),
          previousHash: before.hash,
          previousStopsAt: new Date(now + input.overlapMs),
          rotatedAt: new Date(now),
          start,
        });
        await audit.record(tx, {
          actor: actorOf(principal),
          action: "management_token.rotated",
          tenantId: after.tenantId,
          target: { type: "ManagementToken", id: after.id },
          before,
          after,
        });
        await events.append(tx, { type: "TOKEN_ROTATED", tenantId: after.tenantId, tokenId: after.id });
        return { targetId: after.id, secret };
      });
      const managementToken = await events.transaction((tx) => lock(tx, principal, outcome.targetId));
      if (outcome.isRepeat && managementToken.hash !== hashSecret(outcome.secret ?? "")) {
        throw new ConflictError(
          `The secret of this attempt is not the newest any more: the management token ${managementToken.id} was rotated again. Use that one, or rotate it with a new idempotencyKey.`,
        );
      }
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

    /** As a change looks for it, whatever the caller may read. */
    findVisible(principal: Principal, id: string): Promise<ManagementToken | null> {
      return store.findToken(database.prisma, visibleTo(principal), id);
    },

    /** When a token was last used: what is written, or what this process has seen since. */
    lastUsedAt(token: ManagementToken): Date | null {
      const seen = use.lastUsedAt(token.id);
      const written = token.lastUsedAt?.getTime() ?? null;
      const last = Math.max(seen ?? 0, written ?? 0);
      return last === 0 ? null : new Date(last);
    },

    async list(principal: Principal, rawFilter: unknown, page: PageArguments): Promise<Page<ManagementToken>> {
      authorize(principal, "tokens:read");
      const filter = parseArguments(tokenFilterSchema, rawFilter ?? {});
      const now = new Date(clock.now());
      const visibility = visibleTo(principal);
      return pageByCreation(page, {
        order,
        read: (after, take) => store.findTokens(database.prisma, visibility, filter, { now, after, take }),
        totalCount: () => store.countTokens(database.prisma, visibility, filter, now),
      });
    },
  };
}
