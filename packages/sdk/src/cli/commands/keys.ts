import { environments, keyStatuses, type RotationOverdue, rotationOverdues } from "@keyplane/schema";
import { unwrap } from "../../client/results.js";
import type { Key } from "../../entities.js";
import { command } from "../command.js";
import { UsageError } from "../exit-codes.js";
import {
  choice,
  duration,
  flag,
  json,
  list,
  listing,
  listOrNone,
  orWord,
  required,
  text,
  time,
  yes,
} from "../options.js";
import type { Column } from "../output/table.js";
import { addressLists, agreed, found, orEmpty, orNone, requiredTenantId, tenantIdOf, userIdOf, whose } from "./find.js";

const columns: readonly Column<Key>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "NAME", of: ({ name }) => name },
  { head: "START", of: ({ start }) => start, isWhole: true },
  { head: "STATUS", of: ({ status }) => status, isWhole: true },
  { head: "OWNER", of: ({ ownerId }) => ownerId },
  { head: "SCOPES", of: ({ scopes }) => scopes },
  { head: "EXPIRES", of: ({ expiresAt }) => expiresAt, isWhole: true },
  { head: "LAST USED", of: ({ lastUsedAt }) => lastUsedAt, isWhole: true },
];
const which = { name: "id", description: "The key's id: key_…" };
const reason = { reason: text("text", "Why, for the audit log.") };

const rotation = {
  rotateEvery: duration("How long a secret of it may be in use, such as 90d. Without: what the tenant's policy says."),
  rotationOverdue: choice(
    rotationOverdues,
    "What happens to it when its secret is older. Without: as the policy says, whose refuse counts in any case.",
  ),
  rotationOverlap: orWord(
    "none",
    duration(
      "How long old secrets work on after a rotation that leaves it to the policy, such as 24h; none: not at all. Without: as the tenant's policy says.",
    ),
    0,
  ),
  rotationWebhook: text("id", "A webhook for rotations, which gets its new secrets. Without: as the policy says."),
} as const;

/** The rules for rotations among what was given, as the API has them. */
function rulesOf(given: {
  readonly rotateEvery?: number | null | undefined;
  readonly rotationOverdue?: RotationOverdue | null | undefined;
  readonly rotationOverlap?: number | null | undefined;
  readonly rotationWebhook?: string | null | undefined;
}) {
  return {
    rotateEveryMs: given.rotateEvery,
    rotationOverdue: given.rotationOverdue,
    rotationOverlapMs: given.rotationOverlap,
    rotationWebhookId: given.rotationWebhook,
  };
}

