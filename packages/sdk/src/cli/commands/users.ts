import { roles, userStatuses } from "@keyplane/schema";
import { unwrap } from "../../client/results.js";
import type { User } from "../../entities.js";
import { command } from "../command.js";
import { choice, list, listing, required, text, yes } from "../options.js";
import type { Column } from "../output/table.js";
import { shown } from "../output/text.js";
import { addressLists, agreed, found, orEmpty, orNone, requiredTenantId, tenantIdOf, userIdOf, whose } from "./find.js";

const columns: readonly Column<User>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "E-MAIL", of: ({ email }) => email },
  { head: "NAME", of: ({ name }) => name },
  { head: "ROLE", of: ({ role }) => role, isWhole: true },
  { head: "STATUS", of: ({ status }) => status, isWhole: true },
  { head: "CREATED", of: ({ createdAt }) => createdAt, isWhole: true },
];
const which = { name: "user", description: "The id, or the e-mail address." };
const reason = { reason: text("text", "Why, for the audit log.") };

export const userCommands = [
  command({
    path: "users list",
    summary: "List users, newest first.",
    options: {
      ...whose,
      search: text("text", "Those with this in their name, e-mail address or external id."),
      role: choice(roles, "Those with this role."),
      status: choice(userStatuses, "Those in this state."),
      ...listing,
    },
    examples: [["users list --tenant acme --status disabled", "the disabled users of a tenant"]],
    async run({ client, print }, { tenant, search, role, status, ...part }) {
      const which = { tenantId: await tenantIdOf(client(), tenant), filter: { search, role, status } };
      const { users } = client();
      await print.list(
        (pageSize) => users.list({ ...which, pageSize }),
        part,
        columns,
        ({ id }) => id,
      );
    },
  }),
  command({
    path: "users create",
    summary: "Create a user, who can own keys at once.",
    options: {
      ...whose,
      email: required(text("address", "The e-mail address.")),
      name: required(text("text", "The name.")),
      role: choice(roles, "The role. Default: developer."),
      customRole: text("id", "A custom role, which decides instead."),
      externalId: text("id", "Your own id of the user."),
      allowedIps: list("cidr", "The only addresses that the user's keys are accepted from."),
      deniedIps: list("cidr", "Addresses that the user's keys are never accepted from."),
    },
    examples: [["users create --tenant acme --email ada@acme.example --name Ada", "a developer of a tenant"]],
    async run({ client, print }, { tenant, customRole, ...given }) {
      const tenantId = await requiredTenantId(client(), tenant);
      print.thing(unwrap(await client().users.create({ ...given, tenantId, customRoleId: customRole })).user);
    },
  }),
  command({
    path: "users show",
    summary: "Show a user.",
    argument: which,
    options: whose,
    examples: [["users show ada@acme.example", "the user with this address"]],
    async run({ client, print }, { tenant }, named) {
      const id = await userIdOf(client(), await tenantIdOf(client(), tenant), named);
      print.thing(found(await client().users.get(id), "user", named));
    },
  }),
  command({
    path: "users update",
    summary: "Change a user; what is left out stays.",
    argument: which,
    options: {
      ...whose,
      email: text("address", "A new e-mail address."),
      name: text("text", "A new name."),
      role: choice(roles, "A new role."),
      customRole: text("id", "A custom role, which decides instead; an empty text takes it away."),
      externalId: text("id", "Your own id of the user; an empty text removes it."),
      ...addressLists("the user's keys are"),
    },
    examples: [
      ["users update ada@acme.example --role admin", "make somebody an administrator"],
      ["users update ada@acme.example --custom-role rol_…", "give a custom role"],
      ["users update ada@acme.example --allowed-ips any --denied-ips none", "the user's keys from anywhere"],
    ],
    async run({ client, print }, { tenant, customRole, externalId, allowedIps, deniedIps, ...given }, named) {
      const id = await userIdOf(client(), await tenantIdOf(client(), tenant), named);
      const addresses = { allowedIps: orEmpty(allowedIps), deniedIps: orEmpty(deniedIps) };
      const change = { ...given, ...addresses, id, customRoleId: orNone(customRole), externalId: orNone(externalId) };
      print.thing(unwrap(await client().users.update(change)).user);
    },
  }),
  command({
    path: "users invite",
    summary: "Send a user a mail with a link by which they set a password; the link works once.",
    argument: which,
    options: whose,
    examples: [["users invite ada@acme.example --tenant acme", "so that somebody can sign in"]],
    async run({ client, print }, { tenant }, named) {
      const id = await userIdOf(client(), await tenantIdOf(client(), tenant), named);
      const { user, expiresAt } = unwrap(await client().account.sendPasswordLink({ userId: id }));
      if (print.isJson) print.document({ user, expiresAt });
      else
        print.changed(
          user,
          `A link to set a password goes to ${user.email} (${user.id}). It works until ${shown(expiresAt)}.`,
        );
    },
  }),
  command({
    path: "users sign-out",
    summary: "End all sessions of a user, as after a lost computer; tokens and keys go on working.",
    argument: which,
    options: { ...whose, ...yes },
    examples: [["users sign-out ada@acme.example --tenant acme --yes", "without asking"]],
    async run(context, { tenant, yes: isAgreed }, named) {
      const { client, print } = context;
      const id = await userIdOf(client(), await tenantIdOf(client(), tenant), named);
      await agreed(context, isAgreed, `End all sessions of the user ${named}?`);
      const { endedSessions } = unwrap(await client().account.signOutEverywhere({ userId: id }));
      if (print.isJson) print.document({ id, endedSessions });
      else print.changed({ id }, `Sessions of ${named} that have ended: ${shown(endedSessions)}.`);
    },
  }),
  command({
    path: "users disable",
    summary: "Disable a user: the user's keys and tokens are refused until the user is enabled.",
    argument: which,
    options: { ...whose, ...reason, ...yes },
    examples: [["users disable ada@acme.example --reason 'on leave' --yes", "without asking"]],
    async run(context, { tenant, reason: why, yes: isAgreed }, named) {
      const { client, print } = context;
      const id = await userIdOf(client(), await tenantIdOf(client(), tenant), named);
      await agreed(context, isAgreed, `Disable the user ${named}, and refuse all the user's keys?`);
      const { user } = unwrap(await client().users.disable({ id, reason: why }));
      print.changed(user, `${user.email} (${user.id}) is disabled: the user's keys are refused.`);
    },
  }),
  command({
    path: "users enable",
    summary: "Enable a disabled user: the user's keys answer again as before.",
    argument: which,
    options: { ...whose, ...reason },
    examples: [["users enable ada@acme.example", "end a disablement"]],
    async run({ client, print }, { tenant, reason: why }, named) {
      const id = await userIdOf(client(), await tenantIdOf(client(), tenant), named);
      const { user } = unwrap(await client().users.enable({ id, reason: why }));
      print.changed(user, `${user.email} (${user.id}) is enabled.`);
    },
  }),
  command({
    path: "users delete",
    summary: "Delete a user for good: the user's keys are refused for ever.",
    argument: which,
    options: { ...whose, ...reason, ...yes },
    examples: [["users delete usr_… --reason 'left' --yes", "without asking"]],
    async run(context, { tenant, reason: why, yes: isAgreed }, named) {
      const { client, print } = context;
      const id = await userIdOf(client(), await tenantIdOf(client(), tenant), named);
      await agreed(context, isAgreed, `Delete the user ${named} for good, and refuse all the user's keys?`);
      const { user } = unwrap(await client().users.delete({ id, reason: why }));
      print.changed(user, `${user.id} is deleted: the user's keys are refused for good.`);
    },
  }),
];
