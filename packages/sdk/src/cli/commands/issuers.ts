import { type Role, roles } from "@keyplane/schema";
import type { IssuerMatch } from "../../_generated/schema-types.js";
import { unwrap } from "../../client/results.js";
import type { TrustedIssuer } from "../../entities.js";
import { command } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { choice, flag, list, listing, listOrNone, orWord, required, text, typed, yes } from "../options.js";
import type { Column } from "../output/table.js";
import { agreed, found, requiredTenantId, tenantIdOf, whose } from "./find.js";

const columns: readonly Column<TrustedIssuer>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "NAME", of: ({ name }) => name },
  { head: "ISSUER", of: ({ issuer }) => issuer },
  { head: "AUDIENCE", of: ({ audience }) => audience },
  { head: "TENANT", of: ({ tenantId }) => tenantId },
];
const which = { name: "id", description: "The issuer's id: iss_…" };
const matches: readonly IssuerMatch[] = ["EXTERNAL_ID", "EMAIL"];

/** A mapping as it is typed: `value=role`. @throws UsageError */
function mappingOf(given: string): { value: string; role: Role } {
  const at = given.lastIndexOf("=");
  const role = (Object.keys(roles) as Role[]).find((each) => typed(each) === typed(given.slice(at + 1)));
  if (at > 0 && role) return { value: given.slice(0, at), role };
  throw new UsageError(`${JSON.stringify(given)} is no mapping. Write value=role, such as admins=admin.`);
}

export const issuerCommands = [
  command({
    path: "issuers list",
    summary: "List trusted issuers, newest first.",
    options: { ...whose, ...listing },
    examples: [["issuers list --tenant acme", "whose tokens a tenant accepts"]],
    async run({ client, print }, { tenant, ...part }) {
      const tenantId = await tenantIdOf(client(), tenant);
      const { trustedIssuers } = client();
      await print.list(
        (pageSize) => trustedIssuers.list({ tenantId, pageSize }),
        part,
        columns,
        ({ id }) => id,
      );
    },
  }),
  command({
    path: "issuers show",
    summary: "Show a trusted issuer.",
    argument: which,
    examples: [["issuers show iss_…", "the issuer with this id"]],
    async run({ client, print }, _, id) {
      print.thing(found(await client().trustedIssuers.get(id), "trusted issuer", id));
    },
  }),
  command({
    path: "issuers create",
    summary: "Let a tenant's users in with the tokens of an identity provider.",
    options: {
      ...whose,
      name: required(text("text", "What people call it.")),
      issuer: required(text("address", "Its address, letter by letter as its tokens say it in `iss`.")),
      audience: required(text("text", "What its tokens must say as `aud`.")),
      roleClaim: list("name", "The way to the claim that tells the role, such as realm_access,roles."),
      map: list("value=role", "What the claim's values stand for; the first that fits counts."),
      defaultRole: choice(roles, "The role where no mapping fits. Default: such a token is refused."),
      matchBy: choice(matches, "How a user is found by a token. Default: external-id."),
      createUsers: flag("Create a user who is not here yet."),
    },
    examples: [
      [
        "issuers create --tenant acme --name Okta --issuer https://acme.okta.example --audience keyplane --role-claim groups --map admins=admin --default-role guest",
        "administrators by a group",
      ],
    ],
    async run({ client, print }, { tenant, map, ...given }) {
      const roleMapping = map?.map(mappingOf);
      const tenantId = await requiredTenantId(client(), tenant);
      print.thing(unwrap(await client().trustedIssuers.create({ ...given, roleMapping, tenantId })).trustedIssuer);
    },
  }),
  command({
    path: "issuers update",
    summary: "Change a trusted issuer; what is left out stays, and so does its address.",
    argument: which,
    options: {
      name: text("text", "What people call it."),
      audience: text("text", "What its tokens must say as `aud`."),
      roleClaim: listOrNone("name", "The way to the claim that tells the role."),
      map: listOrNone("value=role", "What the claim's values stand for from now on; the first that fits counts."),
      defaultRole: orWord("none", choice(roles, "The role where no mapping fits; none: such a token is refused.")),
      matchBy: choice(matches, "How a user is found by a token."),
      createUsers: choice(["yes", "no"], "Whether to create a user who is not here yet."),
    },
    examples: [["issuers update iss_… --map admins=admin,staff=developer --default-role none", "roles by a group"]],
    async run({ client, print }, { map, createUsers, ...given }, id) {
      const roleMapping = map?.map(mappingOf);
      const creates = createUsers === undefined ? undefined : createUsers === "yes";
      const change = { ...given, id, roleMapping, createUsers: creates };
      print.thing(unwrap(await client().trustedIssuers.update(change)).trustedIssuer);
    },
  }),
  command({
    path: "issuers test",
    summary: "Ask an identity provider for its keys, as is done for its tokens. Changes nothing.",
    argument: which,
    details: "A problem is an answer: exit code 11.",
    examples: [["issuers test iss_…", "whether its tokens can be verified"]],
    async run({ client, print }, _, id) {
      const { trustedIssuer, problem, jwksUri, keyCount, algorithms } = unwrap(
        await client().trustedIssuers.test({ id }),
      );
      print.thing({ id: trustedIssuer.id, problem, jwksUri, keyCount, algorithms });
      return problem === null ? undefined : "problem";
    },
  }),
  command({
    path: "issuers delete",
    summary: "Refuse an identity provider's tokens at once. Users that came with them stay.",
    argument: which,
    options: { reason: text("text", "Why, for the audit log."), ...yes },
    examples: [["issuers delete iss_… --yes", "without asking"]],
    async run(context, { reason, yes: isAgreed }, id) {
      const { client, print } = context;
      await agreed(context, isAgreed, `Trust ${id} no longer?`);
      const { trustedIssuer } = unwrap(await client().trustedIssuers.delete({ id, reason }));
      print.changed(trustedIssuer, `${trustedIssuer.name} (${trustedIssuer.id}) is trusted no longer.`);
    },
  }),
];
