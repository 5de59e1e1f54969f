import { builder } from "../../graphql/builder.js";
import { connectionOf, listComplexity, pageArguments } from "../../graphql/connection.js";
import { enumOf } from "../../graphql/enums.js";
import { changeErrors } from "../../graphql/errors.js";
import { idempotencyKeyField, payloadOf, requiredInput } from "../../graphql/mutation.js";
import { NodeInterface } from "../../graphql/node.js";
import type { Team } from "../../platform/database/index.js";
import { BadUserInputError } from "../../platform/errors.js";
import { keyScopesOf } from "../roles/index.js";
import { TenantType } from "../tenants/tenants.graphql.js";
import { UserConnection, UserType, userListArguments } from "../users/users.graphql.js";
import { teamOrders } from "./teams.reads.js";

export const TeamType = builder.objectRef<Team>("Team");

TeamType.implement({
  description: "Users who look after keys together: each member sees the team's keys.",
  interfaces: [NodeInterface],
  fields: (t) => ({
    tenant: t.field({
      type: TenantType,
      description: "The tenant that the team belongs to.",
      access: { permission: "tenants:read" },
      resolve: async (team, _, { loaders }) => {
        const tenant = await loaders.tenants.load(team.tenantId);
        if (tenant === null) throw new Error("the tenant that a team names was not found");
        return tenant;
      },
    }),
    tenantId: t.exposeID("tenantId", { description: "The id of that tenant." }),
    name: t.exposeString("name", { description: "Unique in the tenant." }),
    description: t.exposeString("description", { description: "What it is for; may be empty." }),
    keyScopes: t.stringList({
      nullable: true,
      description: "The only scopes that the team's keys can use; null: any. Verifications count no others.",
      resolve: (team) => keyScopesOf(team) as string[] | null,
    }),
    members: t.field({
      type: UserConnection,
      description: "The users who see the team's keys. `filter.teamId` can name no other team.",
      access: { permission: "users:read" },
      complexity: listComplexity,
      args: userListArguments(t.arg),
      resolve: (team, { filter, orderBy, ...page }, { principal, services }) => {
        if (filter?.teamId != null && filter.teamId !== team.id) {
          throw new BadUserInputError(
            "filter.teamId: These are the members of one team already. Leave it out, or ask users for those of another.",
          );
        }
        return services.userReads.list(principal, { ...filter, teamId: team.id }, orderBy ?? "CREATED_AT_DESC", page);
      },
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When the team was created." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When the team last changed." }),
  }),
});

const TeamConnection = connectionOf("Team", TeamType);
const TeamOrderEnum = enumOf("TeamOrder", "How to order teams.", teamOrders);

const TeamFilterInput = builder.inputType("TeamFilter", {
  description: "Which teams; what is left out does not matter.",
  fields: (t) => ({
    memberId: t.id({ description: "Those that this user is a member of." }),
    search: t.string({ description: "Those with this text in name or description, in any case." }),
  }),
});

builder.queryFields((t) => ({
  team: t.field({
    description: "One team; null when there is none with this id that you may see.",
    type: TeamType,
    nullable: true,
    access: { permission: "users:read" },
    args: { id: t.arg.id({ required: true, description: "The team's id, `tea_…`." }) },
    resolve: (_, { id }, { principal, services }) => services.teamReads.find(principal, id),
  }),
  teams: t.field({
    description: "The teams that you may see: with ADMIN the tenant's, else those that you are a member of.",
    type: TeamConnection,
    access: { permission: "users:read" },
    complexity: listComplexity,
    args: {
      tenantId: t.arg.id({ description: "Only this tenant's; all that you may see when left out." }),
      ...pageArguments(t.arg),
      filter: t.arg({ type: TeamFilterInput, description: "Which teams." }),
      orderBy: t.arg({ type: TeamOrderEnum, defaultValue: "CREATED_AT_DESC", description: "In which order." }),
    },
    resolve: (_, { tenantId, filter, orderBy, ...page }, { principal, services }) =>
      services.teamReads.list(principal, { ...filter, tenantId }, orderBy ?? "CREATED_AT_DESC", page),
  }),
}));

