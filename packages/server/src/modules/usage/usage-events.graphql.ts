import { builder } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import { enumOf, VerdictCodeEnum } from "../../graphql/enums.js";
import { requiredInput } from "../../graphql/mutation.js";
import { selects } from "../../graphql/selection.js";
import { budgetOf, countLeaves } from "./answer-budget.graphql.js";
import { type AttemptGroup, type AttemptSeries, attemptDimensions } from "./reports/questions.js";
import { type EventDocument, idOfEvent } from "./storage/documents.js";
import { lengthsOf, UsageBucketEnum } from "./usage.graphql.js";
import type { AttemptsReport } from "./usage.service.js";
import { MeterType, meterValues } from "./usage-metrics.graphql.js";

const UsageSourceEnum = enumOf("UsageSource", "Who verified the key.", {
  SERVER: { description: "This server." },
  SDK: { description: "An application, which reported it." },
});

export const UsageEventType = builder.objectRef<EventDocument>("UsageEvent").implement({
  description: "One call: a verification, or what an application has reported.",
  fields: (t) => ({
    id: t.id({
      description: "The event's id: the reporter's own, or one that this server gave.",
      resolve: idOfEvent,
    }),
    at: t.expose("at", { type: "DateTime", description: "When it happened." }),
    tenantId: t.id({ nullable: true, description: "The tenant; null: not known.", resolve: (event) => event.tenantId }),
    keyId: t.id({ nullable: true, description: "The key; null: there is none.", resolve: (event) => event.keyId }),
    userId: t.id({ nullable: true, description: "Who owned the key then.", resolve: (event) => event.userId }),
    code: t.expose("code", { type: VerdictCodeEnum, description: "The outcome." }),
    valid: t.boolean({ description: "Whether it was accepted.", resolve: ({ code }) => code === "VALID" }),
    api: t.string({ nullable: true, description: "The API that was called.", resolve: (event) => event.api }),
    cost: t.exposeFloat("cost", { description: "How much it counted." }),
    tags: t.stringList({ description: "Its labels.", resolve: ({ tags = [] }) => [...tags] }),
    meters: t.field({
      type: [MeterType],
      description: "Its quantities.",
      resolve: ({ meters }) => meterValues(meters),
    }),
    latencyMs: t.float({
      nullable: true,
      description: "How long it took, in milliseconds.",
      resolve: (event) => event.latencyMs,
    }),
    ip: t.string({ nullable: true, description: "The address it came from.", resolve: (event) => event.ip }),
    userAgent: t.string({
      nullable: true,
      description: "The program it came from.",
      resolve: (event) => event.userAgent,
    }),
    start: t.string({
      nullable: true,
      description: "The visible start of the presented key.",
      resolve: (event) => event.start,
    }),
    source: t.expose("source", { type: UsageSourceEnum, description: "Who verified the key." }),
    countedAt: t.expose("insertedAt", { type: "DateTime", description: "When it was counted." }),
  }),
});

const UsageEventConnection = connectionOf("UsageEvent", UsageEventType);

const UsageEventFilterInput = builder.inputType("UsageEventFilter", {
  description: "Which calls; what is left out does not matter, and all that is given must hold.",
  fields: (t) => ({
    from: t.field({ type: "DateTime", description: "Those from this instant on." }),
    to: t.field({ type: "DateTime", description: "Those before this instant." }),
    keyIds: t.idList({ description: "Those with one of these keys, at most 1000." }),
    userIds: t.idList({ description: "Those whose key one of these users owned." }),
    apis: t.stringList({ description: "Those of one of these APIs." }),
    codes: t.field({ type: [VerdictCodeEnum], description: "Those with one of these outcomes." }),
    tags: t.stringList({ description: "Those that carry at least one of these tags." }),
    valid: t.boolean({ description: "true: only accepted calls; false: only refused ones." }),
    ips: t.stringList({ description: "Those from one of these addresses, in whatever spelling." }),
    starts: t.stringList({ description: "Those whose key visibly starts so, e.g. kp_live_3fQz." }),
    sources: t.field({ type: [UsageSourceEnum], description: "Those of these verifiers." }),
  }),
});

const AttemptGroupType = builder.objectRef<AttemptGroup>("InvalidAttemptGroup").implement({
  description: "What refused calls have in common. Only what was grouped by is set.",
  fields: (t) => ({
    code: t.field({ type: VerdictCodeEnum, nullable: true, description: "The cause.", resolve: ({ code }) => code }),
    ip: t.string({ nullable: true, description: "The address.", resolve: ({ ip }) => ip }),
    start: t.string({ nullable: true, description: "The key's visible start.", resolve: ({ start }) => start }),
    api: t.string({ nullable: true, description: "The API.", resolve: ({ api }) => api }),
  }),
});

