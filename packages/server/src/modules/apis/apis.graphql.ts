import type { ApiVersionRecord } from "@keyplane/schema";
import { builder } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import { enumOf } from "../../graphql/enums.js";
import { changeErrors } from "../../graphql/errors.js";
import { idempotencyKeyField, payloadOf, requiredInput, statusInput } from "../../graphql/mutation.js";
import { NodeInterface } from "../../graphql/node.js";
import type { Api } from "../../platform/database/index.js";
import { apiAccesses, apiVisibilities } from "./apis.input.js";
import { apiOrders } from "./apis.reads.js";
import { apiVersionStatuses, versionStatusAt, versionsOf } from "./lib/versions.js";

const ApiVisibilityEnum = enumOf("ApiVisibility", "Who sees an API in lists.", apiVisibilities);
const ApiAccessEnum = enumOf("ApiAccess", "Which keys may call an API.", apiAccesses);
const ApiVersionStatusEnum = enumOf("ApiVersionStatus", "The state of a version of an API.", apiVersionStatuses);

const timeOf = (epochMs: number | null): Date | null => (epochMs === null ? null : new Date(epochMs));

const ApiVersionType = builder.objectRef<ApiVersionRecord>("ApiVersion").implement({
  description: "A version of an API. Verifiers ask for it as `slug@version`.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Unique in the API, e.g. v2." }),
    status: t.field({
      type: ApiVersionStatusEnum,
      description: "RETIRED before DEPRECATED before ACTIVE.",
      resolve: (version, _, { services }) => versionStatusAt(version, services.clock.now()),
    }),
    deprecatedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "From when on its callers are told to move to another version; null: not planned.",
      resolve: ({ deprecatedAt }) => timeOf(deprecatedAt),
    }),
    retiredAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "From when on it is refused; null: not planned.",
      resolve: ({ retiredAt }) => timeOf(retiredAt),
    }),
  }),
});

export const ApiType = builder.objectRef<Api>("Api");

ApiType.implement({
  description: "An API of a tenant, which its keys call.",
  interfaces: [NodeInterface],
  fields: (t) => ({
    tenantId: t.exposeID("tenantId", { description: "The id of the tenant that it belongs to." }),
    slug: t.exposeString("slug", { description: "What verifiers ask for as `api`; unique in the tenant." }),
    name: t.exposeString("name", { description: "The name that people read." }),
    description: t.exposeString("description", { description: "What it is for; may be empty." }),
    visibility: t.expose("visibility", { type: ApiVisibilityEnum, description: "Who sees it in lists." }),
    access: t.expose("access", { type: ApiAccessEnum, description: "Which keys may call it." }),
    versions: t.field({
      type: [ApiVersionType],
      description: "Its versions, in the order in which they were given; empty: it has none that could be asked for.",
      resolve: (api) => [...versionsOf(api)],
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When the API was created." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When the API last changed." }),
  }),
});

const ApiConnection = connectionOf("Api", ApiType);
const ApiOrderEnum = enumOf("ApiOrder", "How to order APIs.", apiOrders);

const ApiFilterInput = builder.inputType("ApiFilter", {
  description: "Which APIs; what is left out does not matter.",
  fields: (t) => ({
    visibility: t.field({ type: ApiVisibilityEnum, description: "Those with this visibility." }),
    search: t.string({ description: "Those with this text in slug, name or description, in any case." }),
  }),
});

builder.queryFields((t) => ({
  api: t.field({
    description: "One API; null when there is none with this id that you may see.",
    type: ApiType,
    nullable: true,
    access: "known",
    args: { id: t.arg.id({ required: true, description: "The API's id, `api_…`." }) },
    resolve: (_, { id }, { principal, services }) => services.apiReads.find(principal, id),
  }),
  apis: t.field({
    description: "The APIs that you may see: public ones, and with the permission `apis:read` private ones, too.",
    type: ApiConnection,
    access: "known",
    complexity: listComplexity,
    args: {
      tenantId: t.arg.id({ description: "Only this tenant's; all that you may see when left out." }),
      ...pageArguments(t.arg),
      filter: t.arg({ type: ApiFilterInput, description: "Which APIs." }),
      orderBy: t.arg({ type: ApiOrderEnum, defaultValue: "CREATED_AT_DESC", description: "In which order." }),
    },
    resolve: (_, { tenantId, filter, orderBy, ...page }, { principal, services }) =>
      services.apiReads.list(principal, { ...filter, tenantId }, orderBy ?? "CREATED_AT_DESC", page),
  }),
}));