builder.objectField(UserType, "teams", (t) =>
  t.field({
    description: "The teams that the user is a member of, as far as you may see them.",
    type: TeamConnection,
    access: { permission: "users:read" },
    complexity: listComplexity,
    args: {
      ...pageArguments(t.arg),
      orderBy: t.arg({ type: TeamOrderEnum, defaultValue: "CREATED_AT_DESC", description: "In which order." }),
    },
    resolve: (user, { orderBy, ...page }, { principal, services }) =>
      services.teamReads.list(principal, { memberId: user.id }, orderBy ?? "CREATED_AT_DESC", page),
  }),
);

const CreateTeamInput = builder.inputType("CreateTeamInput", {
  description: "A new team, without members.",
  fields: (t) => ({
    tenantId: t.id({ required: true, description: "The tenant that the team will belong to." }),
    name: t.string({ required: true, description: "Unique in the tenant, 1 to 100 characters." }),
    description: t.string({ description: "What it is for, at most 500 characters." }),
    keyScopes: t.stringList({
      description: "The only scopes that the team's keys can use; null or left out: any. At most 100.",
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const UpdateTeamInput = builder.inputType("UpdateTeamInput", {
  description: "What to change; what is left out stays.",
  fields: (t) => ({
    id: t.id({ required: true, description: "The team's id." }),
    name: t.string({ description: "A new name." }),
    description: t.string({ description: "A new description." }),
    keyScopes: t.stringList({ description: "All scopes that its keys can use from now on; null: any." }),
  }),
});

const DeleteTeamInput = builder.inputType("DeleteTeamInput", {
  description: "Which team to delete.",
  fields: (t) => ({ id: t.id({ required: true, description: "The team's id." }) }),
});

const memberInput = (name: string, what: string) =>
  builder.inputType(name, {
    description: `Whom to ${what}.`,
    fields: (t) => ({
      teamId: t.id({ required: true, description: "The team's id." }),
      userId: t.id({ required: true, description: "The user's id, of the same tenant." }),
    }),
  });

const AddTeamMemberInput = memberInput("AddTeamMemberInput", "add to which team");
const RemoveTeamMemberInput = memberInput("RemoveTeamMemberInput", "remove from which team");

const CreateTeamPayload = payloadOf("CreateTeamPayload", "team", TeamType);
const UpdateTeamPayload = payloadOf("UpdateTeamPayload", "team", TeamType);
const AddTeamMemberPayload = payloadOf("AddTeamMemberPayload", "team", TeamType);
const RemoveTeamMemberPayload = payloadOf("RemoveTeamMemberPayload", "team", TeamType);
const DeleteTeamPayload = builder.objectRef<{ team: Team }>("DeleteTeamPayload").implement({
  description: "The team that was deleted.",
  fields: (t) => ({
    team: t.field({
      type: TeamType,
      description: "The team as it was last.",
      resolve: (payload) => payload.team,
    }),
  }),
});

builder.mutationFields((t) => ({
  createTeam: t.field({
    description: "Creates a team of users, who look after keys together.",
    type: CreateTeamPayload,
    errors: { types: changeErrors },
    access: { permission: "teams:create" },
    args: { input: t.arg({ type: CreateTeamInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ team: await services.teams.create(principal, input) }),
  }),
  updateTeam: t.field({
    description: "Changes a team. Other `keyScopes` count from the next verification of its keys.",
    type: UpdateTeamPayload,
    errors: { types: changeErrors },
    access: { permission: "teams:update" },
    args: { input: t.arg({ type: UpdateTeamInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ team: await services.teams.update(principal, input) }),
  }),
  deleteTeam: t.field({
    description: "Deletes a team that has no keys any more.",
    type: DeleteTeamPayload,
    errors: { types: changeErrors },
    access: { permission: "teams:delete" },
    args: { input: t.arg({ type: DeleteTeamInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({ team: await services.teams.delete(principal, input) }),
  }),
  addTeamMember: t.field({
    description: "Adds a user to a team, who sees the team's keys from the next request on.",
    type: AddTeamMemberPayload,
    errors: { types: changeErrors },
    access: { permission: "teams:update" },
    args: { input: t.arg({ type: AddTeamMemberInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      team: await services.teams.addMember(principal, input),
    }),
  }),
  removeTeamMember: t.field({
    description: "Removes a user from a team, who sees the team's keys no more from the next request on.",
    type: RemoveTeamMemberPayload,
    errors: { types: changeErrors },
    access: { permission: "teams:update" },
    args: { input: t.arg({ type: RemoveTeamMemberInput, ...requiredInput }) },
    resolve: async (_, { input }, { principal, services }) => ({
      team: await services.teams.removeMember(principal, input),
    }),
  }),
}));
