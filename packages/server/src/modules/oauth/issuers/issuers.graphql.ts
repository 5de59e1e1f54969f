import { builder } from "../../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../../graphql/connection.js";
import { enumOf, RoleEnum } from "../../../graphql/enums.js";
import { changeErrors } from "../../../graphql/errors.js";
import { idempotencyKeyField, payloadOf, requiredInput, statusInput } from "../../../graphql/mutation.js";
import type { TrustedIssuer } from "../../../platform/database/index.js";
import { issuerMatches, type RoleMapping } from "./issuers.input.js";
import type { IssuerTest } from "./issuers.service.js";

const IssuerMatchEnum = enumOf("IssuerMatch", "How a user is found by an external issuer's token.", issuerMatches);

const RoleMappingType = builder.objectRef<RoleMapping>("RoleMapping").implement({
  description: "A value of the claim that tells the role, and the role that it stands for.",
  fields: (t) => ({
    value: t.exposeString("value", { description: "What the claim says, or one of what it lists." }),
    role: t.expose("role", { type: RoleEnum, description: "The role that it stands for." }),
  }),
});

const TrustedIssuerType = builder.objectRef<TrustedIssuer>("TrustedIssuer").implement({
  description: "Somebody else whose tokens a tenant accepts for its users: an identity provider by OpenID Connect.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "`iss_…`." }),
    tenantId: t.exposeID("tenantId", { description: "The tenant whose users it speaks for." }),
    name: t.exposeString("name", { description: "What people call it." }),
    issuer: t.exposeString("issuer", { description: "Its address: what its tokens say as `iss`." }),
    audience: t.exposeString("audience", { description: "What its tokens must say as `aud`." }),
    roleClaim: t.exposeStringList("roleClaim", {
      description: "The way to the claim that tells the role; empty: none does.",
    }),
    roleMapping: t.field({
      type: [RoleMappingType],
      description: "What the claim's values stand for; the first that fits counts.",
      resolve: (issuer) => issuer.roleMapping as unknown as RoleMapping[],
    }),
    defaultRole: t.expose("defaultRole", {
      type: RoleEnum,
      nullable: true,
      description: "The role where no mapping fits; null: the token is refused.",
    }),
    matchBy: t.expose("matchBy", { type: IssuerMatchEnum, description: "How a user is found by a token." }),
    createUsers: t.exposeBoolean("createUsers", { description: "Whether a user who is not here yet is created." }),
    createdBy: t.exposeString("createdBy", { description: "The id of whoever trusted it." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was trusted first." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When this last changed." }),
  }),
});

const TrustedIssuerConnection = connectionOf("TrustedIssuer", TrustedIssuerType);

builder.queryField("trustedIssuer", (t) =>
  t.field({
    description: "One trusted issuer; null when there is none with this id that you may see.",
    type: TrustedIssuerType,
    nullable: true,
    access: { permission: "issuers:read" },
    args: { id: t.arg.id({ required: true, description: "The issuer's id, `iss_…`." }) },
    resolve: (_, { id }, { principal, services }) => services.trustedIssuers.get(principal, id),
  }),
);

builder.queryField("trustedIssuers", (t) =>
  t.field({
    description: "The external issuers that are trusted, newest first.",
    type: TrustedIssuerConnection,
    access: { permission: "issuers:read" },
    complexity: listComplexity,
    args: {
      tenantId: t.arg.id({ description: "Only this tenant's; all that you may see when left out." }),
      ...pageArguments(t.arg),
    },
    resolve: (_, { tenantId, ...page }, { principal, services }) =>
      services.trustedIssuers.list(principal, tenantId, page),
  }),
);

const RoleMappingInput = builder.inputType("RoleMappingInput", {
  description: "A value of the claim that tells the role, and the role that it stands for.",
  fields: (t) => ({
    value: t.string({ required: true, description: "What the claim says, or one of what it lists." }),
    role: t.field({ type: RoleEnum, required: true, description: "The role that it stands for." }),
  }),
});