const ApiVersionInput = builder.inputType("ApiVersionInput", {
  description: "A version of an API.",
  fields: (t) => ({
    name: t.string({ required: true, description: "1 to 20 letters, digits and . _ -, e.g. v2." }),
    deprecatedAt: t.field({
      type: "DateTime",
      description: "From when on its callers are told to move to another version; keys stay valid.",
    }),
    retiredAt: t.field({ type: "DateTime", description: "From when on it is refused; not before deprecatedAt." }),
  }),
});

const CreateApiInput = builder.inputType("CreateApiInput", {
  description: "A new API.",
  fields: (t) => ({
    tenantId: t.id({ required: true, description: "The tenant whose keys will call it." }),
    slug: t.string({
      required: true,
      description: "What verifiers ask for as `api`, e.g. orders. Unique in the tenant.",
    }),
    name: t.string({ required: true, description: "1 to 100 characters." }),
    description: t.string({ description: "What it is for, at most 500 characters." }),
    visibility: t.field({ type: ApiVisibilityEnum, defaultValue: "PRIVATE", description: "Who sees it in lists." }),
    access: t.field({ type: ApiAccessEnum, defaultValue: "GRANTED", description: "Which keys may call it." }),
    versions: t.field({ type: [ApiVersionInput], description: "Its versions, at most 50." }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const UpdateApiInput = builder.inputType("UpdateApiInput", {
  description: "What to change; what is left out stays.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The API's id." }),
    slug: t.string({ description: "A new slug: verifiers have to ask for it from then on." }),
    name: t.string({ description: "A new name." }),
    description: t.string({ description: "A new description." }),
    visibility: t.field({ type: ApiVisibilityEnum, description: "Who sees it from now on." }),
    access: t.field({ type: ApiAccessEnum, description: "Which keys may call it from now on." }),
    versions: t.field({ type: [ApiVersionInput], description: "All its versions from now on." }),
  }),
});

const DeleteApiInput = statusInput("DeleteApiInput", "delete", "API");
const CreateApiPayload = payloadOf("CreateApiPayload", "api", ApiType);
const UpdateApiPayload = payloadOf("UpdateApiPayload", "api", ApiType);
const DeleteApiPayload = builder.objectRef<{ api: Api }>("DeleteApiPayload").implement({
  description: "The API that was deleted.",
  fields: (t) => ({
    api: t.field({ type: ApiType, description: "The API as it was last.", resolve: ({ api }) => api }),
  }),
});

builder.mutationFields((t) => ({
  createApi: t.field({
    description:
      "Creates an API. From a tenant's first one on, a verifier that asks for an `api` must name one of them, and the key needs access to it.",
    type: CreateApiPayload,
    errors: { types: changeErrors },
    access: { permission: "apis:create" },
    args: { input: t.arg({ type: CreateApiInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ api: await services.apis.create(principal, input) }),
  }),
  updateApi: t.field({
    description: "Changes an API and its versions. Counts from the next verification on.",
    type: UpdateApiPayload,
    errors: { types: changeErrors },
    access: { permission: "apis:update" },
    args: { input: t.arg({ type: UpdateApiInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ api: await services.apis.update(principal, input) }),
  }),
  deleteApi: t.field({
    description: "Deletes an API for good, with all access to it. Whoever still calls it is refused.",
    type: DeleteApiPayload,
    errors: { types: changeErrors },
    access: { permission: "apis:delete" },
    args: { input: t.arg({ type: DeleteApiInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ api: await services.apis.delete(principal, input) }),
  }),
}));
