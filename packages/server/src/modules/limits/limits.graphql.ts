import { type Permission, quotaRefills, type RateLimitState } from "@keyplane/schema";
import type { ObjectRef } from "@pothos/core";
import { builder, type Types } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import { enumOf } from "../../graphql/enums.js";
import { changeErrors } from "../../graphql/errors.js";
import { idempotencyKeyField, requiredInput } from "../../graphql/mutation.js";
import type { Quota, QuotaEntry } from "../../platform/database/index.js";
import { type LimitColumns, type RateLimitRule, rulesOf } from "../../platform/limited.js";
import { ApiType } from "../apis/apis.graphql.js";
import { TenantType } from "../tenants/tenants.graphql.js";
import { UserType } from "../users/users.graphql.js";
import { type LimitReads, maxHolders } from "./limits.reads.js";
import type { QuotaOf, RateLimitsOf } from "./limits.service.js";
import type { LeaseOfQuota } from "./quotas/quota.store.js";

const RateLimitUnitEnum = enumOf("RateLimitUnit", "What a rate limit counts.", {
  REQUESTS: { description: "Verifications, whatever they cost." },
  COST: { description: "What verifications cost: the `cost` of verifyKey." },
});

const QuotaRefillEnum = enumOf("QuotaRefill", "When a quota is whole again.", quotaRefills);

const QuotaEntryTypeEnum = enumOf("QuotaEntryType", "What has happened to a quota.", {
  SET: { description: "It was set or changed with setQuota." },
  TOPPED_UP: { description: "It was topped up." },
  RESET: { description: "It was reset; `used` is what was used until then." },
  PERIOD_ENDED: {
    description:
      "Its period has ended; `used` is what was used in it. What other servers still held of it then counts, until they give it back within a minute.",
  },
  REMOVED: { description: "It was removed; `used` is what was used until then." },
});

/** A rate limit, with where it stands when that is asked for. */
interface ShownRateLimit extends RateLimitRule {
  readonly state: () => Promise<RateLimitState | null>;
}

const RateLimitType = builder.objectRef<ShownRateLimit>("RateLimit").implement({
  description: "How much may be used within each stretch of time of a certain length, wherever that begins.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Verdicts name the limit by it." }),
    limit: t.exposeInt("limit", { description: "How much it allows within each `windowMs`." }),
    windowMs: t.expose("windowMs", { type: "Milliseconds", description: "How long the sliding window is." }),
    burst: t.exposeInt("burst", {
      nullable: true,
      description: "How much of it may be used at once; the rest comes evenly. null: all of it.",
    }),
    unit: t.expose("unit", { type: RateLimitUnitEnum, description: "What it counts." }),
    remaining: t.int({
      description: "How much could be used right now. Of this server, unless they count together in Redis.",
      complexity: 2,
      resolve: async (rule) => (await rule.state())?.remaining ?? rule.limit,
    }),
  }),
});

const QuotaType = builder.objectRef<Quota>("Quota").implement({
  description: "How much may be used in all, or in each hour, day, week, month or year.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "`quo_…`." }),
    targetId: t.exposeID("targetId", { description: "Whose it is: all keys below share it." }),
    limit: t.exposeInt("limit", { description: "How much it allows in each period." }),
    toppedUp: t.int({
      description: "What was added to the present period.",
      resolve: (quota, _, { services }) => services.limitReads.present(quota).toppedUp,
    }),
    used: t.int({
      description: "What is used of it. What other servers hold in order to use it counts, until they give it back.",
      resolve: (quota, _, { services }) => services.limitReads.present(quota).used,
    }),
    remaining: t.int({
      description: "What is left of it.",
      resolve: (quota, _, { services }) => {
        const { limit, toppedUp, used } = services.limitReads.present(quota);
        return Math.max(0, limit + toppedUp - used);
      },
    }),
    refill: t.expose("refill", { type: QuotaRefillEnum, description: "When it is whole again." }),
    anchor: t.expose("anchor", {
      type: "DateTime",
      description: "Periods begin at this time, and at each repetition of it.",
    }),
    timeZone: t.exposeString("timeZone", { description: "By whose clock and calendar they do, as an IANA name." }),
    periodStart: t.field({
      type: "DateTime",
      description: "When the present period began.",
      resolve: (quota, _, { services }) => services.limitReads.present(quota).periodStart,
    }),
    resetAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When it is whole again; null: never by itself.",
      resolve: (quota, _, { services }) => services.limitReads.present(quota).periodEnd,
    }),
  }),
});

