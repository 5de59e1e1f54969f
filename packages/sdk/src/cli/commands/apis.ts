import type { ApiVersionInput } from "../../_generated/schema-types.js";
import { unwrap } from "../../client/results.js";
import type { Api, ApiGrant } from "../../entities.js";
import { command } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { choice, flag, list, listing, required, text, timeOf, yes } from "../options.js";
import type { Column } from "../output/table.js";
import { agreed, found, requiredTenantId, tenantIdOf, whose } from "./find.js";

const columns: readonly Column<Api>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "SLUG", of: ({ slug }) => slug },
  { head: "NAME", of: ({ name }) => name },
  { head: "ACCESS", of: ({ access }) => access, isWhole: true },
  { head: "VISIBILITY", of: ({ visibility }) => visibility, isWhole: true },
  { head: "VERSIONS", of: ({ versions }) => versions.map(({ name, status }) => `${name} ${status.toLowerCase()}`) },
];
const grantColumns: readonly Column<ApiGrant>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "API", of: ({ apiId }) => apiId, isWhole: true },
  { head: "KEY", of: ({ keyId }) => keyId, isWhole: true },
  { head: "STATUS", of: ({ status }) => status, isWhole: true },
  { head: "WHY", of: ({ requestReason, decisionReason }) => decisionReason ?? requestReason },
];
const ofApi = { name: "id", description: "The API's id: api_…" };
const ofGrant = { name: "id", description: "The grant's id: grt_…" };
const reason = { reason: text("text", "Why, for whoever asked and for the audit log.") };
const why = { reason: required(text("text", "Why; whoever asked reads it.")) };
const statuses = { PENDING: {}, GRANTED: {}, REFUSED: {}, REVOKED: {} } as const;
const between = {
  apiId: required(text("id", "The API: api_…")),
  keyId: required(text("id", "The key: key_…")),
  ...reason,
};

const accesses = { GRANTED: {}, OPEN: {} } as const;
const visibilities = { PRIVATE: {}, PUBLIC: {} } as const;
const versions = list(
  "version",
  "A version is its name; then, as needed, :deprecated=2026-12-01 for when callers are told to move, and :retired=2027-03-01 for when it is refused.",
);

/** A version as it is typed: `v1:deprecated=2026-12-01:retired=2027-03-01`. @throws UsageError */
function versionOf(given: string): { name: string; deprecatedAt?: string; retiredAt?: string } {
  const [name = "", ...times] = given.split(/:(?=deprecated=|retired=)/);
  const told = Object.fromEntries(times.map((each) => each.split("=") as [string, string]));
  const { deprecated, retired } = told;
  if (name === "" || /[:=]/.test(name) || times.length !== Object.keys(told).length) {
    const write = "Write its name, such as v1, then :deprecated=2026-12-01 or :retired=2027-03-01 as needed.";
    throw new UsageError(`${JSON.stringify(given)} is no version. ${write}`);
  }
  return {
    name,
    ...(deprecated !== undefined && { deprecatedAt: timeOf(deprecated) }),
    ...(retired !== undefined && { retiredAt: timeOf(retired) }),
  };
}

/** The text of which {@link versionOf} makes a version; null where its name cannot be typed. */
export function typedVersion({ name, deprecatedAt, retiredAt }: ApiVersionInput): string | null {
  if (name === "" || /[\s,:=]/.test(name)) return null;
  return `${name}${deprecatedAt ? `:deprecated=${deprecatedAt}` : ""}${retiredAt ? `:retired=${retiredAt}` : ""}`;
}

