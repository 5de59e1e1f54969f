import { builder } from "../../graphql/builder.js";
import { ErrorCodeEnum, VerdictCodeEnum } from "../../graphql/enums.js";
import { changeErrors } from "../../graphql/errors.js";
import { requiredInput } from "../../graphql/mutation.js";
import type { RecordedUsage, RejectedEvent } from "./record-usage.service.js";
import { MeterInput } from "./usage-metrics.graphql.js";

const UsageEventInput = builder.inputType("UsageEventInput", {
  description: "One call that an application has verified by itself.",
  fields: (t) => ({
    id: t.id({
      required: true,
      description:
        "Your own id of the event, e.g. a UUID: sent again, it changes no count. 1 to 64 printable ASCII characters.",
    }),
    at: t.field({
      type: "DateTime",
      description: "When it happened: at most 24 hours ago, and 5 minutes ahead. Now when left out.",
    }),
    tenantId: t.id({ description: "The tenant; known by itself from keyId or your token." }),
    keyId: t.id({ description: "The key; leave it out for an unknown one." }),
    code: t.field({ type: VerdictCodeEnum, defaultValue: "VALID", description: "The outcome." }),
    api: t.string({ description: "The API that was called, e.g. orders@v2." }),
    cost: t.int({ defaultValue: 1, description: "How much the call counts, 0 to 1000000. A refused call counts 0." }),
    tags: t.stringList({ description: "Labels, at most 20." }),
    meters: t.field({ type: [MeterInput], description: "Quantities of the call, at most 10." }),
    latencyMs: t.float({ description: "How long it took, in milliseconds." }),
    ip: t.string({ description: "The address it came from." }),
    userAgent: t.string({ description: "The program it came from; cut after 256 characters." }),
    start: t.string({ description: "The visible start of the presented key, e.g. kp_live_3fQz; never the key." }),
  }),
});

const RecordUsageInput = builder.inputType("RecordUsageInput", {
  description: "A batch of calls.",
  fields: (t) => ({
    events: t.field({ type: [UsageEventInput], required: true, description: "At most 10000." }),
  }),
});

const RejectedUsageEventType = builder.objectRef<RejectedEvent>("RejectedUsageEvent").implement({
  description: "An event that was not taken. Sent again unchanged, it will not be either.",
  fields: (t) => ({
    index: t.exposeInt("index", { description: "Its place in the batch, from 0." }),
    eventId: t.string({ nullable: true, description: "Its id.", resolve: ({ id }) => id }),
    code: t.expose("code", { type: ErrorCodeEnum, description: "The reason, for programs." }),
    message: t.exposeString("message", { description: "The reason, and what to do, for people." }),
  }),
});

const RecordUsagePayload = builder.objectRef<RecordedUsage>("RecordUsagePayload").implement({
  description: "What became of the batch.",
  fields: (t) => ({
    accepted: t.exposeInt("accepted", {
      description:
        "How many events were taken and will be counted; copies of earlier ones are among them and change nothing.",
    }),
    rejected: t.field({
      type: [RejectedUsageEventType],
      description: "Those that were not, and why.",
      resolve: ({ rejected }) => [...rejected],
    }),
  }),
});

builder.mutationField("recordUsage", (t) =>
  t.field({
    description:
      "Reports calls whose keys an application has verified by itself. Safe to send again: the events' ids make sure that each counts once.",
    type: RecordUsagePayload,
    errors: { types: changeErrors },
    access: { permission: "usage:record" },
    args: { input: t.arg({ type: RecordUsageInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.recordUsage(principal, input),
  }),
);
