import { unwrap } from "../../client/results.js";
import type { Team, User } from "../../entities.js";
import { command } from "../command.js";
import { listing, listOrNone, required, text, yes } from "../options.js";
import type { Column } from "../output/table.js";
import { agreed, found, requiredTenantId, tenantIdOf, userIdOf, whose } from "./find.js";

const columns: readonly Column<Team>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "NAME", of: ({ name }) => name },
  { head: "DESCRIPTION", of: ({ description }) => description },
  { head: "KEY SCOPES", of: ({ keyScopes }) => (keyScopes === null ? "any" : keyScopes.join(", ")) },
];
const memberColumns: readonly Column<User>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "E-MAIL", of: ({ email }) => email },
  { head: "NAME", of: ({ name }) => name },
  { head: "STATUS", of: ({ status }) => status, isWhole: true },
];
const which = { name: "id", description: "The team's id: tea_…" };
const what = {
  description: text("text", "What it is for."),
  keyScopes: listOrNone("scope", "The only scopes that its keys can use."),
} as const;
const member = { user: required(text("id|e-mail", "Who.")), ...whose } as const;

export const teamCommands = [
  command({
    path: "teams list",
    summary: "List teams, newest first.",
    options: { ...whose, search: text("text", "Those with this in their name."), ...listing },
    examples: [["teams list --tenant acme", "the teams of a tenant"]],
    async run({ client, print }, { tenant, search, ...part }) {
      const asked = { tenantId: await tenantIdOf(client(), tenant), filter: { search } };
      const { teams } = client();
      await print.list(
        (pageSize) => teams.list({ ...asked, pageSize }),
        part,
        columns,
        ({ id }) => id,
      );
    },
  }),
  command({
    path: "teams show",
    summary: "Show a team.",
    argument: which,
    examples: [["teams show tea_…", "the team with this id"]],
    async run({ client, print }, _, id) {
      print.thing(found(await client().teams.get(id), "team", id));
    },
  }),
  command({
    path: "teams create",
    summary: "Create a team.",
    options: { ...whose, name: required(text("text", "Its name.")), ...what },
    examples: [["teams create --tenant acme --name Payments --key-scopes orders:read", "whose keys only read orders"]],
    async run({ client, print }, { tenant, ...given }) {
      const tenantId = await requiredTenantId(client(), tenant);
      print.thing(unwrap(await client().teams.create({ ...given, tenantId })).team);
    },
  }),
  command({
    path: "teams update",
    summary: "Change a team; what is left out stays.",
    argument: which,
    options: { name: text("text", "A new name."), ...what },
    examples: [["teams update tea_… --name Billing", "a new name"]],
    async run({ client, print }, given, id) {
      print.thing(unwrap(await client().teams.update({ ...given, id })).team);
    },
  }),
  command({
    path: "teams delete",
    summary: "Delete a team that has no keys any more.",
    argument: which,
    options: yes,
    examples: [["teams delete tea_… --yes", "without asking"]],
    async run(context, { yes: isAgreed }, id) {
      const { client, print } = context;
      await agreed(context, isAgreed, `Delete the team ${id}?`);
      const { team } = unwrap(await client().teams.delete({ id }));
      print.changed(team, `${team.name} (${team.id}) is deleted.`);
    },
  }),
  command({
    path: "teams members",
    summary: "List the members of a team.",
    argument: which,
    options: listing,
    examples: [["teams members tea_…", "who sees the team's keys"]],
    async run({ client, print }, part, id) {
      found(await client().teams.get(id), "team", id);
      const { teams } = client();
      await print.list(
        (pageSize) => teams.members(id, { pageSize }),
        part,
        memberColumns,
        (user) => user.id,
      );
    },
  }),
  command({
    path: "teams add",
    summary: "Add a user to a team, who sees the team's keys from now on.",
    argument: which,
    options: member,
    examples: [["teams add tea_… --user ada@acme.example", "a new member"]],
    async run({ client, print }, { user, tenant }, teamId) {
      const userId = await userIdOf(client(), await tenantIdOf(client(), tenant), user);
      const { team } = unwrap(await client().teams.addMember({ teamId, userId }));
      print.changed(team, `${user} is a member of ${team.name} (${team.id}).`);
    },
  }),
  command({
    path: "teams remove",
    summary: "Remove a user from a team, who no longer sees the team's keys.",
    argument: which,
    options: { ...member, ...yes },
    examples: [["teams remove tea_… --user ada@acme.example --yes", "without asking"]],
    async run(context, { user, tenant, yes: isAgreed }, teamId) {
      const { client, print } = context;
      const userId = await userIdOf(client(), await tenantIdOf(client(), tenant), user);
      await agreed(context, isAgreed, `Remove ${user} from the team ${teamId}?`);
      const { team } = unwrap(await client().teams.removeMember({ teamId, userId }));
      print.changed(team, `${user} is no member of ${team.name} (${team.id}) any more.`);
    },
  }),
];
