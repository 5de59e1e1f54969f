import type { Permission } from "@keyplane/schema";
import { builder } from "../../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../../graphql/connection.js";
import { enumOf, PermissionEnum, RoleEnum } from "../../../graphql/enums.js";
import { changeErrors } from "../../../graphql/errors.js";
import { idempotencyKeyField, payloadOf, requiredInput, statusInput } from "../../../graphql/mutation.js";
import type { OAuthClient } from "../../../platform/database/index.js";
import { grantTypes } from "./clients.input.js";
import type { IssuedClient } from "./clients.service.js";

const GrantTypeEnum = enumOf("OAuthGrantType", "How a client may get tokens (RFC 6749).", grantTypes);

const OAuthClientType = builder.objectRef<OAuthClient>("OAuthClient").implement({
  description: "A program that gets access tokens from Keyplane's authorization server, for itself or for a user.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "`cli_…`: the client_id." }),
    name: t.exposeString("name", { description: "What users read when they are asked to agree." }),
    tenantId: t.exposeID("tenantId", { nullable: true, description: "The tenant that it is confined to; null: none." }),
    role: t.expose("role", { type: RoleEnum, description: "What its tokens may do at most." }),
    permissions: t.field({
      type: [PermissionEnum],
      description: "What they may do of that; empty: all of it.",
      resolve: (client) => client.permissions as Permission[],
    }),
    grantableScopes: t.stringList({
      nullable: true,
      description: "The scopes that its tokens may give to keys; null: any that the tenant's policy allows.",
      resolve: (client) => (client.restrictScopes ? client.grantableScopes : null),
    }),
    grantTypes: t.expose("grantTypes", { type: [GrantTypeEnum], description: "How it may get tokens." }),
    redirectUris: t.exposeStringList("redirectUris", {
      description: "Where users may return to; compared as a whole.",
    }),
    resources: t.exposeStringList("resources", {
      description: "Other APIs that it may get tokens for, by their resource indicators (RFC 8707).",
    }),
    resourceScopes: t.exposeStringList("resourceScopes", { description: "The scopes that tokens for these may have." }),
    isPublic: t.boolean({
      description: "Whether it has no secret, because it runs where none can be kept: PKCE protects it.",
      resolve: (client) => client.secretStart === null,
    }),
    secretStart: t.exposeString("secretStart", { nullable: true, description: "The visible beginning of its secret." }),
    secretRotatedAt: t.expose("secretRotatedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it last got a new secret; null: never.",
    }),
    previousSecretExpiresAt: t.expose("previousSecretExpiresAt", {
      type: "DateTime",
      nullable: true,
      description: "Until when the secret before the last rotation works; null: it does not.",
    }),
    createdBy: t.exposeString("createdBy", { description: "The id of whoever created it." }),
    disabledAt: t.expose("disabledAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was disabled; null: it is not.",
    }),
    disabledReason: t.exposeString("disabledReason", { nullable: true, description: "Why it was disabled." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was created." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it last changed." }),
  }),
});

const OAuthClientConnection = connectionOf("OAuthClient", OAuthClientType);

builder.queryField("oauthClient", (t) =>
  t.field({
    description: "One OAuth client; null when there is none with this id that you may see.",
    type: OAuthClientType,
    nullable: true,
    access: { permission: "clients:read" },
    args: { id: t.arg.id({ required: true, description: "The client's id, `cli_…`." }) },
    resolve: (_, { id }, { principal, services }) => services.oauthClients.get(principal, id),
  }),
);

builder.queryField("oauthClients", (t) =>
  t.field({
    description: "The OAuth clients that you may see, newest first.",
    type: OAuthClientConnection,
    access: { permission: "clients:read" },
    complexity: listComplexity,
    args: {
      tenantId: t.arg.id({ description: "Only this tenant's; all that you may see when left out." }),
      ...pageArguments(t.arg),
    },
    resolve: (_, { tenantId, ...page }, { principal, services }) =>
      services.oauthClients.list(principal, tenantId, page),
  }),
);

