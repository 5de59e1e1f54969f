import { countAttempt } from "../../../graphql/attempts.js";
import { builder } from "../../../graphql/builder.js";
import { EnvironmentEnum, enumOf, RoleEnum } from "../../../graphql/enums.js";
import { changeErrors } from "../../../graphql/errors.js";
import { idempotencyKeyField, requiredInput } from "../../../graphql/mutation.js";
import { RateLimitedError } from "../../../platform/errors.js";
import { KeyType } from "../../keys/keys.graphql.js";
import { VerdictType } from "../../keys/verification/verify.graphql.js";
import { UserType } from "../../users/users.graphql.js";
import type { InvalidUserResolution } from "./resolve-invalid-user.js";
import { type FieldChange, type ResolveStep, resolveSteps, stepOutcomes } from "./steps.js";

const StepNameEnum = enumOf("ResolveStepName", "The five steps, in their order.", resolveSteps);
const StepOutcomeEnum = enumOf("ResolveStepOutcome", "What became of a step.", stepOutcomes);

const FieldChangeType = builder.objectRef<FieldChange>("FieldChange").implement({
  description: "One field that changes.",
  fields: (t) => ({
    field: t.exposeString("field", { description: "Which field." }),
    before: t.exposeString("before", { nullable: true, description: "Its value before; null: none." }),
    after: t.exposeString("after", {
      nullable: true,
      description: "Its value after; null: none. In a plan `new` for what only the run makes up: an id, a start.",
    }),
  }),
});

const ResolveStepType = builder.objectRef<ResolveStep>("ResolveStep").implement({
  description: "One of the five steps, as it was made or, in a plan, would be.",
  fields: (t) => ({
    name: t.expose("name", { type: StepNameEnum, description: "Which step." }),
    outcome: t.expose("outcome", { type: StepOutcomeEnum, description: "What became of it." }),
    mutation: t.exposeString("mutation", {
      nullable: true,
      description:
        "The mutation that it is: its permission, audit record and event are the step's. Null: it changes nothing.",
    }),
    detail: t.exposeString("detail", { description: "What it found or did, for people." }),
    changes: t.field({
      type: [FieldChangeType],
      description: "The fields that it changes.",
      resolve: ({ changes }) => [...changes],
    }),
  }),
});

const ResolveInvalidUserPayload = builder.objectRef<InvalidUserResolution>("ResolveInvalidUserPayload").implement({
  description: "What was done about a key with an invalid user, or in a plan would be.",
  fields: (t) => ({
    dryRun: t.exposeBoolean("dryRun", { description: "Whether this is a plan: nothing was changed then." }),
    steps: t.field({
      type: [ResolveStepType],
      description: "The five steps.",
      resolve: ({ steps }) => [...steps],
    }),
    key: t.expose("key", { type: KeyType, description: "The key as it is now." }),
    user: t.expose("user", {
      type: UserType,
      nullable: true,
      description: "Whose it is now; in a plan whose it would be, or null for somebody who would be created.",
    }),
    secret: t.exposeString("secret", {
      nullable: true,
      description:
        "The new secret, shown this once and kept nowhere; null in a plan, and where the key keeps its secret.",
    }),
    verdict: t.expose("verdict", {
      type: VerdictType,
      nullable: true,
      description:
        "The verdict about the new secret, or about the current one where the key keeps it. Where it is refused, diagnose the key; null in a plan that is blocked. In a plan its key has the present start, and its owner is null who would be created.",
    }),
  }),
});

const RightUserInput = builder.inputType("RightUserInput", {
  description:
    "Whom a key shall belong to: found by id, else by externalId, else by e-mail address; without any of them the present owner. Other details are brought up to date.",
  fields: (t) => ({
    id: t.id({ description: "The user's id, `usr_…`." }),
    email: t.string({ description: "The e-mail address; needed to create the user." }),
    name: t.string({ description: "The name; the e-mail address when a new user has none." }),
    externalId: t.string({ description: "Your own system's id of the user." }),
    role: t.field({ type: RoleEnum, description: "The role; DEVELOPER for a new user when left out." }),
    customRoleId: t.id({
      description:
        "A custom role of the tenant, which decides what the user may do instead of the role; null takes it away.",
    }),
    allowedIps: t.stringList({
      description:
        "The only addresses that the user's keys are accepted from, as IPv4 or IPv6 addresses and CIDR ranges; an empty list: any.",
    }),
    deniedIps: t.stringList({ description: "Addresses that the user's keys are never accepted from, likewise." }),
  }),
});

const TestCallInput = builder.inputType("TestCallInput", {
  description: "The call that the key is tested for, as diagnoseKey would: with the limits, of which nothing is taken.",
  fields: (t) => ({
    scopes: t.stringList({ description: "The scopes that the call needs." }),
    environment: t.field({ type: EnvironmentEnum, description: "The environment that it is for." }),
    ip: t.string({ description: "The address that it comes from." }),
    api: t.string({ description: "The API that it is to." }),
    cost: t.int({ description: "What it costs of rate limits and quotas; 1 when left out. Nothing is charged." }),
  }),
});

const ResolveInvalidUserInput = builder.inputType("ResolveInvalidUserInput", {
  description: "A key whose user is not valid, and whose it shall be. Give exactly one of key, keyId and start.",
  fields: (t) => ({
    key: t.string({ description: "The key's text, as it was presented. A text that holds several keys is refused." }),
    keyId: t.id({ description: "The key's id." }),
    start: t.string({ description: "The visible start of its secret, e.g. kp_live_3fQz." }),
    user: t.field({ type: RightUserInput, description: "The right user; the present owner when left out." }),
    createMissing: t.boolean({ defaultValue: true, description: "Whether to create the user when there is none." }),
    enableDisabled: t.boolean({ defaultValue: false, description: "Whether to enable the user when disabled." }),
    reissue: t.boolean({
      defaultValue: false,
      description: "Whether to give the key a new secret even where it belongs to that user already.",
    }),
    test: t.field({ type: TestCallInput, description: "What to test the secret for." }),
    requireValid: t.boolean({
      defaultValue: false,
      description:
        "Whether to change nothing at all when the test is refused. Otherwise the user is right and the secret new all the same, and `verdict` says what else is wrong with the key.",
    }),
    dryRun: t.boolean({ defaultValue: false, description: "true: only the plan, nothing is changed." }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

builder.mutationField("resolveInvalidUser", (t) =>
  t.field({
    description:
      "Mends a key with an invalid user in one go: identifies the user, verifies that they exist or creates them, updates their details, reissues the key to them, and tests its secret. A key that belongs to that user already keeps its secret unless `reissue` is true. All of it or nothing. Each step that changes something needs the permission of its own mutation, too.",
    type: ResolveInvalidUserPayload,
    errors: { types: [...changeErrors, RateLimitedError] },
    access: { permission: "keys:reissue" },
    args: { input: t.arg({ type: ResolveInvalidUserInput, ...requiredInput }) },
    resolve: (_, { input }, context) => {
      countAttempt(context);
      return context.services.resolveInvalidUser(context.principal, input);
    },
  }),
);
