import { tenantStatuses } from "@keyplane/schema";
import { unwrap } from "../../client/results.js";
import type { Tenant } from "../../entities.js";
import { command } from "../command.js";
import { choice, duration, list, listing, required, text, whole, yes } from "../options.js";
import type { Column } from "../output/table.js";
import { agreed, found, tenantIdOf } from "./find.js";

const columns: readonly Column<Tenant>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "SLUG", of: ({ slug }) => slug },
  { head: "NAME", of: ({ name }) => name },
  { head: "STATUS", of: ({ status }) => status, isWhole: true },
  { head: "CREATED", of: ({ createdAt }) => createdAt, isWhole: true },
];
const which = { name: "tenant", description: "Its id or its slug." };
const reason = { reason: text("text", "Why, for the audit log.") };

export const tenantCommands = [
  command({
    path: "tenants list",
    summary: "List tenants, newest first.",
    options: {
      search: text("text", "Those with this in their name or slug."),
      status: choice(tenantStatuses, "Those in this state."),
      ...listing,
    },
    examples: [
      ["tenants list --search acme", "the tenants that are called something like acme"],
      ["tenants list --all --quiet", "the ids of all tenants"],
    ],
    async run({ client, print }, { search, status, ...part }) {
      const filter = { search, status };
      const { tenants } = client();
      await print.list(
        (pageSize) => tenants.list({ filter, pageSize }),
        part,
        columns,
        ({ id }) => id,
      );
    },
  }),
  command({
    path: "tenants create",
    summary: "Create a tenant.",
    options: {
      slug: required(text("slug", "Its name in addresses and scripts.")),
      name: required(text("text", "Its name for people.")),
      prefix: text("prefix", "What its keys begin with."),
      allowedScopes: list("scope", "The only scopes that its keys can have."),
      maxKeysPerUser: whole("number", "How many keys a user can have.", 1, 1_000_000),
      defaultLifetime: duration("How long a key lives when nothing is said, such as 90d."),
      maxLifetime: duration("How long a key can live at most."),
    },
    examples: [["tenants create --slug acme --name 'Acme Ltd' --prefix acme", "a tenant whose keys begin with acme_"]],
    async run({ client, print }, { slug, name, prefix, allowedScopes, maxKeysPerUser, defaultLifetime, maxLifetime }) {
      const policy = {
        prefix,
        allowedScopes,
        maxKeysPerUser,
        defaultLifetimeMs: defaultLifetime,
        maxLifetimeMs: maxLifetime,
      };
      const hasPolicy = Object.values(policy).some((value) => value !== undefined);
      const { tenant } = unwrap(await client().tenants.create({ slug, name, policy: hasPolicy ? policy : undefined }));
      print.thing(tenant);
    },
  }),
  command({
    path: "tenants show",
    summary: "Show a tenant.",
    argument: which,
    examples: [["tenants show acme", "the tenant with this slug"]],
    async run({ client, print }, _given, named) {
      const id = (await tenantIdOf(client(), named)) ?? named;
      print.thing(found(await client().tenants.get(id), "tenant", named));
    },
  }),
  command({
    path: "tenants suspend",
    summary: "Suspend a tenant: all its keys are refused until it is resumed.",
    argument: which,
    options: { ...reason, ...yes },
    examples: [["tenants suspend acme --reason 'unpaid' --yes", "without asking"]],
    async run(context, { reason: why, yes: isAgreed }, named) {
      const { client, print } = context;
      const id = (await tenantIdOf(client(), named)) ?? named;
      await agreed(context, isAgreed, `Suspend the tenant ${named}, and refuse all its keys?`);
      const { tenant } = unwrap(await client().tenants.suspend({ id, reason: why }));
      print.changed(tenant, `${tenant.slug} (${tenant.id}) is suspended: its keys are refused.`);
    },
  }),
  command({
    path: "tenants resume",
    summary: "Resume a suspended tenant: its keys answer again as before.",
    argument: which,
    options: reason,
    examples: [["tenants resume acme", "end a suspension"]],
    async run({ client, print }, { reason: why }, named) {
      const id = (await tenantIdOf(client(), named)) ?? named;
      const { tenant } = unwrap(await client().tenants.resume({ id, reason: why }));
      print.changed(tenant, `${tenant.slug} (${tenant.id}) is active again.`);
    },
  }),
];
