import type { Permission } from "@keyplane/schema";
import { builder } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import { enumOf, PermissionEnum, RoleEnum } from "../../graphql/enums.js";
import { changeErrors } from "../../graphql/errors.js";
import { idempotencyKeyField, payloadOf, requiredInput, secretPayloadOf, statusInput } from "../../graphql/mutation.js";
import type { ManagementToken } from "../../platform/database/index.js";
import type { Principal } from "../auth/index.js";
import { CustomRoleType } from "../roles/roles.graphql.js";
import { TeamType } from "../teams/teams.graphql.js";
import { TenantType } from "../tenants/tenants.graphql.js";
import { UserType } from "../users/users.graphql.js";
import { managementTokenStatuses, tokenStatusAt } from "./token-status.js";

const ManagementTokenStatusEnum = enumOf(
  "ManagementTokenStatus",
  "The status of a management token by itself. Its user or tenant may be refused all the same.",
  managementTokenStatuses,
);

const ViewerType = builder.objectRef<Principal>("Viewer").implement({
  description: "Who calls: the management token of this request, or whoever has signed in.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "The token's id, `tok_…`, or the session's, `ses_…`." }),
    name: t.exposeString("name", { description: "The token's name, or the user's." }),
    role: t.expose("role", { type: RoleEnum, description: "The token's role, or the user's." }),
    customRole: t.field({
      type: CustomRoleType,
      nullable: true,
      description: "The custom role that decides what you may do instead: your user's, else your token's; null: none.",
      access: { permission: "users:read" },
      resolve: (principal, _, { loaders }) =>
        principal.customRoleId ? loaders.roles.load(principal.customRoleId) : null,
    }),
    customRoleId: t.exposeID("customRoleId", { nullable: true, description: "The id of that custom role." }),
    teams: t.field({
      type: [TeamType],
      description: "The teams of the user whom you act for, whose keys you see; empty for a program.",
      access: { permission: "users:read" },
      resolve: async ({ teamIds }, _, { loaders }) =>
        (await loaders.teams.loadMany([...teamIds])).filter(
          (team) => team !== null && !(team instanceof Error),
        ) as never,
    }),
    seesWholeTenant: t.boolean({
      description: "Whether you see everybody's keys, and not only those of your user and the user's teams.",
      resolve: ({ onlyUserId }) => onlyUserId === null,
    }),
    permissions: t.field({
      type: [PermissionEnum],
      description: "Everything that you may do.",
      resolve: (principal) => [...principal.permissions],
    }),
    tenant: t.field({
      type: TenantType,
      nullable: true,
      description: "The tenant that you are confined to; null: the whole installation.",
      access: { permission: "tenants:read" },
      resolve: (principal, _, { loaders }) => (principal.tenantId ? loaders.tenants.load(principal.tenantId) : null),
    }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: "The user whom you act for; null: the token belongs to a program.",
      access: { permission: "users:read" },
      resolve: (principal, _, { loaders }) => (principal.userId ? loaders.users.load(principal.userId) : null),
    }),
    tenantId: t.exposeID("tenantId", { nullable: true, description: "The id of that tenant." }),
    userId: t.exposeID("userId", { nullable: true, description: "The id of that user." }),
    expiresAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When your token expires; null: never, or when you have signed in.",
      resolve: (principal) => (principal.expiresAt === null ? null : new Date(principal.expiresAt)),
    }),
  }),
});

const ManagementTokenType = builder.objectRef<ManagementToken>("ManagementToken").implement({
  description: "A credential for this API. Not an API key: those are what the API's own customers carry.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "`tok_…`." }),
    name: t.exposeString("name", { description: "What it is for." }),
    tenantId: t.exposeID("tenantId", { nullable: true, description: "The tenant that it is confined to; null: none." }),
    userId: t.exposeID("userId", { nullable: true, description: "The user whom it acts for; null: a program." }),
    role: t.expose("role", {
      type: RoleEnum,
      description: "What it may do at most, unless there is a custom role, of which this is the base.",
    }),
    customRole: t.field({
      type: CustomRoleType,
      nullable: true,
      description: "Decides what it may do at most instead of `role`; null: there is none.",
      access: { permission: "users:read" },
      resolve: (token, _, { loaders }) => (token.customRoleId ? loaders.roles.load(token.customRoleId) : null),
    }),
    customRoleId: t.exposeID("customRoleId", { nullable: true, description: "The id of that custom role." }),
    status: t.field({
      type: ManagementTokenStatusEnum,
      description: "REVOKED before EXPIRED before ACTIVE.",
      resolve: (token, _, { services }) => tokenStatusAt(token, services.clock.now()),
    }),
    lastUsedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When it was last accepted, a minute late at most where several servers run; null: not known.",
      resolve: (token, _, { services }) => services.tokens.lastUsedAt(token),
    }),
    rotatedAt: t.expose("rotatedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it last got a new secret; null: never.",
    }),
    previousSecretExpiresAt: t.expose("previousStopsAt", {
      type: "DateTime",
      nullable: true,
      description: "Until when the secret before the last rotation works; null: there was none.",
    }),
    permissions: t.field({
      type: [PermissionEnum],
      description: "What it may do of that; empty: all of it.",
      resolve: (token) => token.permissions as Permission[],
    }),
    grantableScopes: t.stringList({
      nullable: true,
      description: "The scopes that it may give to keys; null: any that the tenant's policy allows.",
      resolve: (token) => (token.restrictScopes ? token.grantableScopes : null),
    }),
    start: t.exposeString("start", { description: "The visible beginning of its secret." }),
    createdBy: t.exposeString("createdBy", { description: "The id of the token that created it, or `root`." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was created." }),
    expiresAt: t.expose("expiresAt", {
      type: "DateTime",
      nullable: true,
      description: "When it expires; null: never.",
    }),
    revokedAt: t.expose("revokedAt", { type: "DateTime", nullable: true, description: "When it was revoked." }),
    revokedReason: t.exposeString("revokedReason", { nullable: true, description: "Why it was revoked." }),
  }),
});

