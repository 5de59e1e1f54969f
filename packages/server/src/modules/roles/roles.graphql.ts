import type { Permission } from "@keyplane/schema";
import { builder } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import { enumOf, PermissionEnum, RoleEnum } from "../../graphql/enums.js";
import { changeErrors } from "../../graphql/errors.js";
import { idempotencyKeyField, payloadOf, requiredInput } from "../../graphql/mutation.js";
import { NodeInterface } from "../../graphql/node.js";
import type { CustomRole } from "../../platform/database/index.js";
import { TenantType } from "../tenants/tenants.graphql.js";
import { keyScopesOf } from "./lib/key-scopes.js";
import { roleOrders } from "./roles.reads.js";

export const CustomRoleType = builder.objectRef<CustomRole>("CustomRole");

CustomRoleType.implement({
  description:
    "A role that a tenant has made of permissions. Whoever has it has its permissions instead of those of its base.",
  interfaces: [NodeInterface],
  fields: (t) => ({
    tenant: t.field({
      type: TenantType,
      description: "The tenant that the role belongs to.",
      access: { permission: "tenants:read" },
      resolve: async (role, _, { loaders }) => found(await loaders.tenants.load(role.tenantId)),
    }),
    tenantId: t.exposeID("tenantId", { description: "The id of that tenant." }),
    name: t.exposeString("name", { description: "Unique in the tenant." }),
    description: t.exposeString("description", { description: "What it is for; may be empty." }),
    base: t.expose("base", {
      type: RoleEnum,
      description:
        "Whose rule of visibility applies: with ADMIN the whole tenant, else only the user's own keys and those of the user's teams.",
    }),
    permissions: t.field({
      type: [PermissionEnum],
      description: "Everything that its holders may do.",
      resolve: (role) => role.permissions as Permission[],
    }),
    keyScopes: t.stringList({
      nullable: true,
      description: "The only scopes that keys of its holders can use; null: any. Verifications count no others.",
      resolve: (role) => keyScopesOf(role) as string[] | null,
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When the role was created." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When the role last changed." }),
  }),
});

/** A row that a foreign key promises and the caller's bounds allow; its absence is a fault of ours. */
function found<Row>(row: Row | null): Row {
  if (row === null) throw new Error("an entity that a foreign key names was not found");
  return row;
}

const CustomRoleConnection = connectionOf("CustomRole", CustomRoleType);
const CustomRoleOrderEnum = enumOf("CustomRoleOrder", "How to order custom roles.", roleOrders);

const CustomRoleFilterInput = builder.inputType("CustomRoleFilter", {
  description: "Which custom roles; what is left out does not matter.",
  fields: (t) => ({
    base: t.field({ type: RoleEnum, description: "Those with this base." }),
    search: t.string({ description: "Those with this text in name or description, in any case." }),
  }),
});

builder.queryFields((t) => ({
  role: t.field({
    description: "One custom role; null when there is none with this id that you may see.",
    type: CustomRoleType,
    nullable: true,
    access: { permission: "users:read" },
    args: { id: t.arg.id({ required: true, description: "The role's id, `rol_…`." }) },
    resolve: (_, { id }, { principal, services }) => services.roleReads.find(principal, id),
  }),
  roles: t.field({
    description: "The custom roles that you may see. ADMIN, DEVELOPER and GUEST are built in and not among them.",
    type: CustomRoleConnection,
    access: { permission: "users:read" },
    complexity: listComplexity,
    args: {
      tenantId: t.arg.id({ description: "Only this tenant's; all that you may see when left out." }),
      ...pageArguments(t.arg),
      filter: t.arg({ type: CustomRoleFilterInput, description: "Which roles." }),
      orderBy: t.arg({ type: CustomRoleOrderEnum, defaultValue: "CREATED_AT_DESC", description: "In which order." }),
    },
    resolve: (_, { tenantId, filter, orderBy, ...page }, { principal, services }) =>
      services.roleReads.list(principal, { ...filter, tenantId }, orderBy ?? "CREATED_AT_DESC", page),
  }),
}));

const CreateRoleInput = builder.inputType("CreateRoleInput", {
  description: "A new role, which can do no more than you can.",
  fields: (t) => ({
    tenantId: t.id({ required: true, description: "The tenant that the role will belong to." }),
    name: t.string({ required: true, description: "Unique in the tenant, 1 to 100 characters." }),
    description: t.string({ description: "What it is for, at most 500 characters." }),
    base: t.field({
      type: RoleEnum,
      defaultValue: "DEVELOPER",
      description: "ADMIN: holders see the whole tenant. DEVELOPER, GUEST: their own keys and those of their teams.",
    }),
    permissions: t.field({
      type: [PermissionEnum],
      required: true,
      description: "Everything that its holders may do. Nothing is added by the base.",
    }),
    keyScopes: t.stringList({
      description: "The only scopes that keys of its holders can use; null or left out: any. At most 100.",
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const UpdateRoleInput = builder.inputType("UpdateRoleInput", {
  description: "What to change, for all holders at once; what is left out stays.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The role's id." }),
    name: t.string({ description: "A new name." }),
    description: t.string({ description: "A new description." }),
    base: t.field({ type: RoleEnum, description: "A new base." }),
    permissions: t.field({ type: [PermissionEnum], description: "All permissions from now on." }),
    keyScopes: t.stringList({ description: "All scopes that keys can use from now on; null: any." }),
  }),
});

const DeleteRoleInput = builder.inputType("DeleteRoleInput", {
  description: "Which role to delete.",
  fields: (t) => ({ id: t.id({ required: true, description: "The role's id." }) }),
});

const CreateRolePayload = payloadOf("CreateRolePayload", "role", CustomRoleType);
const UpdateRolePayload = payloadOf("UpdateRolePayload", "role", CustomRoleType);
const DeleteRolePayload = builder.objectRef<{ role: CustomRole }>("DeleteRolePayload").implement({
  description: "The role that was deleted.",
  fields: (t) => ({
    role: t.field({
      type: CustomRoleType,
      description: "The role as it was last.",
      resolve: (payload) => payload.role,
    }),
  }),
});

builder.mutationFields((t) => ({
  createRole: t.field({
    description: "Creates a role of permissions, for users and management tokens of one tenant.",
    type: CreateRolePayload,
    errors: { types: changeErrors },
    access: { permission: "roles:create" },
    args: { input: t.arg({ type: CreateRoleInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ role: await services.roles.create(principal, input) }),
  }),
  updateRole: t.field({
    description:
      "Changes a role. It counts from the next request of its holders, and the next verification of their keys.",
    type: UpdateRolePayload,
    errors: { types: changeErrors },
    access: { permission: "roles:update" },
    args: { input: t.arg({ type: UpdateRoleInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ role: await services.roles.update(principal, input) }),
  }),
  deleteRole: t.field({
    description: "Deletes a role that nobody has any more.",
    type: DeleteRolePayload,
    errors: { types: changeErrors },
    access: { permission: "roles:delete" },
    args: { input: t.arg({ type: DeleteRoleInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ role: await services.roles.delete(principal, input) }),
  }),
}));