const AttemptSeriesType = builder.objectRef<AttemptSeries>("InvalidAttemptSeries").implement({
  description: "Refused calls that have a group's values in common.",
  fields: (t) => ({
    group: t.field({ type: AttemptGroupType, description: "What they have in common.", resolve: ({ group }) => group }),
    count: t.exposeFloat("count", { description: "How many." }),
    firstAt: t.field({
      type: "DateTime",
      description: "When the first one was.",
      resolve: ({ firstAt }) => new Date(firstAt),
    }),
    lastAt: t.field({
      type: "DateTime",
      description: "When the last one was.",
      resolve: ({ lastAt }) => new Date(lastAt),
    }),
    keys: t.exposeFloat("keys", { description: "How many known keys they presented." }),
    addresses: t.exposeFloat("addresses", { description: "From how many addresses they came." }),
    values: t.floatList({
      description: "How many by bucket, in the order of the report's `starts`.",
      resolve: ({ counts }, _, context) => {
        const turn = budgetOf(context).pace(counts.length);
        return turn ? turn.then(() => Array.from(counts)) : Array.from(counts);
      },
    }),
  }),
});

const InvalidAttemptsReportType = builder.objectRef<AttemptsReport>("InvalidAttemptsReport").implement({
  description: "Where invalid keys come from.",
  fields: (t) => ({
    starts: t.field({
      type: ["DateTime"],
      description: "When each bucket begins.",
      resolve: ({ starts }) => Array.from(starts, (start) => new Date(start)),
    }),
    series: t.field({
      type: [AttemptSeriesType],
      description: "A series for each group, most calls first, at most `limit`.",
      resolve: ({ series }) => [...series],
    }),
    totalSeries: t.exposeInt("totalSeries", { description: "How many series there are, beyond `limit` too." }),
    total: t.exposeFloat("total", { description: "How many refused calls there are." }),
    completeUntil: t.expose("completeUntil", {
      type: "DateTime",
      description: "Everything that servers took before this is counted.",
    }),
  }),
});

const AttemptDimensionEnum = enumOf(
  "InvalidAttemptDimension",
  "What refused calls can be grouped by.",
  attemptDimensions,
);

const InvalidAttemptsFilterInput = builder.inputType("InvalidAttemptsFilter", {
  description: "Which refused calls; what is left out does not matter, and all that is given must hold.",
  fields: (t) => ({
    keyIds: t.idList({ description: "Those with one of these keys, at most 1000." }),
    userIds: t.idList({ description: "Those whose key one of these users owned." }),
    apis: t.stringList({ description: "Those of one of these APIs." }),
    codes: t.field({ type: [VerdictCodeEnum], description: "Those with one of these causes." }),
    tags: t.stringList({ description: "Those that carry at least one of these tags." }),
    ips: t.stringList({ description: "Those from one of these addresses, in whatever spelling." }),
    starts: t.stringList({ description: "Those whose key visibly starts so." }),
    sources: t.field({ type: [UsageSourceEnum], description: "Those of these verifiers." }),
  }),
});

const InvalidAttemptsInput = builder.inputType("InvalidAttemptsInput", {
  description: "A question about refused verifications.",
  fields: (t) => ({
    tenantId: t.id({
      description:
        "Whose. Without it, a caller of the whole installation gets unknown keys that no tenant is known of, others their own tenant's.",
    }),
    from: t.field({ type: "DateTime", required: true, description: "From when on, this instant included." }),
    to: t.field({ type: "DateTime", required: true, description: "Until when, this instant not included." }),
    bucket: t.field({ type: UsageBucketEnum, defaultValue: "HOUR", description: "How wide the buckets are." }),
    timeZone: t.string({ defaultValue: "UTC", description: "The IANA time zone of the buckets." }),
    groupBy: t.field({ type: [AttemptDimensionEnum], defaultValue: ["CODE"], description: "What makes a series." }),
    filter: t.field({ type: InvalidAttemptsFilterInput, description: "Which calls." }),
    limit: t.int({ defaultValue: 100, description: "How many series at most, 1 to 1000." }),
  }),
});

builder.queryFields((t) => ({
  usageEvents: t.field({
    description: "The call log of a tenant, newest first, as long as single calls are kept.",
    type: UsageEventConnection,
    access: { permission: "usage:read" },
    complexity: listComplexity,
    args: {
      tenantId: t.arg.id({ required: true, description: "Whose calls." }),
      ...pageArguments(t.arg),
      filter: t.arg({ type: UsageEventFilterInput, description: "Which calls." }),
    },
    resolve: (_, { tenantId, filter, ...page }, { principal, services, signal }) =>
      services.usage.events(principal, tenantId, filter, page, signal),
  }),
  invalidAttempts: t.field({
    description:
      "Where invalid keys come from: refused verifications by cause, address or start of the key, over time.",
    type: InvalidAttemptsReportType,
    access: { permission: "usage:read" },
    complexity: 10,
    args: { input: t.arg({ type: InvalidAttemptsInput, ...requiredInput }) },
    resolve: (_, { input }, context, info) => {
      const { principal, services, signal } = context;
      return budgetOf(context).report(
        selects(info, ["series", "values"]),
        () => services.usage.invalidAttempts(principal, input, signal),
        ({ series, starts }) => countLeaves(info, lengthsOf(series.length, starts.length)),
      );
    },
  }),
}));
