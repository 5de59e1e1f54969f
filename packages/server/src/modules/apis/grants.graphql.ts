import { builder } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import { enumOf } from "../../graphql/enums.js";
import { changeErrors } from "../../graphql/errors.js";
import { idempotencyKeyField, payloadOf, requiredInput, statusInput } from "../../graphql/mutation.js";
import { NodeInterface } from "../../graphql/node.js";
import type { ApiGrant } from "../../platform/database/index.js";
import { ApiType } from "./apis.graphql.js";
import { apiGrantOrders, apiGrantStatuses } from "./grants.reads.js";

const ApiGrantStatusEnum = enumOf("ApiGrantStatus", "The state of a key's access to an API.", apiGrantStatuses);

export const ApiGrantType = builder.objectRef<ApiGrant>("ApiGrant");

ApiGrantType.implement({
  description:
    "The access of a key to an API: requested, given, refused or taken away. There is at most one for each key and API.",
  interfaces: [NodeInterface],
  fields: (t) => ({
    tenantId: t.exposeID("tenantId", { description: "The id of the tenant that both belong to." }),
    apiId: t.exposeID("apiId", { description: "The id of the API." }),
    api: t.field({
      type: ApiType,
      nullable: true,
      description: "The API; null: none that you may see.",
      access: { permission: "apis:read" },
      resolve: ({ apiId }, _, { loaders }) => loaders.apis.load(apiId),
    }),
    keyId: t.exposeID("keyId", { description: "The id of the key." }),
    status: t.expose("status", {
      type: ApiGrantStatusEnum,
      description: "Only with GRANTED may the key call the API.",
    }),
    requestedBy: t.exposeID("requestedBy", {
      nullable: true,
      description: "The id of the user or token that asked for it; null: it was given without a request.",
    }),
    requestReason: t.exposeString("requestReason", { nullable: true, description: "Why it was asked for." }),
    decidedBy: t.exposeID("decidedBy", {
      nullable: true,
      description: "The id of the user or token that gave, refused or took it; null: it waits.",
    }),
    decisionReason: t.exposeString("decisionReason", { nullable: true, description: "Why it was decided so." }),
    decidedAt: t.expose("decidedAt", { type: "DateTime", nullable: true, description: "When; null: it waits." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was first requested or given." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it last changed." }),
  }),
});

const ApiGrantConnection = connectionOf("ApiGrant", ApiGrantType);
const ApiGrantOrderEnum = enumOf("ApiGrantOrder", "How to order grants.", apiGrantOrders);

const ApiGrantFilterInput = builder.inputType("ApiGrantFilter", {
  description: "Which grants; what is left out does not matter.",
  fields: (t) => ({
    apiId: t.id({ description: "Those of this API." }),
    keyId: t.id({ description: "Those of this key." }),
    status: t.field({
      type: ApiGrantStatusEnum,
      description: "Those with this status; PENDING: what waits for approval.",
    }),
  }),
});

builder.queryFields((t) => ({
  apiGrant: t.field({
    description: "The access of one key to one API; null when there is none with this id that you may see.",
    type: ApiGrantType,
    nullable: true,
    access: { permission: "grants:read" },
    args: { id: t.arg.id({ required: true, description: "The grant's id, `grt_…`." }) },
    resolve: (_, { id }, { principal, services }) => services.apiGrantReads.find(principal, id),
  }),
  apiGrants: t.field({
    description: "The access of keys that you may see to APIs.",
    type: ApiGrantConnection,
    access: { permission: "grants:read" },
    complexity: listComplexity,
    args: {
      tenantId: t.arg.id({ description: "Only this tenant's; all that you may see when left out." }),
      ...pageArguments(t.arg),
      filter: t.arg({ type: ApiGrantFilterInput, description: "Which grants." }),
      orderBy: t.arg({ type: ApiGrantOrderEnum, defaultValue: "CREATED_AT_DESC", description: "In which order." }),
    },
    resolve: (_, { tenantId, filter, orderBy, ...page }, { principal, services }) =>
      services.apiGrantReads.list(principal, { ...filter, tenantId }, orderBy ?? "CREATED_AT_DESC", page),
  }),
}));

