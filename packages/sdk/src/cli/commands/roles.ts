import { roles } from "@keyplane/schema";
import { unwrap } from "../../client/results.js";
import type { CustomRole } from "../../entities.js";
import { command } from "../command.js";
import { choice, choices, listing, listOrNone, required, text, yes } from "../options.js";
import type { Column } from "../output/table.js";
import { agreed, found, permissionNames, requiredTenantId, tenantIdOf, whose } from "./find.js";

const columns: readonly Column<CustomRole>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "NAME", of: ({ name }) => name },
  { head: "BASE", of: ({ base }) => base, isWhole: true },
  { head: "PERMISSIONS", of: ({ permissions }) => permissions.join(", ") },
  { head: "KEY SCOPES", of: ({ keyScopes }) => (keyScopes === null ? "any" : keyScopes.join(", ")) },
];
const which = { name: "id", description: "The role's id: rol_…" };
const what = {
  description: text("text", "What it is for."),
  base: choice(roles, "Whose view its holders have: admin sees the tenant, the others their own."),
  keyScopes: listOrNone("scope", "The only scopes that its holders' keys can use."),
} as const;

export const roleCommands = [
  command({
    path: "roles list",
    summary: "List custom roles, newest first. admin, developer and guest are built in.",
    options: { ...whose, search: text("text", "Those with this in their name."), ...listing },
    examples: [["roles list --tenant acme", "the roles of a tenant"]],
    async run({ client, print }, { tenant, search, ...part }) {
      const asked = { tenantId: await tenantIdOf(client(), tenant), filter: { search } };
      const { roles: customRoles } = client();
      await print.list(
        (pageSize) => customRoles.list({ ...asked, pageSize }),
        part,
        columns,
        ({ id }) => id,
      );
    },
  }),
  command({
    path: "roles show",
    summary: "Show a custom role.",
    argument: which,
    examples: [["roles show rol_…", "the role with this id"]],
    async run({ client, print }, _, id) {
      print.thing(found(await client().roles.get(id), "role", id));
    },
  }),
  command({
    path: "roles create",
    summary: "Create a custom role. Give it with: users update --custom-role.",
    options: {
      ...whose,
      name: required(text("text", "Its name.")),
      permissions: required(choices("permission", permissionNames, "All that its holders may do.")),
      ...what,
    },
    examples: [
      ["roles create --tenant acme --name Support --base admin --permissions users-read,keys-read", "who helps users"],
    ],
    async run({ client, print }, { tenant, ...given }) {
      const tenantId = await requiredTenantId(client(), tenant);
      print.thing(unwrap(await client().roles.create({ ...given, tenantId })).role);
    },
  }),
  command({
    path: "roles update",
    summary: "Change a custom role for all its holders at once; what is left out stays.",
    argument: which,
    options: {
      name: text("text", "A new name."),
      permissions: choices("permission", permissionNames, "All that its holders may do from now on."),
      ...what,
    },
    examples: [["roles update rol_… --permissions users-read", "take permissions away"]],
    async run({ client, print }, given, id) {
      print.thing(unwrap(await client().roles.update({ ...given, id })).role);
    },
  }),
  command({
    path: "roles delete",
    summary: "Delete a custom role that nobody has.",
    argument: which,
    options: yes,
    examples: [["roles delete rol_… --yes", "without asking"]],
    async run(context, { yes: isAgreed }, id) {
      const { client, print } = context;
      await agreed(context, isAgreed, `Delete the role ${id}?`);
      const { role } = unwrap(await client().roles.delete({ id }));
      print.changed(role, `${role.name} (${role.id}) is deleted.`);
    },
  }),
];
