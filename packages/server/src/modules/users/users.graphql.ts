import type { ArgBuilder } from "@pothos/core";
import { builder, type Types } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import { enumOf, RoleEnum, UserStatusEnum } from "../../graphql/enums.js";
import { changeErrors } from "../../graphql/errors.js";
import { idempotencyKeyField, payloadOf, requiredInput, statusInput } from "../../graphql/mutation.js";
import { NodeInterface } from "../../graphql/node.js";
import type { User } from "../../platform/database/index.js";
import { CustomRoleType } from "../roles/roles.graphql.js";
import { TenantType } from "../tenants/tenants.graphql.js";
import { userOrders } from "./users.reads.js";

export const UserType = builder.objectRef<User>("User");

UserType.implement({
  description: "Somebody who owns keys. Keys of a disabled or deleted user are refused.",
  interfaces: [NodeInterface],
  fields: (t) => ({
    tenant: t.field({
      type: TenantType,
      description: "The tenant that the user belongs to.",
      access: { permission: "tenants:read" },
      resolve: async (user, _, { loaders }) => found(await loaders.tenants.load(user.tenantId)),
    }),
    tenantId: t.exposeID("tenantId", { description: "The id of that tenant." }),
    email: t.exposeString("email", { description: "In lower case; unique in the tenant while not deleted." }),
    name: t.exposeString("name", { description: "The name that people read." }),
    externalId: t.exposeString("externalId", {
      nullable: true,
      description: "Your own system's id of this user, unique in the tenant. Verdicts carry it.",
    }),
    role: t.expose("role", {
      type: RoleEnum,
      description: "What the user may do in Keyplane, unless there is a custom role, which then decides instead.",
    }),
    customRole: t.field({
      type: CustomRoleType,
      nullable: true,
      description: "Decides what the user may do instead of `role`; null: there is none.",
      access: { permission: "users:read" },
      resolve: (user, _, { loaders }) => (user.customRoleId ? loaders.roles.load(user.customRoleId) : null),
    }),
    customRoleId: t.exposeID("customRoleId", { nullable: true, description: "The id of that custom role." }),
    allowedIps: t.exposeStringList("allowedIps", {
      description:
        "The only addresses that may use the user's keys, in CIDR notation; empty: all. Each key's own lists count, too.",
    }),
    deniedIps: t.exposeStringList("deniedIps", {
      description: "Addresses that may not use the user's keys, in CIDR notation. Stronger than any allow list.",
    }),
    status: t.expose("status", { type: UserStatusEnum, description: "Only keys of ACTIVE users are accepted." }),
    statusChangedAt: t.expose("statusChangedAt", {
      type: "DateTime",
      nullable: true,
      description: "When the status last changed; null: never.",
    }),
    statusReason: t.exposeString("statusReason", { nullable: true, description: "Why the status last changed." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When the user was created." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When the user last changed." }),
  }),
});

/** A row that a foreign key promises and the caller's bounds allow; its absence is a fault of ours. */
function found<Row>(row: Row | null): Row {
  if (row === null) throw new Error("an entity that a foreign key names was not found");
  return row;
}

export const UserConnection = connectionOf("User", UserType);
const UserOrderEnum = enumOf("UserOrder", "How to order users.", userOrders);

const UserFilterInput = builder.inputType("UserFilter", {
  description: "Which users; what is left out does not matter. Deleted users are listed only by `status: DELETED`.",
  fields: (t) => ({
    status: t.field({ type: UserStatusEnum, description: "Those with this status." }),
    role: t.field({ type: RoleEnum, description: "Those with this role." }),
    customRoleId: t.id({ description: "Those with this custom role." }),
    teamId: t.id({ description: "The members of this team." }),
    externalId: t.string({ description: "The one with exactly this external id." }),
    search: t.string({ description: "Those with this text in name, e-mail address or external id, in any case." }),
  }),
});

/** What every list of users takes. */
export function userListArguments(t: ArgBuilder<Types>) {
  return {
    ...pageArguments(t),
    filter: t({ type: UserFilterInput, description: "Which users." }),
    orderBy: t({ type: UserOrderEnum, defaultValue: "CREATED_AT_DESC", description: "In which order." }),
  };
}

builder.queryFields((t) => ({
  user: t.field({
    description: "One user, deleted ones included; null when there is none with this id that you may see.",
    type: UserType,
    nullable: true,
    access: { permission: "users:read" },
    args: { id: t.arg.id({ required: true, description: "The user's id, `usr_…`." }) },
    resolve: (_, { id }, { principal, services }) => services.userReads.find(principal, id),
  }),
  users: t.field({
    description: "The users that you may see.",
    type: UserConnection,
    access: { permission: "users:read" },
    complexity: listComplexity,
    args: {
      tenantId: t.arg.id({ description: "Only this tenant's; all that you may see when left out." }),
      ...userListArguments(t.arg),
    },
    resolve: (_, { tenantId, filter, orderBy, ...page }, { principal, services }) =>
      services.userReads.list(principal, { ...filter, tenantId }, orderBy ?? "CREATED_AT_DESC", page),
  }),
}));

