import { createId, type Permission } from "@keyplane/schema";
import { changes } from "../../platform/changes.js";
import type { Clock } from "../../platform/clock.js";
import type { Database, Transaction, Webhook } from "../../platform/database/index.js";
import { ConflictError, ForbiddenError, LimitReachedError, NotFoundError } from "../../platform/errors.js";
import type { GuessLimiter } from "../../platform/guess-limiter.js";
import { type Page, type PageArguments, pageByCreation } from "../../platform/pages.js";
import type { SecretBox } from "../../platform/secret-box.js";
import { idSchema, parseArguments, parseInput } from "../../platform/validation.js";
import { type Audit, actorOf } from "../audit/index.js";
import {
  authorize,
  authorizeGrant,
  authorizeUnlimited,
  authorizeWholeTenant,
  hearingRefusal,
  type Principal,
  visibleTo,
} from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { Idempotency, Outcome } from "../idempotency/index.js";
import type { Tenants } from "../tenants/index.js";
import * as deliveries from "./deliveries.store.js";
import { createWebhookSecret } from "./lib/standard-webhook.js";
import { webhookLimits } from "./webhook-limits.js";
import { type createWebhookRequest, purposeOfWebhook, type WebhookAnswer } from "./webhook-request.js";
import { disableWebhook } from "./webhook-sender.js";
import { testMessage } from "./webhook-test-message.js";
import { rotateSecretSchema, testWebhookSchema, webhookSchemas, webhookStatusSchema } from "./webhooks.input.js";
import * as store from "./webhooks.store.js";

const order = "webhooks.CREATED_AT_DESC";

/** A webhook with the secret that its messages are signed with, shown this once. */
export interface IssuedWebhook {
  readonly webhook: Webhook;
  readonly secret: string;
}

/** What a receiver answered to a message that was only a test. */
export interface WebhookTest extends WebhookAnswer {
  readonly webhook: Webhook;
}

/** What to do about it first, by whose policy names a webhook that is to be deleted. */
const namedWords = {
  tenant:
    "A rotation policy names this webhook. Set rotationWebhookId of the tenant's policy and of its keys to null or another one first.",
  key: "Rotation policies of keys name this webhook. Set rotationWebhookId of these keys to null or another one first.",
  deletedKey:
    "Deleted keys name this webhook, and would get no new secrets any more once they are restored. Until 30 days after their deletion, restore them, set their rotationWebhookId to null, and delete them again; or disable the webhook.",
} as const;

export type Webhooks = ReturnType<typeof createWebhooks>;