export const apiCommands = [
  command({
    path: "apis list",
    summary: "List APIs, newest first.",
    options: { ...whose, search: text("text", "Those with this in slug, name or description."), ...listing },
    examples: [["apis list --tenant acme", "the APIs of a tenant, with their versions"]],
    async run({ client, print }, { tenant, search, ...part }) {
      const tenantId = await tenantIdOf(client(), tenant);
      const { apis } = client();
      await print.list(
        (pageSize) => apis.list({ tenantId, filter: { search }, pageSize }),
        part,
        columns,
        ({ id }) => id,
      );
    },
  }),
  command({
    path: "apis create",
    summary: "Create an API, which keys need access to.",
    options: {
      ...whose,
      slug: required(text("slug", "What verifiers ask for.")),
      name: required(text("text", "Its name for people.")),
      description: text("text", "What it is for."),
      versions,
      open: flag("Every key of the tenant may call it, without being granted access."),
      public: flag("Guests see it in lists, too."),
    },
    examples: [["apis create --slug orders --name Orders --versions v1,v2", "an API that is asked for as orders@v2"]],
    async run({ client, print }, { tenant, versions: typedVersions, open, public: isPublic, ...given }) {
      const { api } = unwrap(
        await client().apis.create({
          tenantId: await requiredTenantId(client(), tenant),
          ...given,
          versions: typedVersions?.map(versionOf),
          access: open ? "OPEN" : "GRANTED",
          visibility: isPublic ? "PUBLIC" : "PRIVATE",
        }),
      );
      print.thing(api);
    },
  }),
  command({
    path: "apis show",
    summary: "Show an API with its versions.",
    argument: ofApi,
    examples: [["apis show api_…", "the API with this id"]],
    async run({ client, print }, _given, id) {
      print.thing(found(await client().apis.get(id), "API", id));
    },
  }),
  command({
    path: "apis update",
    summary: "Change an API; what is left out stays.",
    details: "What can refuse those who call it is asked for: another slug, other versions, and that keys need access.",
    argument: ofApi,
    options: {
      slug: text("slug", "What verifiers ask for from now on."),
      name: text("text", "A new name for people."),
      description: text("text", "A new description."),
      versions: { ...versions, description: `All its versions from now on. ${versions.description}` },
      access: choice(accesses, "Whether keys have to be granted access, or each key of the tenant may call it."),
      visibility: choice(visibilities, "Whether guests see it in lists, too."),
      ...yes,
    },
    examples: [
      [
        "apis update api_… --versions v1:deprecated=2026-12-01:retired=2027-03-01,v2 --yes",
        "v1 is refused from March on, without asking",
      ],
      ["apis update api_… --access open", "every key of the tenant may call it"],
    ],
    async run(context, { versions: typedVersions, yes: isAgreed, ...given }, id) {
      const { client, print } = context;
      const change = { ...given, versions: typedVersions?.map(versionOf) };
      if (Object.values(change).every((value) => value === undefined)) throw new UsageError("Say what to change.");
      if (given.slug !== undefined || typedVersions !== undefined || given.access === "GRANTED")
        await agreed(context, isAgreed, `Change the API ${id}, and refuse whoever may not call it then?`);
      print.thing(unwrap(await client().apis.update({ ...change, id })).api);
    },
  }),
  command({
    path: "apis delete",
    summary: "Delete an API, with all access to it: whoever still calls it is refused.",
    argument: ofApi,
    options: { ...reason, ...yes },
    examples: [["apis delete api_… --yes", "without asking"]],
    async run(context, { reason: given, yes: isAgreed }, id) {
      const { client, print } = context;
      await agreed(context, isAgreed, `Delete the API ${id}, and refuse whoever calls it?`);
      const { api } = unwrap(await client().apis.delete({ id, reason: given }));
      print.changed(api, `${api.slug} (${api.id}) is deleted.`);
    },
  }),
  command({
    path: "apis grants",
    summary: "List which keys may call which APIs, and what waits for approval.",
    options: {
      ...whose,
      apiId: text("id", "Of this API."),
      keyId: text("id", "Of this key."),
      status: choice(statuses, "In this state; pending: what waits for approval."),
      ...listing,
    },
    examples: [["apis grants --status pending", "the requests that wait for approval"]],
    async run({ client, print }, { tenant, apiId, keyId, status, ...part }) {
      const tenantId = await tenantIdOf(client(), tenant);
      const { apiGrants } = client();
      await print.list(
        (pageSize) => apiGrants.list({ tenantId, filter: { apiId, keyId, status }, pageSize }),
        part,
        grantColumns,
        ({ id }) => id,
      );
    },
  }),
  command({
    path: "apis request",
    summary: "Ask for a key's access to an API.",
    options: between,
    examples: [
      ["apis request --api-id api_… --key-id key_… --reason 'for the shop'", "a request that waits for approval"],
    ],
    async run({ client, print }, { apiId, keyId, reason: given }) {
      const { apiGrant } = unwrap(await client().apiGrants.request({ apiId, keyId, reason: given }));
      print.thing(apiGrant);
    },
  }),
  command({
    path: "apis grant",
    summary: "Give a key access to an API at once.",
    options: between,
    examples: [["apis grant --api-id api_… --key-id key_…", "access without a request"]],
    async run({ client, print }, { apiId, keyId, reason: given }) {
      const { apiGrant } = unwrap(await client().apiGrants.grant({ apiId, keyId, reason: given }));
      print.thing(apiGrant);
    },
  }),
  command({
    path: "apis approve",
    summary: "Approve a request for access.",
    argument: ofGrant,
    options: reason,
    examples: [["apis approve grt_…", "the key may call the API from now on"]],
    async run({ client, print }, { reason: given }, id) {
      const { apiGrant } = unwrap(await client().apiGrants.approve({ id, reason: given }));
      print.changed(apiGrant, `${apiGrant.id} is granted.`);
    },
  }),
  command({
    path: "apis refuse",
    summary: "Refuse a request for access.",
    argument: ofGrant,
    options: why,
    examples: [["apis refuse grt_… --reason 'not for tests'", "with what whoever asked reads"]],
    async run({ client, print }, { reason: given }, id) {
      const { apiGrant } = unwrap(await client().apiGrants.refuse({ id, reason: given }));
      print.changed(apiGrant, `${apiGrant.id} is refused.`);
    },
  }),
  command({
    path: "apis revoke",
    summary: "Take a key's access to an API away.",
    argument: ofGrant,
    options: { ...why, ...yes },
    examples: [["apis revoke grt_… --reason abuse --yes", "without asking"]],
    async run(context, { reason: given, yes: isAgreed }, id) {
      const { client, print } = context;
      await agreed(context, isAgreed, `Take the access ${id} away, and refuse the key there?`);
      const { apiGrant } = unwrap(await client().apiGrants.revoke({ id, reason: given }));
      print.changed(apiGrant, `${apiGrant.id} is revoked.`);
    },
  }),
];