const CreateTrustedIssuerInput = builder.inputType("CreateTrustedIssuerInput", {
  description: "An identity provider to trust.",
  fields: (t) => ({
    tenantId: t.id({ required: true, description: "The tenant whose users it speaks for." }),
    name: t.string({ required: true, description: "What people call it, 1 to 100 characters." }),
    issuer: t.string({
      required: true,
      description: "Its https address, letter by letter as its tokens say it in `iss`.",
    }),
    audience: t.string({
      required: true,
      description: "What its tokens must say as `aud`: often the client id that the issuer gave to Keyplane.",
    }),
    roleClaim: t.stringList({
      description: 'The way to the claim that tells the role, e.g. ["realm_access", "roles"].',
    }),
    roleMapping: t.field({
      type: [RoleMappingInput],
      description: "What the claim's values stand for; the first that fits counts.",
    }),
    defaultRole: t.field({
      type: RoleEnum,
      description: "The role where no mapping fits; without, such a token is refused.",
    }),
    matchBy: t.field({
      type: IssuerMatchEnum,
      defaultValue: "EXTERNAL_ID",
      description: "How a user is found by a token.",
    }),
    createUsers: t.boolean({ defaultValue: false, description: "Whether to create a user who is not here yet." }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const UpdateTrustedIssuerInput = builder.inputType("UpdateTrustedIssuerInput", {
  description: "What to change; what is left out stays. The issuer's address stays: trust another one instead.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The id of the trusted issuer." }),
    name: t.string({ description: "A new name." }),
    audience: t.string({ description: "A new audience." }),
    roleClaim: t.stringList({ description: "A new way to the claim that tells the role." }),
    roleMapping: t.field({ type: [RoleMappingInput], description: "What the claim's values stand for from now on." }),
    defaultRole: t.field({ type: RoleEnum, description: "The role where no mapping fits; null refuses such a token." }),
    matchBy: t.field({ type: IssuerMatchEnum, description: "How a user is found by a token." }),
    createUsers: t.boolean({ description: "Whether to create a user who is not here yet." }),
  }),
});

const TestTrustedIssuerInput = builder.inputType("TestTrustedIssuerInput", {
  description: "Which issuer to ask.",
  fields: (t) => ({ id: t.id({ required: true, description: "The id of the trusted issuer." }) }),
});

const TestTrustedIssuerPayload = builder.objectRef<IssuerTest>("TestTrustedIssuerPayload").implement({
  description: "What an issuer says when it is asked for its keys, as it is for a token.",
  fields: (t) => ({
    trustedIssuer: t.expose("issuer", { type: TrustedIssuerType, description: "The issuer that was asked." }),
    problem: t.exposeString("problem", {
      nullable: true,
      description: "What keeps its tokens from being verified, and what to do; null: nothing.",
    }),
    jwksUri: t.exposeString("jwksUri", { nullable: true, description: "Where its keys are." }),
    keyCount: t.exposeInt("keyCount", { description: "How many keys it publishes." }),
    algorithms: t.exposeStringList("algorithms", {
      description: "The algorithms that its keys name, of those that are taken.",
    }),
  }),
});

const CreatePayload = payloadOf("CreateTrustedIssuerPayload", "trustedIssuer", TrustedIssuerType);
const UpdatePayload = payloadOf("UpdateTrustedIssuerPayload", "trustedIssuer", TrustedIssuerType);
const DeletePayload = payloadOf("DeleteTrustedIssuerPayload", "trustedIssuer", TrustedIssuerType);
const DeleteTrustedIssuerInput = statusInput("DeleteTrustedIssuerInput", "delete", "trusted issuer");

builder.mutationFields((t) => ({
  createTrustedIssuer: t.field({
    description: "Lets a tenant's users in with the tokens of an identity provider.",
    type: CreatePayload,
    errors: { types: changeErrors },
    access: { permission: "issuers:create" },
    args: { input: t.arg({ type: CreateTrustedIssuerInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      trustedIssuer: await services.trustedIssuers.create(principal, input),
    }),
  }),
  updateTrustedIssuer: t.field({
    description: "Changes how an identity provider's tokens are judged, from the next request on.",
    type: UpdatePayload,
    errors: { types: changeErrors },
    access: { permission: "issuers:update" },
    args: { input: t.arg({ type: UpdateTrustedIssuerInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      trustedIssuer: await services.trustedIssuers.update(principal, input),
    }),
  }),
  deleteTrustedIssuer: t.field({
    description: "Refuses an identity provider's tokens at once. Users that came with them stay.",
    type: DeletePayload,
    errors: { types: changeErrors },
    access: { permission: "issuers:delete" },
    args: { input: t.arg({ type: DeleteTrustedIssuerInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      trustedIssuer: await services.trustedIssuers.delete(principal, input),
    }),
  }),
  testTrustedIssuer: t.field({
    description:
      "Asks an identity provider for its keys, as is done for its tokens, and tells what it says. Changes nothing.",
    type: TestTrustedIssuerPayload,
    errors: { types: changeErrors },
    access: { permission: "issuers:read" },
    args: { input: t.arg({ type: TestTrustedIssuerInput, ...requiredInput }) },
    resolve: (_, { input }, { principal, services }) => services.trustedIssuers.test(principal, input),
  }),
}));