const QuotaEntryType = builder.objectRef<QuotaEntry>("QuotaEntry").implement({
  description: "Something that has happened to a quota. Who did it stands in the audit log.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "`qen_…`." }),
    type: t.expose("type", { type: QuotaEntryTypeEnum, description: "What has happened." }),
    limit: t.exposeInt("limit", { description: "The quota's limit then." }),
    toppedUp: t.exposeInt("toppedUp", { description: "What was added to that period until then." }),
    used: t.exposeInt("used", { description: "What was used in that period until then." }),
    amount: t.exposeInt("amount", { nullable: true, description: "By how much it was topped up." }),
    periodStart: t.expose("periodStart", { type: "DateTime", description: "When that period began." }),
    periodEnd: t.expose("periodEnd", { type: "DateTime", nullable: true, description: "When it ended; null: never." }),
    reason: t.exposeString("reason", { nullable: true, description: "Why, as whoever did it said." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When." }),
  }),
});

const QuotaLeaseType = builder.objectRef<LeaseOfQuota>("QuotaLease").implement({
  description:
    "A part of a quota that a server holds in order to use it without asking. It counts as used; what the server has not used comes back when it is idle, stops, or was killed and starts again on its data folder.",
  fields: (t) => ({
    holder: t.string({
      nullable: true,
      description:
        "Names the server: a folder of this name is in `quota-leases` of its data folder. null: only callers of the whole installation see the servers.",
      resolve: ({ holder }, _, { principal }) => (principal?.tenantId === null ? holder : null),
    }),
    amount: t.exposeInt("amount", { description: "How much it was given, whether it has used it or not." }),
    since: t.expose("createdAt", { type: "DateTime", description: "Since when it holds some of it." }),
    lastSeenAt: t.field({
      type: "DateTime",
      nullable: true,
      description:
        "When it was last heard of, by the clock of the database; null: never, or the caller is not of the whole installation.",
      resolve: ({ heardAt }, _, { principal }) => (principal?.tenantId === null ? heardAt : null),
    }),
    isLost: t.exposeBoolean("isLost", {
      description:
        "Whether it was not heard of for six minutes. It uses nothing of it any more: start it on its data folder, which gives back what it has not used. If that is gone, add `amount` with `topUpQuota`, which forgives nothing that was used otherwise; `resetQuota` drops the lease, and forgives everything.",
    }),
  }),
});

builder.objectField(QuotaType, "leases", (t) =>
  t.field({
    type: [QuotaLeaseType],
    description: `Who holds parts of the quota in its present period: those first that were heard of longest ago, ${maxHolders} at most.`,
    // One query for all quotas of a request; few servers hold parts of one.
    complexity: { field: 2, multiplier: 1 },
    resolve: async (quota, _, { services, loaders }) => {
      const { period } = services.limitReads.present(quota);
      return (await loaders.leases.load(quota.id)).filter((lease) => lease.period === period);
    },
  }),
);

const QuotaHistoryConnection = connectionOf("QuotaHistory", QuotaEntryType);

builder.objectField(QuotaType, "history", (t) =>
  t.field({
    type: QuotaHistoryConnection,
    description:
      "What has happened to the quota, and to those before it of the same key, user or tenant, newest first. `quotaHistory` there has it, too, when the quota was removed.",
    complexity: listComplexity,
    args: pageArguments(t.arg),
    resolve: ({ targetId }, page, { services }) => services.limitReads.history(targetId, page),
  }),
);