const accessInput = (name: string, what: string) =>
  builder.inputType(name, {
    description: `Which key ${what} which API, and why.`,
    fields: (t) => ({
      apiId: t.id({ required: true, description: "The API's id, of the key's tenant." }),
      keyId: t.id({ required: true, description: "The key's id." }),
      reason: t.string({ description: "Why, 1 to 500 characters." }),
      idempotencyKey: idempotencyKeyField(t),
    }),
  });

const decisionInput = (name: string, verb: string) =>
  builder.inputType(name, {
    description: `Which access to ${verb}, and why.`,
    fields: (t) => ({
      id: t.id({ required: true, description: "The grant's id." }),
      reason: t.string({ required: true, description: "Why, 1 to 500 characters. Whoever asked reads it." }),
    }),
  });

const RequestApiAccessInput = accessInput("RequestApiAccessInput", "wants access to");
const GrantApiAccessInput = accessInput("GrantApiAccessInput", "gets access to");
const ApproveApiAccessInput = statusInput("ApproveApiAccessInput", "approve", "grant");
const RefuseApiAccessInput = decisionInput("RefuseApiAccessInput", "refuse");
const RevokeApiAccessInput = decisionInput("RevokeApiAccessInput", "take away");
const payload = (name: string) => payloadOf(name, "apiGrant", ApiGrantType);
const RequestApiAccessPayload = payload("RequestApiAccessPayload");
const GrantApiAccessPayload = payload("GrantApiAccessPayload");
const ApproveApiAccessPayload = payload("ApproveApiAccessPayload");
const RefuseApiAccessPayload = payload("RefuseApiAccessPayload");
const RevokeApiAccessPayload = payload("RevokeApiAccessPayload");

builder.mutationFields((t) => ({
  requestApiAccess: t.field({
    description: "Asks for a key's access to an API. It waits until somebody approves or refuses it.",
    type: RequestApiAccessPayload,
    errors: { types: changeErrors },
    access: { permission: "grants:request" },
    args: { input: t.arg({ type: RequestApiAccessInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      apiGrant: await services.apiGrants.request(principal, input),
    }),
  }),
  grantApiAccess: t.field({
    description: "Gives a key access to an API at once, whether it was requested or not.",
    type: GrantApiAccessPayload,
    errors: { types: changeErrors },
    access: { permission: "grants:approve" },
    args: { input: t.arg({ type: GrantApiAccessInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      apiGrant: await services.apiGrants.grant(principal, input),
    }),
  }),
  approveApiAccess: t.field({
    description: "Approves a request: the key may call the API from the next verification on.",
    type: ApproveApiAccessPayload,
    errors: { types: changeErrors },
    access: { permission: "grants:approve" },
    args: { input: t.arg({ type: ApproveApiAccessInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      apiGrant: await services.apiGrants.approve(principal, input),
    }),
  }),
  refuseApiAccess: t.field({
    description: "Refuses a request that waits. It can be made again.",
    type: RefuseApiAccessPayload,
    errors: { types: changeErrors },
    access: { permission: "grants:approve" },
    args: { input: t.arg({ type: RefuseApiAccessInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      apiGrant: await services.apiGrants.refuse(principal, input),
    }),
  }),
  revokeApiAccess: t.field({
    description: "Takes access away: the key is refused by the API from the next verification on.",
    type: RevokeApiAccessPayload,
    errors: { types: changeErrors },
    access: { permission: "grants:approve" },
    args: { input: t.arg({ type: RevokeApiAccessInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      apiGrant: await services.apiGrants.revoke(principal, input),
    }),
  }),
}));
