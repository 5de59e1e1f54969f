import { checkOutcomes, diagnosisFindings, keyRepairs } from "@keyplane/schema";
import { countAttempt } from "../../graphql/attempts.js";
import { builder } from "../../graphql/builder.js";
import { EnvironmentEnum, enumOf, PermissionEnum, VerdictCodeEnum } from "../../graphql/enums.js";
import { requiredInput } from "../../graphql/mutation.js";
import { KeyType } from "../keys/keys.graphql.js";
import { VerdictType } from "../keys/verification/verify.graphql.js";
import type { DiagnosisCheck, KeyDiagnosis } from "./diagnosis.service.js";
import type { Finding } from "./findings.js";
import { type RefusedCall, refusedCallMatches } from "./refused-calls.js";
import type { Remedy } from "./remedies/remedy.js";

const CheckOutcomeEnum = enumOf("CheckOutcome", "How one check of a key ended.", checkOutcomes);
const FindingCodeEnum = enumOf(
  "DiagnosisFindingCode",
  "What a diagnosis has found besides its checks.",
  diagnosisFindings,
);

const KeyRepairEnum = enumOf("KeyRepair", "What was wrong with the text of a key.", keyRepairs);

const DiagnosisCheckType = builder.objectRef<DiagnosisCheck>("DiagnosisCheck").implement({
  description: "One check of a key. They are made in this order, and the first that fails is the verdict.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "What is checked, e.g. `expiry`." }),
    outcome: t.expose("outcome", { type: CheckOutcomeEnum, description: "How it ended." }),
    code: t.expose("code", { type: VerdictCodeEnum, description: "What a key is refused with where it fails." }),
    evidence: t.exposeString("evidence", {
      nullable: true,
      description: "What it saw, for people; of one that was not reached, what it would see. Null: nothing to see.",
    }),
    since: t.expose("since", {
      type: "DateTime",
      nullable: true,
      description: "Since when it is so, where that is known.",
    }),
    by: t.exposeString("by", {
      nullable: true,
      description: "Who made it so, by name and id; null: not known, or you lack `audit:read`.",
    }),
    wouldFail: t.exposeBoolean("wouldFail", {
      nullable: true,
      description:
        "Whether it refuses the key, also where a check before it has done so already. Null: that cannot be said yet.",
    }),
  }),
});

const RemedyType = builder.objectRef<Remedy>("Remedy").implement({
  description: "A mutation ready to send: its document, its variables, and what it will change.",
  fields: (t) => ({
    code: t.expose("code", {
      type: VerdictCodeEnum,
      description: "What it mends; VALID for what keeps no key from working.",
    }),
    title: t.exposeString("title", { description: "What to do, in a few words." }),
    mutation: t.exposeString("mutation", { description: "The GraphQL document." }),
    variables: t.expose("variables", { type: "JSON", description: "Its variables: send them as they are." }),
    effect: t.exposeString("effect", { description: "What it will change." }),
    permissions: t.field({
      type: [PermissionEnum],
      description: "What its caller needs.",
      resolve: ({ permissions }) => [...permissions],
    }),
    permitted: t.exposeBoolean("permitted", { description: "Whether you may send it." }),
    permittedTo: t.exposeString("permittedTo", {
      nullable: true,
      description: "Who may, when you may not.",
    }),
  }),
});

const FindingType = builder.objectRef<Finding>("DiagnosisFinding").implement({
  description: "Something that a diagnosis has found besides its checks.",
  fields: (t) => ({
    code: t.expose("code", { type: FindingCodeEnum, description: "What it is, for programs." }),
    message: t.exposeString("message", { description: "What it is, and what to do, for people." }),
    repair: t.field({
      type: KeyRepairEnum,
      nullable: true,
      description: "Of `KEY_TEXT_REPAIRED`: what was wrong with the text; else null.",
      resolve: ({ repair }) => repair,
    }),
    keyId: t.id({
      nullable: true,
      description: "The id of the key that it is about, if not the one that was asked about.",
      resolve: ({ key }) => key?.id,
    }),
    key: t.expose("key", {
      type: KeyType,
      nullable: true,
      description: "That key.",
      access: { permission: "keys:read" },
    }),
  }),
});

const RefusedCallMatchEnum = enumOf("RefusedCallMatch", "By what a refused call was found.", refusedCallMatches);

const RefusedCallType = builder.objectRef<RefusedCall>("RefusedCall").implement({
  description: "One call that was refused.",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "When it was." }),
    code: t.expose("code", { type: VerdictCodeEnum, description: "Why it was refused." }),
    api: t.string({ nullable: true, description: "The API that was called.", resolve: ({ api }) => api }),
    ip: t.string({ nullable: true, description: "The address that it came from.", resolve: ({ ip }) => ip }),
    userAgent: t.string({
      nullable: true,
      description: "The program that it came from.",
      resolve: ({ userAgent }) => userAgent,
    }),
    start: t.string({
      nullable: true,
      description: "The visible start of the presented key.",
      resolve: ({ start }) => start,
    }),
    matchedBy: t.field({
      type: [RefusedCallMatchEnum],
      description:
        "By what it was found: the key, or the start of the text where that is no known key; the address; or both.",
      resolve: ({ matchedBy }) => [...matchedBy],
    }),
  }),
});