/** Adds `rateLimits`, `quota` and `quotaHistory` to the type of something that has limits. */
export function addLimitFields<Row extends LimitColumns & object>(
  type: ObjectRef<Types, Row>,
  thing: string,
  permission: Permission,
): void {
  builder.objectField(type, "rateLimits", (t) =>
    t.field({
      type: [RateLimitType],
      description: `The rate limits of the ${thing}. Those of a key, its owner, its tenant and the API that is called all count.`,
      resolve: (row, _, { services }) => shown(row, services.limitReads),
    }),
  );
  builder.objectField(type, "quota", (t) =>
    t.field({
      type: QuotaType,
      nullable: true,
      description: `The quota of the ${thing}; null: none. Those of a key, its owner and its tenant all count.`,
      access: { permission },
      resolve: async ({ id, quotaId }, _, { loaders }) => {
        const quota = quotaId ? await loaders.quotas.load(quotaId) : null;
        // A row that was changed past Keyplane may name another's, which may be of another tenant.
        return quota?.targetId === id ? quota : null;
      },
    }),
  );
  builder.objectField(type, "quotaHistory", (t) =>
    t.field({
      type: QuotaHistoryConnection,
      description: `What has happened to the quota of the ${thing}, newest first, whether it has one now or had one.`,
      access: { permission },
      complexity: listComplexity,
      args: pageArguments(t.arg),
      resolve: ({ id }, page, { services }) => services.limitReads.history(id, page),
    }),
  );
}

/** The states of all limits of one thing are looked up together, and only when one is asked for. */
function shown(row: LimitColumns, reads: LimitReads): ShownRateLimit[] {
  let states: Promise<readonly RateLimitState[]> | undefined;
  return rulesOf(row.rateLimits).map((rule, index) => ({
    ...rule,
    state: async () => {
      states ??= reads.rateLimits(row);
      return (await states)[index] ?? null;
    },
  }));
}

addLimitFields(TenantType, "tenant", "tenants:read");
addLimitFields(UserType, "user", "users:read");

builder.objectField(ApiType, "rateLimits", (t) =>
  t.field({
    type: [RateLimitType],
    description: "The rate limits of the API, which all calls that name it share, with whatever key.",
    // Public APIs are seen without any permission; how much they are called is nobody's business.
    access: { permission: "apis:read" },
    resolve: (row, _, { services }) => shown(row, services.limitReads),
  }),
);

const RateLimitInput = builder.inputType("RateLimitInput", {
  description: "A rate limit.",
  fields: (t) => ({
    name: t.string({ required: true, description: 'Its name in verdicts, e.g. "per-minute"; 1 to 40 characters.' }),
    limit: t.int({ required: true, description: "How much it allows within each `windowMs`, 1 to 1000000000." }),
    windowMs: t.field({
      type: "Milliseconds",
      required: true,
      description: "How long the sliding window is: a second to a day, 1000 to 86400000.",
    }),
    burst: t.int({ description: "How much of it may be used at once; all of it when left out." }),
    unit: t.field({ type: RateLimitUnitEnum, defaultValue: "REQUESTS", description: "What it counts." }),
  }),
});

const targetId = "The id of the key, the user or the tenant. Those of a tenant only the operator changes.";
const rateLimitsTargetId =
  "The id of the key, the user, the tenant or the API. Those of a tenant only the operator changes.";

const SetRateLimitsInput = builder.inputType("SetRateLimitsInput", {
  description: "All rate limits of a key, a user, a tenant or an API.",
  fields: (t) => ({
    targetId: t.id({ required: true, description: rateLimitsTargetId }),
    rateLimits: t.field({
      type: [RateLimitInput],
      required: true,
      description: "At most 10, each with a name of its own, in the place of those of before; an empty list: none.",
    }),
  }),
});

const SetQuotaInput = builder.inputType("SetQuotaInput", {
  description: "The quota of a key, a user or a tenant. What is left out stays as it is.",
  fields: (t) => ({
    targetId: t.id({ required: true, description: targetId }),
    limit: t.int({ required: true, description: "How much may be used in each period, 0 to 1000000000." }),
    refill: t.field({
      type: QuotaRefillEnum,
      description: "When it is whole again. Of a new quota, when left out: NEVER.",
    }),
    anchor: t.field({
      type: "DateTime",
      description:
        "Where periods begin: at this time and at each repetition of it. Of a new quota, when left out: with the hour, the day, Monday, the month or the year.",
    }),
    timeZone: t.string({
      description: "By whose clock and calendar, as an IANA name. Of a new quota, when left out: UTC.",
    }),
    reason: t.string({ description: "Why, 1 to 500 characters. Kept in history." }),
  }),
});

