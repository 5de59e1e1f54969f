import { roles } from "@keyplane/schema";
import { unwrap } from "../../client/results.js";
import type { ManagementToken } from "../../entities.js";
import { command } from "../command.js";
import { choice, choices, duration, list, listing, required, text, yes } from "../options.js";
import type { Column } from "../output/table.js";
import { agreed, permissionNames, tenantIdOf, userIdOf, whose } from "./find.js";

const columns: readonly Column<ManagementToken>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "NAME", of: ({ name }) => name },
  { head: "START", of: ({ start }) => start, isWhole: true },
  { head: "ROLE", of: ({ role }) => role, isWhole: true },
  { head: "TENANT", of: ({ tenantId }) => tenantId },
  { head: "EXPIRES", of: ({ expiresAt }) => expiresAt, isWhole: true },
  { head: "REVOKED", of: ({ revokedAt }) => revokedAt, isWhole: true },
];

export const tokenCommands = [
  command({
    path: "tokens list",
    summary: "List management tokens, newest first; never their secrets.",
    options: { ...whose, ...listing },
    examples: [["tokens list --tenant acme", "the tokens of a tenant"]],
    async run({ client, print }, { tenant, ...part }) {
      const tenantId = await tenantIdOf(client(), tenant);
      const { managementTokens } = client();
      await print.list(
        (pageSize) => managementTokens.list({ tenantId, pageSize }),
        part,
        columns,
        ({ id }) => id,
      );
    },
  }),
  command({
    path: "tokens create",
    summary: "Create a management token, which can never do more than you.",
    details: "The secret alone goes to standard output, this once; everything else goes to standard error.",
    options: {
      name: required(text("text", "What it is for.")),
      role: required(choice(roles, "What it may do.")),
      customRole: text("id", "A custom role, which decides instead."),
      ...whose,
      user: text("id|e-mail", "The user whom it acts for: it never does more than that user."),
      permissions: choices("permission", permissionNames, "Only these of the role's permissions."),
      grantableScopes: list("scope", "The only scopes that it can give to keys."),
      expiresIn: duration("How long it lives, such as 90d. Default: until it is revoked."),
    },
    examples: [
      [
        "tokens create --name ci --role admin --permissions keys-create,keys-revoke --expires-in 90d > token.txt",
        "for a job",
      ],
      ["tokens create --name gateway --role developer --tenant acme > token.txt", "for one tenant's gateway"],
    ],
    async run({ client, print, now }, { tenant, user, expiresIn, customRole, ...input }) {
      const tenantId = await tenantIdOf(client(), tenant);
      const userId = user === undefined ? undefined : await userIdOf(client(), tenantId, user);
      const expiresAt = expiresIn === undefined ? undefined : new Date(now() + expiresIn).toISOString();
      const given = { ...input, customRoleId: customRole, tenantId, userId, expiresAt };
      const created = unwrap(await client().managementTokens.create(given));
      print.secret("managementToken", created.managementToken, created.secret);
    },
  }),
  command({
    path: "tokens rotate",
    summary: "Give a management token a new secret; its id stays.",
    details:
      "The secret alone goes to standard output, this once. Without --overlap the old secret stops at once, so it is asked for.",
    argument: { name: "id", description: "The token's id: tok_…" },
    options: { overlap: duration("How long the old secret works on, such as 24h."), ...yes },
    examples: [["tokens rotate tok_… --overlap 24h > token.txt", "a day to hand the new secret out"]],
    async run(context, { overlap, yes: isAgreed }, id) {
      const { client, print } = context;
      if (overlap === undefined) await agreed(context, isAgreed, `Rotate ${id}, and refuse its old secret at once?`);
      const rotated = unwrap(await client().managementTokens.rotate({ id, overlapMs: overlap }));
      print.secret("managementToken", rotated.managementToken, rotated.secret);
    },
  }),
  command({
    path: "tokens revoke",
    summary: "End a management token at once.",
    argument: { name: "id", description: "The token's id: tok_…" },
    options: { reason: text("text", "Why, for the audit log."), ...yes },
    examples: [["tokens revoke tok_… --reason 'not needed any more' --yes", "without asking"]],
    async run(context, { reason, yes: isAgreed }, id) {
      const { client, print } = context;
      await agreed(context, isAgreed, `Revoke the management token ${id}?`);
      const { managementToken } = unwrap(await client().managementTokens.revoke({ id, reason }));
      print.changed(managementToken, `${managementToken.name} (${managementToken.id}) is revoked.`);
    },
  }),
];
