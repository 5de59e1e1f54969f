import { hygieneChecks } from "@keyplane/schema";
import { builder } from "../../../graphql/builder.js";
import { enumOf } from "../../../graphql/enums.js";
import { KeyType } from "../../keys/keys.graphql.js";
import type { HygieneCheckReport, HygieneReport } from "./hygiene.service.js";

const HygieneCheckEnum = enumOf("HygieneCheck", "What a hygiene report looks at.", hygieneChecks);

const HygieneCheckReportType = builder.objectRef<HygieneCheckReport>("HygieneCheckReport").implement({
  description: "What one check has found.",
  fields: (t) => ({
    check: t.expose("check", { type: HygieneCheckEnum, description: "Which check." }),
    known: t.exposeBoolean("known", {
      description:
        "Whether it can be told. false for IDLE where nobody counts when keys are used, or that is not counted yet: it concerns no key and takes no points then.",
    }),
    affected: t.exposeInt("affected", { description: "How many keys it concerns." }),
    weight: t.exposeInt("weight", { description: "How many of the 100 points it takes at most." }),
    lost: t.exposeFloat("lost", { description: "How many points it takes." }),
    advice: t.exposeString("advice", { description: "What to do about these keys." }),
    sampleKeys: t.field({
      type: [KeyType],
      description: "Up to 5 of the keys that it concerns, the oldest first.",
      access: { permission: "keys:read" },
      complexity: { field: 1, multiplier: 5 },
      resolve: async ({ sampleKeyIds }, _, { loaders }) =>
        (await Promise.all(sampleKeyIds.map((id) => loaders.keys.load(id)))).filter((key) => key !== null),
    }),
  }),
});

const HygieneReportType = builder.objectRef<HygieneReport>("HygieneReport").implement({
  description: "How well a tenant's keys are kept. Counts keys in use: not revoked, deleted, disabled or expired.",
  fields: (t) => ({
    tenantId: t.exposeID("tenantId", { description: "The tenant." }),
    at: t.expose("at", { type: "DateTime", description: "When this was so." }),
    score: t.exposeInt("score", {
      description:
        "0 to 100. LEAKED takes its whole weight for one key, every other check weight × affected / keys; rounded down.",
    }),
    keys: t.exposeInt("keys", { description: "How many keys in use you may see there." }),
    disabledLeaks: t.exposeInt("disabledLeaks", {
      description:
        "How many disabled keys have a leak that nobody has resolved. They take no points: whoever found them cannot use them. Give each another secret, or revoke it; keyFindings has them.",
    }),
    checks: t.field({
      type: [HygieneCheckReportType],
      description: "What each check has found, those without any keys, too.",
      complexity: { field: 1, multiplier: 5 },
      resolve: (report) => [...report.checks],
    }),
  }),
});

builder.queryField("keyHygiene", (t) =>
  t.field({
    description:
      "How well the keys of a tenant are kept: a score, what is wrong with how many keys, and what to do. null when there is no such tenant that you may see.",
    type: HygieneReportType,
    nullable: true,
    access: { permission: "keys:read" },
    args: { tenantId: t.arg.id({ required: true, description: "The tenant." }) },
    resolve: (_, { tenantId }, { principal, services }) => services.lifecycle.hygiene.report(principal, tenantId),
  }),
);