builder.objectField(TenantType, "users", (t) =>
  t.field({
    description: "The tenant's users.",
    type: UserConnection,
    access: { permission: "users:read" },
    complexity: listComplexity,
    args: userListArguments(t.arg),
    resolve: (tenant, { filter, orderBy, ...page }, { principal, services }) =>
      services.userReads.list(principal, { ...filter, tenantId: tenant.id }, orderBy ?? "CREATED_AT_DESC", page),
  }),
);

const CreateUserInput = builder.inputType("CreateUserInput", {
  description: "A new user.",
  fields: (t) => ({
    tenantId: t.id({ required: true, description: "The tenant that the user will belong to." }),
    email: t.string({ required: true, description: "Unique in the tenant." }),
    name: t.string({ required: true, description: "1 to 100 characters." }),
    role: t.field({ type: RoleEnum, defaultValue: "DEVELOPER", description: "What the user may do in Keyplane." }),
    customRoleId: t.id({ description: "A custom role of the tenant, which decides instead of `role`." }),
    externalId: t.string({ description: "Your own system's id of this user, unique in the tenant." }),
    allowedIps: t.stringList({
      description:
        "The only addresses that may use the user's keys: CIDR ranges or addresses, at most 100; empty: all.",
    }),
    deniedIps: t.stringList({ description: "Addresses that may not; stronger than allowedIps." }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const UpdateUserInput = builder.inputType("UpdateUserInput", {
  description: "What to change; what is left out stays.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The user's id." }),
    email: t.string({ description: "A new e-mail address." }),
    name: t.string({ description: "A new name." }),
    role: t.field({ type: RoleEnum, description: "A new role." }),
    customRoleId: t.id({ description: "Another custom role; null takes it away, so that `role` counts again." }),
    externalId: t.string({ description: "A new external id; null removes it." }),
    allowedIps: t.stringList({
      description: "All addresses that may use the user's keys from now on; empty: every address.",
    }),
    deniedIps: t.stringList({ description: "All addresses that may not from now on." }),
  }),
});

const CreateUserPayload = payloadOf("CreateUserPayload", "user", UserType);
const UpdateUserPayload = payloadOf("UpdateUserPayload", "user", UserType);
const DisableUserPayload = payloadOf("DisableUserPayload", "user", UserType);
const EnableUserPayload = payloadOf("EnableUserPayload", "user", UserType);
const DeleteUserPayload = payloadOf("DeleteUserPayload", "user", UserType);
const DisableUserInput = statusInput("DisableUserInput", "disable", "user");
const EnableUserInput = statusInput("EnableUserInput", "enable", "user");
const DeleteUserInput = statusInput("DeleteUserInput", "delete", "user");

builder.mutationFields((t) => ({
  createUser: t.field({
    description: "Creates a user, who can own keys at once.",
    type: CreateUserPayload,
    errors: { types: changeErrors },
    access: { permission: "users:create" },
    args: { input: t.arg({ type: CreateUserInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ user: await services.users.create(principal, input) }),
  }),
  updateUser: t.field({
    description: "Changes a user's details.",
    type: UpdateUserPayload,
    errors: { types: changeErrors },
    access: { permission: "users:update" },
    args: { input: t.arg({ type: UpdateUserInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ user: await services.users.update(principal, input) }),
  }),
  disableUser: t.field({
    description: "Refuses the user's keys and management tokens until the user is enabled again.",
    type: DisableUserPayload,
    errors: { types: changeErrors },
    access: { permission: "users:disable" },
    args: { input: t.arg({ type: DisableUserInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      user: await services.users.disable(principal, input),
    }),
  }),
  enableUser: t.field({
    description: "Ends a disablement: the user's keys answer again as before.",
    type: EnableUserPayload,
    errors: { types: changeErrors },
    access: { permission: "users:disable" },
    args: { input: t.arg({ type: EnableUserInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ user: await services.users.enable(principal, input) }),
  }),
  deleteUser: t.field({
    description: "Deletes a user for good. Its keys are refused; a tombstone stays, so that they can name their owner.",
    type: DeleteUserPayload,
    errors: { types: changeErrors },
    access: { permission: "users:delete" },
    args: { input: t.arg({ type: DeleteUserInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ user: await services.users.delete(principal, input) }),
  }),
}));
