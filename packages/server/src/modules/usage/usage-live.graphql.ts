import { builder } from "../../graphql/builder.js";
import type { UsageTick } from "./live/usage-feed.js";
import { CodeCountType, codeCounts } from "./usage-metrics.graphql.js";

const UsageTickType = builder.objectRef<UsageTick>("UsageTick").implement({
  description:
    "What was counted within one interval. Reports that arrive late count in the interval in which they arrive.",
  fields: (t) => ({
    from: t.expose("from", { type: "DateTime", description: "When the interval began." }),
    to: t.expose("to", { type: "DateTime", description: "When it ended." }),
    count: t.float({
      description: "All calls.",
      resolve: ({ byCode }) => codeCounts(byCode).reduce((sum, { count }) => sum + count, 0),
    }),
    valid: t.float({ description: "Those that were accepted.", resolve: ({ byCode }) => byCode.VALID ?? 0 }),
    byCode: t.field({
      type: [CodeCountType],
      description: "The calls by outcome; outcomes that did not occur are left out.",
      resolve: ({ byCode }) => codeCounts(byCode),
    }),
  }),
});

builder.subscriptionType({ description: "Hear of things as they happen, as server-sent events." });

builder.subscriptionField("usageLive", (t) =>
  t.field({
    description:
      "What is counted of a tenant, by outcome: a tick for each interval, also when nothing happened. A person sees the calls of their own keys and of their teams' keys.",
    type: UsageTickType,
    access: { permission: "usage:read" },
    args: {
      tenantId: t.arg.id({ required: true, description: "Whose calls." }),
      intervalMs: t.arg.int({
        defaultValue: 1_000,
        description: "How long an interval is, 250 to 60000 milliseconds.",
      }),
    },
    subscribe: (_, { tenantId, intervalMs }, { principal, services, signal }) =>
      services.usage.live(principal, tenantId, intervalMs ?? 1_000, signal),
    resolve: (tick) => tick,
  }),
);
