import { type RotationOverdue, rotationOverdues, tenantStatuses } from "@keyplane/schema";
import type { KeyPolicyInput } from "../../_generated/schema-types.js";
import type { Keyplane } from "../../client/keyplane.js";
import { unwrap } from "../../client/results.js";
import type { Tenant } from "../../entities.js";
import { command } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { choice, duration, list, listing, listOrNone, orWord, required, text, whole, yes } from "../options.js";
import type { Column } from "../output/table.js";
import { addressLists, agreed, found, orEmpty, tenantIdOf } from "./find.js";

const columns: readonly Column<Tenant>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "SLUG", of: ({ slug }) => slug },
  { head: "NAME", of: ({ name }) => name },
  { head: "STATUS", of: ({ status }) => status, isWhole: true },
  { head: "CREATED", of: ({ createdAt }) => createdAt, isWhole: true },
];
const which = { name: "tenant", description: "Its id or its slug." };
const reason = { reason: text("text", "Why, for the audit log.") };

const rotation = {
  rotateEvery: duration("How long a secret of a key may be in use, such as 90d."),
  rotationOverdue: choice(rotationOverdues, "What happens to keys whose secret is older."),
  rotationOverlap: orWord(
    "none",
    duration(
      "How long old secrets work on after a rotation that leaves it to the policy, such as 24h; none: not at all.",
    ),
    0,
  ),
} as const;

/** The rules for keys among what was given. */
interface GivenRules {
  readonly prefix?: string | undefined;
  readonly allowedScopes?: readonly string[] | null | undefined;
  readonly maxKeysPerUser?: number | null | undefined;
  readonly defaultLifetime?: number | null | undefined;
  readonly maxLifetime?: number | null | undefined;
  readonly rotateEvery?: number | null | undefined;
  readonly rotationOverdue?: RotationOverdue | undefined;
  readonly rotationOverlap?: number | null | undefined;
  readonly rotationWebhook?: string | null | undefined;
}

/** The policy as the API has it; undefined where none of it was given. */
function policyOf(given: GivenRules): KeyPolicyInput | undefined {
  const { defaultLifetime, maxLifetime, rotateEvery, rotationOverlap, rotationWebhook, ...rest } = given;
  const policy = {
    ...rest,
    defaultLifetimeMs: defaultLifetime,
    maxLifetimeMs: maxLifetime,
    rotateEveryMs: rotateEvery,
    rotationOverlapMs: rotationOverlap,
    rotationWebhookId: rotationWebhook,
  };
  return Object.values(policy).some((value) => value !== undefined) ? policy : undefined;
}

/** Whether keys can be refused by such a change because they should have got a new secret before. */
async function canRefuseOverdue(client: Keyplane, id: string, given: GivenRules): Promise<boolean> {
  if (given.rotationOverdue !== undefined) return given.rotationOverdue === "REFUSE";
  if (given.rotateEvery == null) return false;
  return (await client.tenants.get(id))?.policy.rotationOverdue === "REFUSE";
}

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
      ...rotation,
      allowedIps: list("cidr", "The only addresses that its keys are accepted from."),
      deniedIps: list("cidr", "Addresses that its keys are never accepted from."),
    },
    examples: [["tenants create --slug acme --name 'Acme Ltd' --prefix acme", "a tenant whose keys begin with acme_"]],
    async run({ client, print }, { slug, name, allowedIps, deniedIps, ...rules }) {
      const input = { slug, name, allowedIps, deniedIps, policy: policyOf(rules) };
      const { tenant } = unwrap(await client().tenants.create(input));
      print.thing(tenant);
    },
  }),
  command({
    path: "tenants show",
    summary: "Show a tenant.",
    argument: which,
    examples: [["tenants show acme", "the tenant with this slug"]],
    async run({ client, print }, _given, named) {
      const id = await tenantIdOf(client(), named);
      print.thing(found(await client().tenants.get(id), "tenant", named));
    },
  }),
  command({
    path: "tenants update",
    summary: "Change a tenant and its rules for keys; what is left out stays.",
    details:
      "What can refuse or admit keys that are in use is asked for: from where they are accepted, and whether those are refused that are overdue for a new secret. The words any and none take a rule away. Of --rotation-overlap none is a rule, no overlap, and default takes it away: then there is none either, but a day where a webhook gets the new secrets.",
    argument: which,
    options: {
      slug: text("slug", "A new name in addresses and scripts."),
      name: text("text", "A new name for people."),
      prefix: text("prefix", "What new keys begin with."),
      allowedScopes: orWord("any", listOrNone("scope", "The only scopes that its keys can have, or any.")),
      maxKeysPerUser: orWord("none", whole("number", "How many keys a user can have.", 1, 1_000_000)),
      defaultLifetime: orWord("none", duration("How long a key lives when nothing is said.")),
      maxLifetime: orWord("none", duration("How long a key can live at most.")),
      rotateEvery: orWord("none", rotation.rotateEvery),
      rotationOverdue: rotation.rotationOverdue,
      rotationOverlap: orWord("default", rotation.rotationOverlap),
      rotationWebhook: orWord("none", text("id", "A webhook for rotations, which gets new secrets of keys by itself.")),
      ...addressLists("its keys are"),
      ...yes,
    },
    examples: [
      ["tenants update acme --rotate-every 90d --rotation-webhook whk_…", "new secrets go to a webhook in time"],
      ["tenants update acme --allowed-ips 203.0.113.0/24 --yes", "keys from elsewhere are refused, without asking"],
      ["tenants update acme --max-lifetime none", "keys may live for ever"],
    ],
    async run(context, { slug, name, allowedIps, deniedIps, yes: isAgreed, ...rules }, named) {
      const { client, print } = context;
      const policy = policyOf(rules);
      const changes = { slug, name, policy, allowedIps: orEmpty(allowedIps), deniedIps: orEmpty(deniedIps) };
      if (Object.values(changes).every((value) => value === undefined)) throw new UsageError("Say what to change.");
      const id = await tenantIdOf(client(), named);
      if (allowedIps !== undefined || deniedIps !== undefined) {
        await agreed(context, isAgreed, `Change from where all keys of ${named} are accepted, at once?`);
      }
      if (!isAgreed && (await canRefuseOverdue(client(), id, rules))) {
        await agreed(context, isAgreed, `Refuse all keys of ${named} that are overdue for a new secret, at once?`);
      }
      print.thing(unwrap(await client().tenants.update({ id, ...changes })).tenant);
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
      const id = await tenantIdOf(client(), named);
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
      const id = await tenantIdOf(client(), named);
      const { tenant } = unwrap(await client().tenants.resume({ id, reason: why }));
      print.changed(tenant, `${tenant.slug} (${tenant.id}) is active again.`);
    },
  }),
];
