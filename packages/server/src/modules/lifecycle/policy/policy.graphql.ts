import { leakActions, sharedRules, upkeepActions } from "@keyplane/schema";
import { builder } from "../../../graphql/builder.js";
import { enumOf } from "../../../graphql/enums.js";
import { changeErrors } from "../../../graphql/errors.js";
import { payloadOf, requiredInput } from "../../../graphql/mutation.js";
import { TenantType } from "../../tenants/tenants.graphql.js";
import type { LifecyclePolicy } from "./policy.js";

const LeakActionEnum = enumOf("LeakAction", "What happens to a key whose secret was found in public.", leakActions);
const UpkeepActionEnum = enumOf(
  "UpkeepAction",
  "What happens by itself to keys that the policy does not want.",
  upkeepActions,
);

const SharedRuleEnum = enumOf("SharedRule", "When a key counts as shared.", sharedRules);

const LifecyclePolicyType = builder.objectRef<LifecyclePolicy>("LifecyclePolicy").implement({
  description:
    "How the keys of a tenant look after themselves: what happens to leaked, shared, idle and never-expiring ones.",
  fields: (t) => ({
    leakAction: t.expose("leakAction", {
      type: LeakActionEnum,
      description: "What happens to a key whose secret was found in public.",
    }),
    idleAfterDays: t.exposeInt("idleAfterDays", {
      nullable: true,
      description: "After how many days without use a key is idle; null: never.",
    }),
    idleAction: t.expose("idleAction", { type: UpkeepActionEnum, description: "What happens to idle keys." }),
    neverExpiringAction: t.expose("neverExpiringAction", {
      type: UpkeepActionEnum,
      description: "What happens to keys without expiresAt.",
    }),
    graceDays: t.exposeInt("graceDays", {
      description: "With DISABLE: how many days after the reminder a key is disabled.",
    }),
    sharedAction: t.expose("sharedAction", {
      type: UpkeepActionEnum,
      description: "What happens to keys that are used from too many places.",
    }),
    sharedWindowHours: t.exposeInt("sharedWindowHours", { description: "Within how many hours places are counted." }),
    sharedRule: t.expose("sharedRule", {
      type: SharedRuleEnum,
      description: "Whether a key has to pass every bound that is set, or one.",
    }),
    sharedMaxAddresses: t.exposeInt("sharedMaxAddresses", {
      nullable: true,
      description: "From how many addresses a key may be used; of IPv6 a /64 is one. null: any number.",
    }),
    sharedMaxNetworks: t.exposeInt("sharedMaxNetworks", {
      nullable: true,
      description: "From how many networks, /24 of IPv4 and /48 of IPv6; null: any number.",
    }),
    sharedMaxUserAgents: t.exposeInt("sharedMaxUserAgents", {
      nullable: true,
      description: "With how many user agents; null: any number.",
    }),
  }),
});

builder.objectField(TenantType, "lifecyclePolicy", (t) =>
  t.field({
    type: LifecyclePolicyType,
    description: "How the tenant's keys look after themselves.",
    access: { permission: "tenants:read" },
    resolve: (tenant, _, { principal, services }) => services.lifecycle.policies.find(principal, tenant.id),
  }),
);

const UpdateLifecyclePolicyInput = builder.inputType("UpdateLifecyclePolicyInput", {
  description: "What to change; what is left out stays.",
  fields: (t) => ({
    tenantId: t.id({ required: true, description: "The tenant." }),
    leakAction: t.field({ type: LeakActionEnum, description: "What happens to leaked keys from now on." }),
    idleAfterDays: t.int({ description: "1 to 3650; null: keys are never idle." }),
    idleAction: t.field({ type: UpkeepActionEnum, description: "What happens to idle keys from now on." }),
    neverExpiringAction: t.field({
      type: UpkeepActionEnum,
      description: "What happens to keys without expiresAt from now on.",
    }),
    graceDays: t.int({ description: "0 to 3650." }),
    sharedAction: t.field({ type: UpkeepActionEnum, description: "What happens to shared keys from now on." }),
    sharedWindowHours: t.int({ description: "1 to 72." }),
    sharedRule: t.field({ type: SharedRuleEnum, description: "Whether every bound has to be passed, or one." }),
    sharedMaxAddresses: t.int({ description: "1 to 1000; null: any number." }),
    sharedMaxNetworks: t.int({ description: "1 to 1000; null: any number." }),
    sharedMaxUserAgents: t.int({ description: "1 to 1000; null: any number." }),
  }),
});

const UpdateLifecyclePolicyPayload = payloadOf("UpdateLifecyclePolicyPayload", "policy", LifecyclePolicyType);

builder.mutationField("updateLifecyclePolicy", (t) =>
  t.field({
    description: "Changes how the keys of a tenant look after themselves.",
    type: UpdateLifecyclePolicyPayload,
    errors: { types: changeErrors },
    access: { permission: "tenants:update" },
    args: { input: t.arg({ type: UpdateLifecyclePolicyInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      policy: await services.lifecycle.policies.update(principal, input),
    }),
  }),
);