/** Ids, never the key itself: see secret-arguments.ts. */
export const keyCommands = [
  command({
    path: "keys list",
    summary: "List keys, newest first.",
    options: {
      ...whose,
      search: text("text", "Those with this in their name or displayed start."),
      owner: text("id|e-mail", "Those of this user."),
      team: text("id", "Those of this team."),
      status: choice(keyStatuses, "Those in this state."),
      environment: choice(environments, "Those of this environment."),
      scope: text("scope", "Those with this scope."),
      expiringBefore: time("Those that end before this time."),
      unusedSince: time("Those that nobody has used since this time."),
      deleted: flag("The deleted ones, which can be restored within 30 days."),
      ...listing,
    },
    examples: [
      ["keys list --tenant acme --status active", "the keys of a tenant that are in use"],
      ["keys list --unused-since 2026-01-01 --all --quiet", "the ids of keys that nobody misses"],
    ],
    async run({ client, print }, { tenant, owner, team, deleted, limit, after, all, ...filter }) {
      const tenantId = await tenantIdOf(client(), tenant);
      const ownerId = owner === undefined ? undefined : await userIdOf(client(), tenantId, owner);
      const which = { tenantId, filter: { ...filter, ownerId, teamId: team, deleted: deleted || undefined } };
      const { keys } = client();
      const part = { limit, after, all };
      await print.list(
        (pageSize) => keys.list({ ...which, pageSize }),
        part,
        columns,
        ({ id }) => id,
      );
    },
  }),
  command({
    path: "keys create",
    summary: "Create a key for a user.",
    details: "The secret alone goes to standard output, this once; everything else goes to standard error.",
    options: {
      ...whose,
      owner: required(text("id|e-mail", "Whose key it is.")),
      team: text("id", "The team that looks after it, of which the owner is a member."),
      name: required(text("text", "What it is for.")),
      scopes: list("scope", "What it may do."),
      environment: choice(environments, "For live traffic or for tests. Default: live."),
      expiresIn: duration("How long it lives, such as 90d. Without: what the tenant's policy says."),
      expiresAt: time("Until when it lives."),
      allowedIps: list("cidr", "The only addresses that it is accepted from."),
      deniedIps: list("cidr", "Addresses that it is never accepted from."),
      ...rotation,
      metadata: json("What you want to know about it, as a JSON object."),
    },
    examples: [
      ["keys create --owner ada@acme.example --name Orders --scopes orders:read > key.txt", "the key, in a file"],
      ["keys create --owner usr_… --name Tests --environment test --expires-in 30d", "a key for tests, for a month"],
    ],
    async run({ client, print, now }, given) {
      const { tenant, owner, team, expiresIn, expiresAt, ...rest } = given;
      const { rotateEvery, rotationOverdue, rotationOverlap, rotationWebhook, ...input } = rest;
      if (expiresIn !== undefined && expiresAt !== undefined) {
        throw new UsageError("Say --expires-in or --expires-at, not both.");
      }
      const tenantId = await requiredTenantId(client(), tenant);
      const ownerId = await userIdOf(client(), tenantId, owner);
      const end = expiresIn === undefined ? expiresAt : new Date(now() + expiresIn).toISOString();
      const where = { tenantId, ownerId, teamId: team };
      const rules = rulesOf({ rotateEvery, rotationOverdue, rotationOverlap, rotationWebhook });
      const created = unwrap(await client().keys.create({ ...input, ...where, ...rules, expiresAt: end }));
      print.secret("key", created.key, created.secret);
    },
  }),
  command({
    path: "keys show",
    summary: "Show a key; never its secret.",
    argument: which,
    examples: [["keys show key_…", "everything that is known of a key"]],
    async run({ client, print }, _given, id) {
      print.thing(found(await client().keys.get(id), "key", id));
    },
  }),
  command({
    path: "keys update",
    summary: "Change a key; what is left out stays, and so does its secret.",
    details:
      "Of --rotation-overdue and --rotation-overlap, default takes the key's own rule away, so that the tenant's policy counts; none is a rule of --rotation-overlap: no overlap. That a key is refused when it is overdue for a new secret is asked for.",
    argument: which,
    options: {
      name: text("text", "A new name."),
      scopes: listOrNone("scope", "All its scopes from now on."),
      expiresAt: time("A new end."),
      neverExpires: flag("Take its end away, where the tenant's policy allows that."),
      team: text("id", "The team that looks after it; an empty text takes it out of its team."),
      ...addressLists("it is"),
      metadata: json("All its metadata from now on, as a JSON object."),
      rotateEvery: orWord("none", rotation.rotateEvery),
      rotationOverdue: orWord("default", rotation.rotationOverdue),
      rotationOverlap: orWord("default", rotation.rotationOverlap),
      rotationWebhook: orWord("none", rotation.rotationWebhook),
      ...yes,
    },
    examples: [
      ["keys update key_… --name Orders --scopes orders:read,orders:write", "another name, other scopes"],
      ["keys update key_… --expires-at 2026-12-31 --team tea_…", "an end, and a team"],
      ["keys update key_… --allowed-ips 203.0.113.0/24,2001:db8::/48", "refused from everywhere else, at once"],
      ["keys update key_… --rotate-every 30d --rotation-webhook none", "a month, and as the tenant's policy says"],
      ["keys update key_… --rotate-every 30d --rotation-overdue refuse --yes", "refused after a month, without asking"],
    ],
    async run(context, given, id) {
      const { client, print } = context;
      const {
        name,
        scopes,
        expiresAt,
        neverExpires,
        team,
        allowedIps,
        deniedIps,
        metadata,
        yes: isAgreed,
        ...rules
      } = given;
      if (neverExpires && expiresAt !== undefined)
        throw new UsageError("Say --expires-at or --never-expires, not both.");
      if (rules.rotationOverdue === "REFUSE") {
        await agreed(context, isAgreed, `Refuse ${id} when it is overdue for a new secret, at once if it is now?`);
      }
      const end = neverExpires ? null : expiresAt;
      const addresses = { allowedIps: orEmpty(allowedIps), deniedIps: orEmpty(deniedIps) };
      const change = { id, name, scopes, expiresAt: end, teamId: orNone(team), metadata, ...addresses };
      print.thing(unwrap(await client().keys.update({ ...change, ...rulesOf(rules) })).key);
    },
  }),
  command({
    path: "keys rotate",
    summary: "Give a key a new secret; its id stays.",
    details:
      "The secret alone goes to standard output, this once. What stops the old secret at once, or may do so, is asked for: no --overlap, none, and policy, which is none where the policy does not say; not with --on-first-use.",
    argument: which,
    options: {
      overlap: orWord(
        "policy",
        orWord(
          "none",
          duration(
            "How long the old secret works on, such as 24h; policy: as the key's own rule or its tenant's policy says. Default: none.",
          ),
          0,
        ),
      ),
      onFirstUse: flag("Both secrets work until the new one is first accepted; the overlap begins then."),
      ...yes,
    },
    examples: [
      ["keys rotate key_… --overlap 24h > key.txt", "a day to hand the new secret out"],
      ["keys rotate key_… --on-first-use --overlap 1h > key.txt", "however long it takes, and an hour"],
      ["keys rotate key_… --overlap policy --yes > key.txt", "as long as the tenant's policy says, without asking"],
    ],
    async run(context, { overlap, onFirstUse, yes: isAgreed }, id) {
      const { client, print } = context;
      if (!overlap && !onFirstUse) {
        const when = overlap === null ? "when the policy says, which may be at once" : "at once";
        await agreed(context, isAgreed, `Rotate ${id}, and refuse its old secret ${when}?`);
      }
      const rotated = unwrap(await client().keys.rotate({ id, overlapMs: overlap, activateOnFirstUse: onFirstUse }));
      if (!onFirstUse) return print.secret("key", rotated.key, rotated.secret);
      // The key still has the start of its old secret, which beside the new one would be taken for the new one's.
      print.secret("key", print.isJson ? rotated.key : { ...rotated.key, start: undefined }, rotated.secret);
      print.note(
        `It waits for its first use: until then ${id} goes on with its old secret, and shows the start of that.`,
      );
    },
  }),
  command({
    path: "keys reissue",
    summary: "Give a key to another user of its tenant, with a new secret.",
    details: "The secret alone goes to standard output, this once. The old secret stops at once, so it is asked for.",
    argument: which,
    options: { ...whose, owner: required(text("id|e-mail", "Whose key it becomes.")), ...yes },
    examples: [["keys reissue key_… --owner bob@acme.example --yes > key.txt", "without asking"]],
    async run(context, { tenant, owner, yes: isAgreed }, id) {
      const { client, print } = context;
      const tenantId = await tenantIdOf(client(), tenant);
      const ownerId = await userIdOf(client(), tenantId, owner);
      await agreed(context, isAgreed, `Give ${id} to ${owner}, and refuse its old secret at once?`);
      const reissued = unwrap(await client().keys.reissue({ id, ownerId }));
      print.secret("key", reissued.key, reissued.secret);
    },
  }),
  command({
    path: "keys revoke",
    summary: "Revoke a key for good, everywhere, at once.",
    argument: which,
    options: { reason: required(reason.reason), ...yes },
    examples: [["keys revoke key_… --reason 'leaked in a log' --yes", "without asking"]],
    async run(context, { reason: why, yes: isAgreed }, id) {
      const { client, print } = context;
      await agreed(context, isAgreed, `Revoke ${id} for good?`);
      const { key } = unwrap(await client().keys.revoke({ id, reason: why }));
      print.changed(key, `${key.name} (${key.id}) is revoked.`);
    },
  }),
  command({
    path: "keys disable",
    summary: "Refuse a key until it is enabled again.",
    argument: which,
    options: { ...reason, ...yes },
    examples: [["keys disable key_… --reason 'looking into it' --yes", "without asking"]],
    async run(context, { reason: why, yes: isAgreed }, id) {
      const { client, print } = context;
      await agreed(context, isAgreed, `Disable ${id}?`);
      const { key } = unwrap(await client().keys.disable({ id, reason: why }));
      print.changed(key, `${key.name} (${key.id}) is disabled.`);
    },
  }),
  command({
    path: "keys enable",
    summary: "Enable a disabled key.",
    argument: which,
    options: reason,
    examples: [["keys enable key_…", "end a disablement"]],
    async run({ client, print }, { reason: why }, id) {
      const { key } = unwrap(await client().keys.enable({ id, reason: why }));
      print.changed(key, `${key.name} (${key.id}) is enabled.`);
    },
  }),
  command({
    path: "keys delete",
    summary: "Refuse a key, and take it out of every list. It can be restored for 30 days.",
    argument: which,
    options: { ...reason, ...yes },
    examples: [["keys delete key_… --reason 'no longer used' --yes", "without asking"]],
    async run(context, { reason: why, yes: isAgreed }, id) {
      const { client, print } = context;
      await agreed(context, isAgreed, `Delete ${id}, and refuse it?`);
      const { key } = unwrap(await client().keys.delete({ id, reason: why }));
      print.changed(
        key,
        `${key.name} (${key.id}) is deleted. For 30 days, this brings it back: keys restore ${key.id}`,
      );
    },
  }),
  command({
    path: "keys restore",
    summary: "Bring a deleted key back as it was, within 30 days.",
    argument: which,
    options: reason,
    examples: [["keys restore key_…", "undo a deletion; keys list --deleted names the keys"]],
    async run({ client, print }, { reason: why }, id) {
      const { key } = unwrap(await client().keys.restore({ id, reason: why }));
      print.changed(key, `${key.name} (${key.id}) is restored.`);
    },
  }),
];