/** Addresses of a tenant that are told of events. */
export function createWebhooks(deps: {
  audit: Audit;
  clock: Clock;
  database: Database;
  events: Events;
  idempotency: Idempotency;
  planRotations: (tx: Transaction, tenantId: string) => Promise<void>;
  request: ReturnType<typeof createWebhookRequest>;
  secretBox: SecretBox;
  tenants: Pick<Tenants, "hold">;
  /** Bounds how often a tenant has its webhooks tested. */
  tests: Pick<GuessLimiter, "take">;
  allowPrivate: boolean;
}) {
  const { audit, clock, database, events, idempotency, planRotations, request, secretBox, tenants, tests } = deps;
  const schemas = webhookSchemas(deps.allowPrivate);

  async function lock(tx: Transaction, principal: Principal, id: string): Promise<Webhook> {
    const webhook = await store.lockWebhook(tx, visibleTo(principal), id);
    if (!webhook) throw new NotFoundError("webhook");
    return webhook;
  }

  async function tell(
    tx: Transaction,
    principal: Principal,
    change: { action: string; before: Webhook | null; after: Webhook; reason?: string | undefined },
  ): Promise<void> {
    const { tenantId, id } = change.after;
    const target = { type: "Webhook", id } as const;
    await audit.record(tx, { actor: actorOf(principal), tenantId, target, ...change });
    await events.append(tx, { type: "WEBHOOK_CHANGED", tenantId, subjectId: id, reason: change.reason ?? null });
  }

  /** Whoever chooses where secrets go can use them, for as long as the webhook is there. */
  function authorizeSecrets(principal: Principal, { receivesSecrets }: Pick<Webhook, "receivesSecrets">): void {
    if (!receivesSecrets) return;
    const needed: Permission[] = ["keys:rotate"];
    authorizeGrant(principal, needed);
    authorizeUnlimited(principal, "DEVELOPER", needed);
  }

  /** @throws ForbiddenError for whoever must not let others hear of the tenant's keys. */
  function authorizeHearing(principal: Principal): void {
    const refusal = hearingRefusal(principal);
    if (refusal !== null) throw new ForbiddenError(refusal);
  }

  /** Answers an attempt, also a repeated one: the webhook as it is now, and the secret of the first time. */
  async function answer(principal: Principal, { targetId, secret = "", isRepeat }: Outcome): Promise<IssuedWebhook> {
    const webhook = await events.transaction((tx) => lock(tx, principal, targetId));
    // Only who repeats: somebody else's rotation at the same time must not hide that this one was made.
    if (isRepeat) refuseSuperseded(webhook, secret);
    return { webhook, secret };
  }

  /** Whoever checked messages with the secret of before another rotation would refuse them, at the latest when its overlap ends. */
  function refuseSuperseded({ id, sealedSecret, secretRotatedAt }: Webhook, secret: string): void {
    if (secretBox.open(sealedSecret, purposeOfWebhook(id)) === secret) return;
    const at = secretRotatedAt ? ` at ${secretRotatedAt.toISOString()}` : "";
    throw new ConflictError(
      `The secret of this attempt is not the present one any more: the webhook ${id} got another one${at}. Use that one, or rotate the secret with a new idempotencyKey.`,
    );
  }

  return {
    /**
     * Tells an address of events from now on.
     *
     * @throws InvalidInputError, NotFoundError for the tenant, LimitReachedError, ForbiddenError without `webhooks:create`
     * and `keys:read`, for a caller with an end, and for one that receives secrets without `keys:rotate`.
     */
    async create(principal: Principal, rawInput: unknown): Promise<IssuedWebhook> {
      authorize(principal, "webhooks:create");
      authorizeWholeTenant(principal);
      authorizeHearing(principal);
      const { idempotencyKey, ...input } = parseInput(schemas.create, rawInput);
      const attempt = { operation: "createWebhook", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, events.transaction, async (tx) => {
        const { id: tenantId } = await tenants.hold(tx, principal, input.tenantId);
        authorizeSecrets(principal, input);
        if (
          (await store.countWebhooks(tx, { ...visibleTo(principal), tenantId }, tenantId)) >= webhookLimits.perTenant
        ) {
          throw new LimitReachedError(`A tenant has at most ${webhookLimits.perTenant} webhooks. Delete one first.`);
        }
        const id = createId("Webhook");
        const secret = createWebhookSecret();
        const now = new Date(clock.now());
        const webhook = await store.insertWebhook(tx, {
          ...input,
          id,
          tenantId,
          sealedSecret: secretBox.seal(secret, purposeOfWebhook(id)),
          createdBy: principal.id,
          createdAt: now,
          updatedAt: now,
        });
        await tell(tx, principal, { action: "webhook.created", before: null, after: webhook });
        return { targetId: id, secret };
      });
      return answer(principal, outcome);
    },

    /** Changes what the input names; all but the name needs what creating needs. Messages that wait go to the new address. What is so already changes nothing. */
    async update(principal: Principal, rawInput: unknown): Promise<Webhook> {
      authorize(principal, "webhooks:update");
      const { id, ...given } = parseInput(schemas.update, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, id);
        const columns = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        if (!changes(before, columns)) return before;
        if (changes(before, { ...columns, name: before.name })) {
          authorizeHearing(principal);
          authorizeSecrets(principal, before);
        }
        // Another address has not failed yet.
        const isMoved = given.url !== undefined && given.url !== before.url;
        const moved = isMoved ? { failingSince: null } : {};
        const updatedAt = new Date(clock.now());
        const after = await store.updateWebhookRow(tx, id, { ...columns, ...moved, updatedAt });
        await tell(tx, principal, { action: "webhook.updated", before, after });
        return after;
      });
    },

    /**
     * Gives a webhook a new secret. For `overlapMs`, messages are signed with both.
     *
     * @throws ForbiddenError without `webhooks:update`, and for one that receives secrets without `keys:rotate`: whoever can sign as
     * Keyplane can hand such a receiver a secret of their own.
     */
    async rotateSecret(principal: Principal, rawInput: unknown): Promise<IssuedWebhook> {
      authorize(principal, "webhooks:update");
      const { idempotencyKey, ...input } = parseInput(rotateSecretSchema, rawInput);
      const attempt = { operation: "rotateWebhookSecret", idempotencyKey, input };
      const outcome = await idempotency.once(principal, attempt, events.transaction, async (tx) => {
        const before = await lock(tx, principal, input.id);
        authorizeSecrets(principal, before);
        const secret = createWebhookSecret();
        const now = new Date(clock.now());
        const overlaps = input.overlapMs > 0;
        const after = await store.updateWebhookRow(tx, before.id, {
          sealedSecret: secretBox.seal(secret, purposeOfWebhook(before.id)),
          previousSealedSecret: overlaps ? before.sealedSecret : null,
          previousSecretExpiresAt: overlaps ? new Date(now.getTime() + input.overlapMs) : null,
          secretRotatedAt: now,
          updatedAt: now,
        });
        await tell(tx, principal, { action: "webhook.secret_rotated", before, after });
        return { targetId: after.id, secret };
      });
      return answer(principal, outcome);
    },

    /** Sends nothing until it is enabled again; what waits, waits on. Disabling twice changes nothing. */
    async disable(principal: Principal, rawInput: unknown): Promise<Webhook> {
      authorize(principal, "webhooks:update");
      const { id, reason = null } = parseInput(webhookStatusSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, id);
        if (before.disabledAt) return before;
        const now = new Date(clock.now());
        return disableWebhook(tx, { audit, events, now }, { actor: actorOf(principal), before, reason });
      });
    },

    /** Ends a disablement, whoever has begun it, and sends what waits. Enabling an enabled webhook changes nothing. */
    async enable(principal: Principal, rawInput: unknown): Promise<Webhook> {
      authorize(principal, "webhooks:update");
      const { id, reason } = parseInput(webhookStatusSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, id);
        if (!before.disabledAt) return before;
        authorizeSecrets(principal, before);
        const now = new Date(clock.now());
        const enabled = { disabledAt: null, disabledReason: null, failingSince: null };
        const after = await store.updateWebhookRow(tx, id, { ...enabled, updatedAt: now });
        await deliveries.resume(tx, id, now);
        // Rotations that came due meanwhile were left to people.
        if (after.receivesSecrets) await planRotations(tx, after.tenantId);
        await tell(tx, principal, { action: "webhook.enabled", before, after, reason });
        return after;
      });
    },

    /** Deletes for good; what waits is given up. @throws ConflictError while a rotation policy names it. */
    async delete(principal: Principal, rawInput: unknown): Promise<Webhook> {
      authorize(principal, "webhooks:delete");
      const { id, reason } = parseInput(webhookStatusSchema, rawInput);
      return events.transaction(async (tx) => {
        const before = await lock(tx, principal, id);
        const namedBy = await store.findNamedBy(tx, before, clock.now());
        if (namedBy) throw new ConflictError(namedWords[namedBy]);
        const now = new Date(clock.now());
        await deliveries.giveUpAll(tx, id, now, "The webhook was deleted.");
        const secrets = { sealedSecret: new Uint8Array(), previousSealedSecret: null, previousSecretExpiresAt: null };
        const after = await store.updateWebhookRow(tx, id, { ...secrets, deletedAt: now, updatedAt: now });
        await tell(tx, principal, { action: "webhook.deleted", before, after, reason });
        return after;
      });
    },

    /**
     * Sends a signed message once, whether or not the webhook is disabled, and tells the answer: of type `webhook.test`, or an example of
     * what an event is told by. Changes nothing.
     *
     * @throws ForbiddenError without `webhooks:update`, NotFoundError, InvalidInputError, RateLimitedError.
     */
    async test(principal: Principal, rawInput: unknown): Promise<WebhookTest> {
      authorize(principal, "webhooks:update");
      const { id, eventType } = parseInput(testWebhookSchema, rawInput);
      const webhook = await store.findWebhook(database.prisma, visibleTo(principal), id);
      if (!webhook) throw new NotFoundError("webhook");
      tests.take(webhook.tenantId);
      const now = clock.now();
      const { payload } = testMessage(webhook, eventType ?? null, new Date(now));
      return { webhook, ...(await request(webhook, { id: createId("WebhookDelivery"), body: payload }, now)) };
    },

    /** As a change looks for it, whatever the caller may read. */
    findVisible(principal: Principal, id: string): Promise<Webhook | null> {
      return store.findWebhook(database.prisma, visibleTo(principal), id);
    },

    /** One webhook; null when there is none that the caller may see. */
    async get(principal: Principal, rawId: unknown): Promise<Webhook | null> {
      authorize(principal, "webhooks:read");
      return store.findWebhook(database.prisma, visibleTo(principal), parseArguments(idSchema, rawId));
    },

    async list(principal: Principal, rawTenantId: unknown, page: PageArguments): Promise<Page<Webhook>> {
      authorize(principal, "webhooks:read");
      const tenantId = parseArguments(idSchema.nullish(), rawTenantId) ?? undefined;
      const visibility = visibleTo(principal);
      return pageByCreation(page, {
        order,
        read: (after, take) => store.findWebhooks(database.prisma, visibility, tenantId, after, take),
        totalCount: () => store.countWebhooks(database.prisma, visibility, tenantId),
      });
    },
  };
}