const CreateOAuthClientInput = builder.inputType("CreateOAuthClientInput", {
  description: "A new client. It can never do more than whoever creates it.",
  fields: (t) => ({
    tenantId: t.id({ description: "Confine it to this tenant. Without: as far as you reach yourself." }),
    name: t.string({
      required: true,
      description: "What users read when they are asked to agree, 1 to 100 characters.",
    }),
    role: t.field({ type: RoleEnum, required: true, description: "What its tokens may do at most." }),
    permissions: t.field({ type: [PermissionEnum], description: "Narrow the role to these, e.g. [KEYS_VERIFY]." }),
    grantableScopes: t.stringList({ description: "The only scopes that its tokens may give to keys." }),
    grantTypes: t.field({ type: [GrantTypeEnum], required: true, description: "How it may get tokens." }),
    redirectUris: t.stringList({ description: "Where users may return to: https, or http to this very machine." }),
    resources: t.stringList({ description: "Other APIs that it may get tokens for: URIs (RFC 8707)." }),
    resourceScopes: t.stringList({ description: "The scopes that tokens for these may have." }),
    isPublic: t.boolean({ defaultValue: false, description: "For apps in a browser or on a device: no secret." }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const UpdateOAuthClientInput = builder.inputType("UpdateOAuthClientInput", {
  description: "What to change; what is left out stays. Tokens that exist follow at once.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The id of the client." }),
    name: t.string({ description: "A new name." }),
    role: t.field({ type: RoleEnum, description: "A new role." }),
    permissions: t.field({ type: [PermissionEnum], description: "New permissions; empty: all of the role's." }),
    grantableScopes: t.stringList({ description: "New scopes that its tokens may give to keys; null: any." }),
    grantTypes: t.field({ type: [GrantTypeEnum], description: "New ways to get tokens." }),
    redirectUris: t.stringList({ description: "New addresses where users may return to." }),
    resources: t.stringList({ description: "New APIs that it may get tokens for." }),
    resourceScopes: t.stringList({ description: "New scopes that tokens for these may have." }),
  }),
});

const RotateOAuthClientSecretInput = builder.inputType("RotateOAuthClientSecretInput", {
  description: "Which client gets a new secret, and how long the old one goes on working.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The id of the client." }),
    overlapMs: t.field({
      type: "Milliseconds",
      defaultValue: 0,
      description: "How long the old secret goes on working, 30 days at most. 0: it stops at once.",
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

/** The payload of a mutation that hands out a client's secret, which a public client has not. */
function issuedPayload(name: string) {
  return builder.objectRef<IssuedClient>(name).implement({
    description: "The OAuth client, and its secret.",
    fields: (t) => ({
      oauthClient: t.expose("client", { type: OAuthClientType, description: "The client as it is now." }),
      secret: t.exposeString("secret", {
        nullable: true,
        description: "Shown this once and kept nowhere: hand it over now. null: a public client has none.",
      }),
    }),
  });
}

const CreatePayload = issuedPayload("CreateOAuthClientPayload");
const RotatePayload = issuedPayload("RotateOAuthClientSecretPayload");
const UpdatePayload = payloadOf("UpdateOAuthClientPayload", "oauthClient", OAuthClientType);
const DisablePayload = payloadOf("DisableOAuthClientPayload", "oauthClient", OAuthClientType);
const EnablePayload = payloadOf("EnableOAuthClientPayload", "oauthClient", OAuthClientType);
const DeletePayload = payloadOf("DeleteOAuthClientPayload", "oauthClient", OAuthClientType);
const DisableOAuthClientInput = statusInput("DisableOAuthClientInput", "disable", "OAuth client");
const EnableOAuthClientInput = statusInput("EnableOAuthClientInput", "enable", "OAuth client");
const DeleteOAuthClientInput = statusInput("DeleteOAuthClientInput", "delete", "OAuth client");

builder.mutationFields((t) => ({
  createOAuthClient: t.field({
    description: "Creates a client of the authorization server. Its secret is shown this once.",
    type: CreatePayload,
    errors: { types: changeErrors },
    access: { permission: "clients:create" },
    args: { input: t.arg({ type: CreateOAuthClientInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.oauthClients.create(principal, input),
  }),
  updateOAuthClient: t.field({
    description: "Changes what a client is and may do, its tokens included, from the next request on.",
    type: UpdatePayload,
    errors: { types: changeErrors },
    access: { permission: "clients:update" },
    args: { input: t.arg({ type: UpdateOAuthClientInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      oauthClient: await services.oauthClients.update(principal, input),
    }),
  }),
  rotateOAuthClientSecret: t.field({
    description: "Gives a client a new secret, which is shown this once.",
    type: RotatePayload,
    errors: { types: changeErrors },
    access: { permission: "clients:rotate" },
    args: { input: t.arg({ type: RotateOAuthClientSecretInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.oauthClients.rotateSecret(principal, input),
  }),
  disableOAuthClient: t.field({
    description: "Refuses a client and all its tokens, from the next request on, until it is enabled again.",
    type: DisablePayload,
    errors: { types: changeErrors },
    access: { permission: "clients:disable" },
    args: { input: t.arg({ type: DisableOAuthClientInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      oauthClient: await services.oauthClients.disable(principal, input),
    }),
  }),
  enableOAuthClient: t.field({
    description: "Ends a disablement: the client and its tokens that have not expired work again.",
    type: EnablePayload,
    errors: { types: changeErrors },
    access: { permission: "clients:disable" },
    args: { input: t.arg({ type: EnableOAuthClientInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      oauthClient: await services.oauthClients.enable(principal, input),
    }),
  }),
  deleteOAuthClient: t.field({
    description: "Deletes a client for good, and all its tokens with it.",
    type: DeletePayload,
    errors: { types: changeErrors },
    access: { permission: "clients:delete" },
    args: { input: t.arg({ type: DeleteOAuthClientInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      oauthClient: await services.oauthClients.delete(principal, input),
    }),
  }),
}));
