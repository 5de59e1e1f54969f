import { countAttempt } from "../../../graphql/attempts.js";
import { builder } from "../../../graphql/builder.js";
import { changeErrors } from "../../../graphql/errors.js";
import { requiredInput } from "../../../graphql/mutation.js";
import type { KeyFinding } from "../../../platform/database/index.js";
import { RateLimitedError } from "../../../platform/errors.js";
import { KeyFindingType } from "../findings/findings.graphql.js";

const ReportLeakedKeyInput = builder.inputType("ReportLeakedKeyInput", {
  description: "A key that was found where others can read it.",
  fields: (t) => ({
    key: t.string({
      required: true,
      description:
        "The key as it was found, or the line that has it: quotes, a scheme such as Bearer, line breaks and one slip do not matter. At most 4096 characters. It is not kept.",
    }),
    url: t.string({ description: "Where it was found, at most 2000 characters." }),
    source: t.string({ description: "By what it was found, e.g. the name of a scanner; at most 100 characters." }),
  }),
});

const ReportLeakedKeyPayload = builder.objectRef<{ finding: KeyFinding | null }>("ReportLeakedKeyPayload").implement({
  description: "What became of the report.",
  fields: (t) => ({
    finding: t.field({
      type: KeyFindingType,
      nullable: true,
      description: "What was found and done; null: the key is none that you may see.",
      resolve: (payload) => payload.finding,
    }),
  }),
});

builder.mutationField("reportLeakedKey", (t) =>
  t.field({
    description:
      "Reports a key that was found in public. The tenant's policy says whether it is disabled, revoked, or only told of. Reporting the same place again changes nothing.",
    type: ReportLeakedKeyPayload,
    errors: { types: [...changeErrors, RateLimitedError] },
    access: { permission: "keys:report" },
    args: { input: t.arg({ type: ReportLeakedKeyInput, ...requiredInput }) },
    resolve: async (_, { input }, context) => {
      countAttempt(context);
      return { finding: await context.services.lifecycle.leaks.report(context.principal, input) };
    },
  }),
);