const ManagementTokenFilterInput = builder.inputType("ManagementTokenFilter", {
  description: "Which management tokens; what is left out does not matter.",
  fields: (t) => ({
    userId: t.id({ description: "Those that act for this user." }),
    role: t.field({ type: RoleEnum, description: "Those with this role, or with a custom role of this base." }),
    customRoleId: t.id({ description: "Those with this custom role." }),
    status: t.field({ type: ManagementTokenStatusEnum, description: "Those with this status now." }),
    search: t.string({ description: "Those with this text in name or start, in any case." }),
  }),
});

const ManagementTokenConnection = connectionOf("ManagementToken", ManagementTokenType);

builder.queryFields((t) => ({
  viewer: t.field({
    description: "Who you are to Keyplane, and what you may do.",
    type: ViewerType,
    access: "known",
    resolve: (_, __, { principal }) => principal,
  }),
  managementTokens: t.field({
    description: "The management tokens that you may see, newest first.",
    type: ManagementTokenConnection,
    access: { permission: "tokens:read" },
    complexity: listComplexity,
    args: {
      tenantId: t.arg.id({ description: "Only this tenant's; all that you may see when left out." }),
      ...pageArguments(t.arg),
      filter: t.arg({ type: ManagementTokenFilterInput, description: "Which tokens." }),
    },
    resolve: (_, { tenantId, filter, ...page }, { principal, services }) =>
      services.tokens.list(principal, { ...filter, tenantId }, page),
  }),
}));

const CreateManagementTokenInput = builder.inputType("CreateManagementTokenInput", {
  description: "A new credential for this API. It can never do more than the one that creates it.",
  fields: (t) => ({
    tenantId: t.id({ description: "Confine it to this tenant. Without: as far as you reach yourself." }),
    userId: t.id({
      description:
        "Let it act for this user: it may then never do more than the user's role allows, and unless that is ADMIN it sees only the user's own keys.",
    }),
    name: t.string({ required: true, description: "What it is for, 1 to 100 characters." }),
    role: t.field({
      type: RoleEnum,
      required: true,
      description: "What it may do at most. With a custom role, the base of that counts instead.",
    }),
    customRoleId: t.id({ description: "A custom role of the tenant, which decides instead of `role`." }),
    permissions: t.field({ type: [PermissionEnum], description: "Narrow the role to these, e.g. [KEYS_VERIFY]." }),
    grantableScopes: t.stringList({ description: "The only scopes that it may give to keys." }),
    expiresAt: t.field({ type: "DateTime", description: "When it expires; without: when your own token does." }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const RotateManagementTokenInput = builder.inputType("RotateManagementTokenInput", {
  description: "Which management token gets a new secret.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The token's id; it stays the same." }),
    overlapMs: t.int({
      defaultValue: 0,
      description: "For how many milliseconds the old secret goes on working; 0: it stops at once.",
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const RotatePayload = secretPayloadOf("RotateManagementTokenPayload", "managementToken", ManagementTokenType);
const CreatePayload = secretPayloadOf("CreateManagementTokenPayload", "managementToken", ManagementTokenType);
const RevokePayload = payloadOf("RevokeManagementTokenPayload", "managementToken", ManagementTokenType);
const RevokeManagementTokenInput = statusInput("RevokeManagementTokenInput", "revoke", "management token");

builder.mutationFields((t) => ({
  createManagementToken: t.field({
    description: "Creates a credential for this API. Its secret is shown this once.",
    type: CreatePayload,
    errors: { types: changeErrors },
    access: { permission: "tokens:create" },
    args: { input: t.arg({ type: CreateManagementTokenInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.tokens.create(principal, input),
  }),
  rotateManagementToken: t.field({
    description:
      "Gives a management token a new secret, also your own. The id stays, and the old secret works on for `overlapMs`.",
    type: RotatePayload,
    errors: { types: changeErrors },
    access: { permission: "tokens:rotate" },
    args: { input: t.arg({ type: RotateManagementTokenInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.tokens.rotate(principal, input),
  }),
  revokeManagementToken: t.field({
    description: "Ends a credential for this API at once.",
    type: RevokePayload,
    errors: { types: changeErrors },
    access: { permission: "tokens:revoke" },
    args: { input: t.arg({ type: RevokeManagementTokenInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      managementToken: await services.tokens.revoke(principal, input),
    }),
  }),
}));