const TopUpQuotaInput = builder.inputType("TopUpQuotaInput", {
  description: "More for a quota.",
  fields: (t) => ({
    targetId: t.id({ required: true, description: targetId }),
    amount: t.int({ required: true, description: "How much to add, 1 to 1000000000." }),
    reason: t.string({ description: "Why, 1 to 500 characters. Kept in history." }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const quotaTargetInput = (name: string, verb: string) =>
  builder.inputType(name, {
    description: `Whose quota to ${verb}, and why.`,
    fields: (t) => ({
      targetId: t.id({ required: true, description: targetId }),
      reason: t.string({ description: "Why, 1 to 500 characters. Kept in history." }),
    }),
  });

const SetRateLimitsPayload = builder.objectRef<RateLimitsOf>("SetRateLimitsPayload").implement({
  description: "The rate limits after the change.",
  fields: (t) => ({
    targetId: t.exposeID("targetId", { description: "Whose they are." }),
    rateLimits: t.field({
      type: [RateLimitType],
      description: "All rate limits as they are now.",
      resolve: ({ targetId: id, rateLimits }, _, { services }) => shown({ id, rateLimits }, services.limitReads),
    }),
  }),
});

const quotaPayload = (name: string) =>
  builder.objectRef<QuotaOf>(name).implement({
    description: "The quota after the change.",
    fields: (t) => ({
      targetId: t.exposeID("targetId", { description: "Whose it is." }),
      quota: t.field({
        type: QuotaType,
        nullable: true,
        description: "The quota as it is now; null: there is none.",
        resolve: ({ quota }) => quota,
      }),
    }),
  });

const SetQuotaPayload = quotaPayload("SetQuotaPayload");
const RemoveQuotaPayload = quotaPayload("RemoveQuotaPayload");
const TopUpQuotaPayload = quotaPayload("TopUpQuotaPayload");
const ResetQuotaPayload = quotaPayload("ResetQuotaPayload");
const RemoveQuotaInput = quotaTargetInput("RemoveQuotaInput", "remove");
const ResetQuotaInput = quotaTargetInput("ResetQuotaInput", "reset");

builder.mutationFields((t) => ({
  setRateLimits: t.field({
    description: "Sets all rate limits of a key, a user, a tenant or an API. They count from the next verification on.",
    type: SetRateLimitsPayload,
    errors: { types: changeErrors },
    access: { permission: "limits:update" },
    args: { input: t.arg({ type: SetRateLimitsInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.limits.setRateLimits(principal, input),
  }),
  setQuota: t.field({
    description:
      "Gives a key, a user or a tenant a quota, or changes it; what is used in the present period stays used.",
    type: SetQuotaPayload,
    errors: { types: changeErrors },
    access: { permission: "limits:update" },
    args: { input: t.arg({ type: SetQuotaInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.limits.setQuota(principal, input),
  }),
  removeQuota: t.field({
    description: "Takes a quota away: nothing is counted any more.",
    type: RemoveQuotaPayload,
    errors: { types: changeErrors },
    access: { permission: "limits:update" },
    args: { input: t.arg({ type: RemoveQuotaInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.limits.removeQuota(principal, input),
  }),
  topUpQuota: t.field({
    description: "Adds to a quota: for the present period, or for good where it is never refilled.",
    type: TopUpQuotaPayload,
    errors: { types: changeErrors },
    access: { permission: "limits:update" },
    args: { input: t.arg({ type: TopUpQuotaInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.limits.topUpQuota(principal, input),
  }),
  resetQuota: t.field({
    description:
      "Makes a quota whole again before its time. What other servers hold and have not used counts as used until they hear of it, which is at once; what they have used in the last 30 seconds may stay counted. What lost servers hold is dropped.",
    type: ResetQuotaPayload,
    errors: { types: changeErrors },
    access: { permission: "limits:update" },
    args: { input: t.arg({ type: ResetQuotaInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.limits.resetQuota(principal, input),
  }),
}));