const KeyDiagnosisType = builder.objectRef<KeyDiagnosis>("KeyDiagnosis").implement({
  description: "Exactly which check refuses a key, why, since when and by whom, and what mends it.",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "The moment that it is about." }),
    verdict: t.expose("verdict", {
      type: VerdictType,
      description:
        "What `verifyKey` would answer, or would have answered then; but an address that is held up because it tried keys out counts for nothing here: see the finding `ADDRESS_HELD_UP`.",
    }),
    verdictNow: t.expose("verdictNow", {
      type: VerdictType,
      nullable: true,
      description: "The verdict as of now, where `at` was given.",
    }),
    keyId: t.id({
      nullable: true,
      description: "The key's id; null: there is none that you may see.",
      resolve: ({ key }) => key?.id,
    }),
    key: t.expose("key", {
      type: KeyType,
      nullable: true,
      description: "The key as it is now, deleted ones too; null: there is none that you may see.",
      access: { permission: "keys:read" },
    }),
    checks: t.field({
      type: [DiagnosisCheckType],
      description: "Every check, in the order in which they are made: one for each verdict code.",
      resolve: ({ checks }) => [...checks],
    }),
    findings: t.field({
      type: [FindingType],
      description: "What was found besides: keys that were meant, secrets that end soon, gaps in what is known.",
      resolve: ({ findings }) => [...findings],
    }),
    remedies: t.field({
      type: [RemedyType],
      description:
        "What mends the key as it is now, in the order in which to do it. Those with the same code are alternatives or follow one another, as their effects say.",
      resolve: ({ remedies }) => [...remedies],
    }),
    refusedCalls: t.field({
      type: [RefusedCallType],
      nullable: true,
      description:
        "Refused calls of the key, those with the visible start of a text that is no known key, even where the key is known that it was meant to be, and those from the address with whatever key, each once, newest first: the last 20 of a day, or with `at` the 20 nearest to it of the hour before and after, 10 on either side where there are as many. Null: not known, or you lack `usage:read`.",
      resolve: ({ refusedCalls }) => refusedCalls && [...refusedCalls],
    }),
  }),
});

const ExpectedOwnerInput = builder.inputType("ExpectedOwnerInput", {
  description: "What your own system holds of a key's owner, to be compared.",
  fields: (t) => ({
    email: t.string({ description: "The e-mail address." }),
    name: t.string({ description: "The name." }),
    externalId: t.string({ description: "Your system's id of the user." }),
  }),
});

const DiagnoseKeyInput = builder.inputType("DiagnoseKeyInput", {
  description: "A key, and the call that it was refused for. Give exactly one of key, keyId and start.",
  fields: (t) => ({
    key: t.string({
      description:
        "The text exactly as it was presented, with all that may be wrong about it: at most 4096 characters.",
    }),
    keyId: t.id({ description: "The key's id: its current secret is diagnosed, or that of then." }),
    start: t.string({ description: "The visible start of its secret, e.g. kp_live_3fQz." }),
    tenantId: t.id({
      description:
        "In which tenant to look: the key of another one answers as an unknown one. For who may see all tenants; left out, all are looked through, and of a text that is no known key those refused calls are told of which nobody knows the tenant.",
    }),
    scopes: t.stringList({ description: "The scopes that the call needed." }),
    environment: t.field({ type: EnvironmentEnum, description: "The environment that the call was for." }),
    ip: t.string({ description: "The address that the call came from." }),
    api: t.string({ description: "The API that was called." }),
    cost: t.int({ description: "What the call costs of rate limits and quotas; 1 when left out. Nothing is charged." }),
    at: t.field({ type: "DateTime", description: "A moment of the past to diagnose; the present when left out." }),
    owner: t.field({
      type: ExpectedOwnerInput,
      description: "What your system holds of the owner: whether it is out of date is found, too.",
    }),
  }),
});

builder.queryField("diagnoseKey", (t) =>
  t.field({
    description:
      "Says exactly which check refuses a key, or refused it at a past moment, and what mends it. Changes nothing, charges nothing, leaves no usage. Another tenant's key answers as an unknown one.",
    type: KeyDiagnosisType,
    access: { permission: "keys:diagnose" },
    complexity: 50,
    args: { input: t.arg({ type: DiagnoseKeyInput, ...requiredInput }) },
    resolve: (_, { input }, context) => {
      countAttempt(context);
      return context.services.diagnose(context.principal, input);
    },
  }),
);
