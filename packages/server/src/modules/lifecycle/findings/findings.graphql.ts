import { type KeyFindingAction, type KeyFindingKind, keyFindingActions, keyFindingKinds } from "@keyplane/schema";
import { builder } from "../../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../../graphql/connection.js";
import { enumOf } from "../../../graphql/enums.js";
import { changeErrors } from "../../../graphql/errors.js";
import { payloadOf, requiredInput } from "../../../graphql/mutation.js";
import type { KeyFinding } from "../../../platform/database/index.js";
import { KeyType } from "../../keys/keys.graphql.js";
import type { SharedEvidence, SharedSamples } from "./finding-evidence.js";

const KeyFindingKindEnum = enumOf("KeyFindingKind", "What was found about a key.", keyFindingKinds);
const KeyFindingActionEnum = enumOf(
  "KeyFindingAction",
  "What was done about a finding by itself, as the tenant's policy says.",
  keyFindingActions,
);

const SharedKeySamplesType = builder.objectRef<SharedSamples>("SharedKeySamples").implement({
  description: "Some of the places that a key was used from, the latest first.",
  fields: (t) => ({
    addresses: t.stringList({ description: "Addresses; of IPv6 the /64.", resolve: ({ addresses }) => addresses }),
    networks: t.stringList({ description: "Networks.", resolve: ({ networks }) => networks }),
    userAgents: t.stringList({ description: "Programs.", resolve: ({ userAgents }) => userAgents }),
  }),
});

const SharedKeyEvidenceType = builder.objectRef<SharedEvidence>("SharedKeyEvidence").implement({
  description: "From how many places a key was used when it was last looked at, and how many it might have been.",
  fields: (t) => ({
    windowHours: t.exposeInt("windowHours", { description: "Within how many hours." }),
    addresses: t.exposeInt("addresses", { description: "How many addresses; of IPv6 a /64 is one." }),
    networks: t.exposeInt("networks", { description: "How many networks, /24 of IPv4 and /48 of IPv6." }),
    userAgents: t.exposeInt("userAgents", { description: "How many user agents." }),
    maxAddresses: t.exposeInt("maxAddresses", { nullable: true, description: "The policy's bound; null: none." }),
    maxNetworks: t.exposeInt("maxNetworks", { nullable: true, description: "The policy's bound; null: none." }),
    maxUserAgents: t.exposeInt("maxUserAgents", { nullable: true, description: "The policy's bound; null: none." }),
  }),
});

export const KeyFindingType = builder.objectRef<KeyFinding>("KeyFinding").implement({
  description: "Something that was found about a key, for people to deal with.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "The finding's id, `kfn_…`." }),
    tenantId: t.exposeID("tenantId", { description: "The tenant of the key." }),
    keyId: t.exposeID("keyId", { description: "The key's id." }),
    key: t.field({
      type: KeyType,
      nullable: true,
      description: "The key as it is now; null: none that you may see.",
      access: { permission: "keys:read" },
      resolve: ({ keyId }, _, { loaders }) => loaders.keys.load(keyId),
    }),
    kind: t.field({
      type: KeyFindingKindEnum,
      description: "What was found.",
      resolve: ({ kind }) => kind as KeyFindingKind,
    }),
    start: t.exposeString("start", {
      nullable: true,
      description: "What may be seen of the secret that it is about; null: it is about the key as a whole.",
    }),
    place: t.exposeString("place", { nullable: true, description: "Where it was found; null: not known." }),
    source: t.exposeString("source", { nullable: true, description: "By what it was found; null: not known." }),
    action: t.field({
      type: KeyFindingActionEnum,
      description: "What was done about it by itself.",
      resolve: ({ action }) => action as KeyFindingAction,
    }),
    evidence: t.field({
      type: SharedKeyEvidenceType,
      nullable: true,
      description: "Of a SHARED one: from how many places the key was used; else null.",
      resolve: ({ evidence }) => evidence as SharedEvidence | null,
    }),
    samples: t.field({
      type: SharedKeySamplesType,
      nullable: true,
      description: "Of an open SHARED one: some of these places; else null. Addresses are personal data.",
      access: { permission: "usage:read" },
      resolve: ({ samples }) => samples as SharedSamples | null,
    }),
    reports: t.exposeInt("reports", { description: "How often the same was reported." }),
    firstAt: t.expose("firstAt", { type: "DateTime", description: "When it was first found." }),
    lastAt: t.expose("lastAt", { type: "DateTime", description: "When it was last found." }),
    resolvedAt: t.expose("resolvedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was dealt with; null: it is open.",
    }),
    resolvedBy: t.exposeID("resolvedBy", { nullable: true, description: "The id of whoever dealt with it." }),
    resolution: t.exposeString("resolution", { nullable: true, description: "How it was dealt with." }),
  }),
});

const KeyFindingConnection = connectionOf("KeyFinding", KeyFindingType);

const KeyFindingFilterInput = builder.inputType("KeyFindingFilter", {
  description: "Which findings; what is left out does not matter.",
  fields: (t) => ({
    keyId: t.id({ description: "Those of this key." }),
    kind: t.field({ type: KeyFindingKindEnum, description: "Those of this kind." }),
    open: t.boolean({ description: "true: those that are not dealt with yet; false: those that are." }),
  }),
});

builder.queryField("keyFindings", (t) =>
  t.field({
    description:
      "What was found about the keys that you may see, the latest first: leaks, shared keys, idle keys, and keys without an end.",
    type: KeyFindingConnection,
    access: { permission: "keys:read" },
    complexity: listComplexity,
    args: {
      tenantId: t.arg.id({ description: "Only this tenant's; all that you may see when left out." }),
      ...pageArguments(t.arg),
      filter: t.arg({ type: KeyFindingFilterInput, description: "Which findings." }),
    },
    resolve: (_, { tenantId, filter, ...page }, { principal, services }) =>
      services.lifecycle.findings.list(principal, { ...filter, tenantId }, page),
  }),
);

const ResolveKeyFindingInput = builder.inputType("ResolveKeyFindingInput", {
  description: "Which finding is dealt with, and how.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The finding's id." }),
    reason: t.string({ required: true, description: "How it was dealt with, 1 to 500 characters." }),
  }),
});

const ResolveKeyFindingPayload = payloadOf("ResolveKeyFindingPayload", "finding", KeyFindingType);

builder.mutationField("resolveKeyFinding", (t) =>
  t.field({
    description: "Marks a finding as dealt with. The key stays as it is: enable, rotate or revoke it by itself.",
    type: ResolveKeyFindingPayload,
    errors: { types: changeErrors },
    access: { permission: "keys:update" },
    args: { input: t.arg({ type: ResolveKeyFindingInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      finding: await services.lifecycle.findings.resolve(principal, input),
    }),
  }),
);
