import { roles } from "@keyplane/schema";
import type { OAuthGrantType } from "../../_generated/schema-types.js";
import { unwrap } from "../../client/results.js";
import type { OAuthClient } from "../../entities.js";
import { type Context, command } from "../command.js";
import { choice, choices, duration, flag, list, listing, listOrNone, orWord, required, text, yes } from "../options.js";
import type { Column } from "../output/table.js";
import { agreed, found, permissionNames, tenantIdOf, whose } from "./find.js";

const columns: readonly Column<OAuthClient>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "NAME", of: ({ name }) => name },
  { head: "ROLE", of: ({ role }) => role, isWhole: true },
  { head: "GRANTS", of: ({ grantTypes }) => grantTypes.join(", ") },
  { head: "TENANT", of: ({ tenantId }) => tenantId },
  { head: "DISABLED", of: ({ disabledAt }) => disabledAt, isWhole: true },
];
const which = { name: "id", description: "The client's id: cli_…" };
const reason = { reason: text("text", "Why, for the audit log.") };
const grantTypes: readonly OAuthGrantType[] = ["AUTHORIZATION_CODE", "CLIENT_CREDENTIALS", "REFRESH_TOKEN"];

/** A public client has no secret to show. */
function issued(
  { print }: Context,
  { oauthClient, secret }: { oauthClient: OAuthClient; secret: string | null },
): void {
  if (secret === null) print.thing(oauthClient);
  else print.secret("oauthClient", oauthClient, secret);
}

export const clientCommands = [
  command({
    path: "clients list",
    summary: "List OAuth clients, newest first; never their secrets.",
    options: { ...whose, ...listing },
    examples: [["clients list --tenant acme", "the clients of a tenant"]],
    async run({ client, print }, { tenant, ...part }) {
      const tenantId = await tenantIdOf(client(), tenant);
      const { oauthClients } = client();
      await print.list(
        (pageSize) => oauthClients.list({ tenantId, pageSize }),
        part,
        columns,
        ({ id }) => id,
      );
    },
  }),
  command({
    path: "clients show",
    summary: "Show an OAuth client.",
    argument: which,
    examples: [["clients show cli_…", "the client with this id"]],
    async run({ client, print }, _, id) {
      print.thing(found(await client().oauthClients.get(id), "OAuth client", id));
    },
  }),
  command({
    path: "clients create",
    summary: "Create an OAuth client, which can never do more than you.",
    details: "The secret alone goes to standard output, this once; a public client has none.",
    options: {
      ...whose,
      name: required(text("text", "What users read when they are asked to agree.")),
      role: required(choice(roles, "What its tokens may do at most.")),
      permissions: choices("permission", permissionNames, "Only these of the role's permissions."),
      grantableScopes: list("scope", "The only scopes that its tokens can give to keys."),
      grants: required(choices("grant", grantTypes, "How it gets tokens.")),
      redirectUris: list("address", "Where users return to, letter by letter."),
      resources: list("uri", "Other APIs that it may get tokens for."),
      resourceScopes: list("scope", "The scopes that tokens for these may have."),
      public: flag("For apps in a browser or on a device: no secret."),
    },
    examples: [
      [
        "clients create --name Nightly --role developer --permissions usage-read --grants client-credentials > secret.txt",
        "for a program",
      ],
      [
        "clients create --name Console --role admin --grants authorization-code,refresh-token --redirect-uris https://console.example.com/callback --public",
        "for an application with users",
      ],
    ],
    async run(context, { tenant, grants, public: isPublic, ...given }) {
      const { client } = context;
      const tenantId = await tenantIdOf(client(), tenant);
      const input = { ...given, tenantId, grantTypes: grants, isPublic };
      issued(context, unwrap(await client().oauthClients.create(input)));
    },
  }),
  command({
    path: "clients update",
    summary: "Change an OAuth client; what is left out stays, and so does its secret.",
    argument: which,
    options: {
      name: text("text", "What users read when they are asked to agree."),
      role: choice(roles, "What its tokens may do at most."),
      permissions: orWord("all", choices("permission", permissionNames, "Only these of the role's permissions."), []),
      grantableScopes: orWord("any", listOrNone("scope", "The only scopes that its tokens can give to keys.")),
      grants: choices("grant", grantTypes, "How it gets tokens."),
      redirectUris: list("address", "Where users return to, letter by letter."),
      resources: listOrNone("uri", "Other APIs that it may get tokens for."),
      resourceScopes: listOrNone("scope", "The scopes that tokens for these may have."),
    },
    examples: [["clients update cli_… --redirect-uris https://console.example.com/back", "where users return to"]],
    async run({ client, print }, { grants, ...given }, id) {
      print.thing(unwrap(await client().oauthClients.update({ ...given, id, grantTypes: grants })).oauthClient);
    },
  }),
  command({
    path: "clients rotate",
    summary: "Give an OAuth client a new secret.",
    details:
      "The secret alone goes to standard output, this once. Without --overlap the old secret stops at once, so it is asked for.",
    argument: which,
    options: { overlap: duration("How long the old secret works on, such as 24h."), ...yes },
    examples: [["clients rotate cli_… --overlap 24h > secret.txt", "a day to hand the new secret out"]],
    async run(context, { overlap, yes: isAgreed }, id) {
      if (overlap === undefined) await agreed(context, isAgreed, `Rotate ${id}, and refuse its old secret at once?`);
      issued(context, unwrap(await context.client().oauthClients.rotateSecret({ id, overlapMs: overlap })));
    },
  }),
  command({
    path: "clients disable",
    summary: "Refuse an OAuth client and all its tokens until it is enabled again.",
    argument: which,
    options: { ...reason, ...yes },
    examples: [["clients disable cli_… --reason 'looking into it' --yes", "without asking"]],
    async run(context, { reason: why, yes: isAgreed }, id) {
      const { client, print } = context;
      await agreed(context, isAgreed, `Disable ${id}, and refuse all its tokens?`);
      const { oauthClient } = unwrap(await client().oauthClients.disable({ id, reason: why }));
      print.changed(oauthClient, `${oauthClient.name} (${oauthClient.id}) is disabled.`);
    },
  }),
  command({
    path: "clients enable",
    summary: "Enable a disabled OAuth client.",
    argument: which,
    options: reason,
    examples: [["clients enable cli_…", "end a disablement"]],
    async run({ client, print }, { reason: why }, id) {
      const { oauthClient } = unwrap(await client().oauthClients.enable({ id, reason: why }));
      print.changed(oauthClient, `${oauthClient.name} (${oauthClient.id}) is enabled.`);
    },
  }),
  command({
    path: "clients delete",
    summary: "Delete an OAuth client for good, and all its tokens with it.",
    argument: which,
    options: { ...reason, ...yes },
    examples: [["clients delete cli_… --yes", "without asking"]],
    async run(context, { reason: why, yes: isAgreed }, id) {
      const { client, print } = context;
      await agreed(context, isAgreed, `Delete the OAuth client ${id} for good?`);
      const { oauthClient } = unwrap(await client().oauthClients.delete({ id, reason: why }));
      print.changed(oauthClient, `${oauthClient.name} (${oauthClient.id}) is deleted.`);
    },
  }),
];
