import { builder } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import { enumOf } from "../../graphql/enums.js";
import { changeErrors } from "../../graphql/errors.js";
import { payloadOf, requiredInput } from "../../graphql/mutation.js";
import type { IntegrityFinding, IntegrityRun } from "../../platform/database/index.js";
import { findingKinds, findingOutcomes, runPhases, runStatuses } from "./finding-kinds.js";

const RunStatusEnum = enumOf("IntegrityRunStatus", "How far an integrity check is.", runStatuses);
const RunPhaseEnum = enumOf("IntegrityRunPhase", "What an integrity check looks at.", runPhases);
const FindingKindEnum = enumOf("IntegrityFindingKind", "What an integrity check has found.", findingKinds);
const FindingOutcomeEnum = enumOf("IntegrityFindingOutcome", "What became of a finding.", findingOutcomes);

const IntegrityRunType = builder.objectRef<IntegrityRun>("IntegrityRun").implement({
  description:
    "One integrity check of the whole installation. Its numbers grow while it goes on: ask again, or follow `integrityCheckProgress`.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "Names the run." }),
    status: t.field({
      type: RunStatusEnum,
      description: "Whether it goes on.",
      resolve: ({ status }) => status as keyof typeof runStatuses,
    }),
    repair: t.exposeBoolean("repair", { description: "Whether it repairs, and quarantines keys." }),
    resign: t.exposeBoolean("resign", { description: "Whether it signs keys of another encryption key anew." }),
    phase: t.field({
      type: RunPhaseEnum,
      nullable: true,
      description: "What it looks at now, or did last; null: it was begun before this was kept.",
      resolve: ({ phase }) => phase as keyof typeof runPhases | null,
    }),
    total: t.exposeInt("total", {
      nullable: true,
      description: "How many keys there were to look at when it began; null: as phase.",
    }),
    examined: t.exposeInt("examined", { description: "How many keys it has looked at." }),
    found: t.exposeInt("found", { description: "How much it has found." }),
    repaired: t.exposeInt("repaired", { description: "How much of that it has mended." }),
    quarantined: t.exposeInt("quarantined", { description: "How many keys of it are quarantined." }),
    startedBy: t.exposeID("startedBy", { description: "The id of whoever began it; `keyplane`: it began by itself." }),
    startedAt: t.expose("createdAt", { type: "DateTime", description: "When it began." }),
    finishedAt: t.expose("finishedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it ended; null: it goes on.",
    }),
  }),
});

const IntegrityFindingType = builder.objectRef<IntegrityFinding>("IntegrityFinding").implement({
  description: "Something that an integrity check has found.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "Names the finding." }),
    runId: t.exposeID("runId", { description: "The check that has found it." }),
    kind: t.field({
      type: FindingKindEnum,
      description: "What it is.",
      resolve: ({ kind }) => kind as keyof typeof findingKinds,
    }),
    outcome: t.field({
      type: FindingOutcomeEnum,
      description: "What became of it.",
      resolve: ({ outcome }) => outcome as keyof typeof findingOutcomes,
    }),
    detail: t.exposeString("detail", { description: "The same in words." }),
    tenantId: t.exposeID("tenantId", { nullable: true, description: "The tenant concerned." }),
    keyId: t.exposeID("keyId", { nullable: true, description: "The key concerned." }),
    userId: t.exposeID("userId", { nullable: true, description: "The user concerned." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was found." }),
  }),
});

const IntegrityRunConnection = connectionOf("IntegrityRun", IntegrityRunType);
const IntegrityFindingConnection = connectionOf("IntegrityFinding", IntegrityFindingType);

const IntegrityFindingFilterInput = builder.inputType("IntegrityFindingFilter", {
  description: "Which findings; what is left out does not matter.",
  fields: (t) => ({
    runId: t.id({ description: "Those of this check." }),
    tenantId: t.id({ description: "Those of this tenant." }),
    keyId: t.id({ description: "Those of this key." }),
  }),
});

builder.queryFields((t) => ({
  integrityRun: t.field({
    description: "One integrity check; null when there is none with this id.",
    type: IntegrityRunType,
    nullable: true,
    access: { permission: "integrity:read" },
    args: { id: t.arg.id({ required: true, description: "The run's id, `int_…`." }) },
    resolve: (_, { id }, { principal, services }) => services.integrity.findRun(principal, id),
  }),
  integrityRuns: t.field({
    description: "The last hundred integrity checks, newest first.",
    type: IntegrityRunConnection,
    access: { permission: "integrity:read" },
    complexity: listComplexity,
    args: pageArguments(t.arg),
    resolve: (_, page, { principal, services }) => services.integrity.listRuns(principal, page),
  }),
  integrityFindings: t.field({
    description: "What integrity checks have found, newest first.",
    type: IntegrityFindingConnection,
    access: { permission: "integrity:read" },
    complexity: listComplexity,
    args: {
      ...pageArguments(t.arg),
      filter: t.arg({ type: IntegrityFindingFilterInput, description: "Which findings." }),
    },
    resolve: (_, { filter, ...page }, { principal, services }) =>
      services.integrity.listFindings(principal, filter, page),
  }),
}));

builder.subscriptionField("integrityCheckProgress", (t) =>
  t.field({
    description:
      "How an integrity check goes on: how it is now, then whenever its phase or numbers change, a few times a second at most. Ends when the check is over.",
    type: IntegrityRunType,
    access: { permission: "integrity:read" },
    args: { id: t.arg.id({ required: true, description: "The run's id, `int_…`." }) },
    subscribe: (_, { id }, { principal, services, signal }) => services.integrity.follow(principal, id, signal),
    resolve: (run) => run,
  }),
);

const CheckIntegrityInput = builder.inputType("CheckIntegrityInput", {
  description: "What to do with what is found.",
  fields: (t) => ({
    repair: t.boolean({
      defaultValue: false,
      description: "true: mend what is safe, and quarantine keys that cannot be trusted. false: only report.",
    }),
    resign: t.boolean({
      defaultValue: false,
      description:
        "true: sign every key anew that was signed with another encryption key. Only after you have changed it.",
    }),
  }),
});

const CheckIntegrityPayload = payloadOf("CheckIntegrityPayload", "integrityRun", IntegrityRunType);

builder.mutationField("checkIntegrity", (t) =>
  t.field({
    description:
      "Begins an integrity check of the whole installation and answers at once: `integrityRun` and the subscription `integrityCheckProgress` say how far it is.",
    type: CheckIntegrityPayload,
    errors: { types: changeErrors },
    access: { permission: "integrity:run" },
    args: { input: t.arg({ type: CheckIntegrityInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      integrityRun: await services.integrity.check(principal, input),
    }),
  }),
);
