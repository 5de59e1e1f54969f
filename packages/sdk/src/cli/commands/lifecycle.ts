import { keyFindingKinds, leakActions, sharedRules, upkeepActions } from "@keyplane/schema";
import type { UpdateLifecyclePolicyInput } from "../../_generated/schema-types.js";
import type { Keyplane } from "../../client/keyplane.js";
import { unwrap } from "../../client/results.js";
import type { HygieneReport, KeyFinding } from "../../entities.js";
import { command } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { choice, flag, listing, orWord, required, text, whole, yes } from "../options.js";
import type { Column } from "../output/table.js";
import { shown } from "../output/text.js";
import { agreed, found, requiredTenantId, tenantIdOf, whose } from "./find.js";

const columns: readonly Column<KeyFinding>[] = [
  { head: "ID", of: ({ id }) => id, isWhole: true },
  { head: "KIND", of: ({ kind }) => kind, isWhole: true },
  { head: "KEY", of: ({ keyId }) => keyId, isWhole: true },
  { head: "ACTION", of: ({ action }) => action, isWhole: true },
  { head: "LATEST", of: ({ lastAt }) => lastAt, isWhole: true },
  { head: "RESOLVED", of: ({ resolvedAt }) => resolvedAt, isWhole: true },
  { head: "WHERE", of: ({ place }) => place },
];
const checkColumns: readonly Column<HygieneReport["checks"][number]>[] = [
  { head: "CHECK", of: ({ check }) => check, isWhole: true },
  { head: "KEYS", of: ({ affected, known }) => (known ? shown(affected) : "not known"), isWhole: true },
  { head: "LOST", of: ({ lost, weight }) => `${shown(lost)} of ${shown(weight)}`, isWhole: true },
  { head: "WHAT TO DO", of: ({ affected, advice }) => (affected > 0 ? advice : null) },
];
const bound = (what: string) => orWord("none", whole("number", `${what}; none: as many as there are.`, 1, 1_000));
const upkeep = ["idleAction", "neverExpiringAction", "sharedAction"] as const;
/** What says which keys an action is about, and when. */
const rulesOf = {
  idleAction: ["idleAfterDays", "graceDays"],
  neverExpiringAction: ["graceDays"],
  sharedAction: [
    "sharedWindowHours",
    "sharedRule",
    "sharedMaxAddresses",
    "sharedMaxNetworks",
    "sharedMaxUserAgents",
    "graceDays",
  ],
} as const;
const ofTenant = { name: "tenant", description: "Its id or its slug." };

export const lifecycleCommands = [
  command({
    path: "findings list",
    summary: "List what was found about keys, the latest first: leaks, shared keys, idle keys, keys that never expire.",
    options: {
      ...whose,
      keyId: text("id", "About this key."),
      kind: choice(keyFindingKinds, "Of this kind."),
      open: flag("Those that nobody has resolved."),
      ...listing,
    },
    examples: [["findings list --tenant acme --kind leaked --open", "the leaks that are to be dealt with"]],
    async run({ client, print }, { tenant, keyId, kind, open, ...part }) {
      const tenantId = await tenantIdOf(client(), tenant);
      const { lifecycle } = client();
      await print.list(
        (pageSize) => lifecycle.findings({ tenantId, filter: { keyId, kind, open: open || undefined }, pageSize }),
        part,
        columns,
        ({ id }) => id,
      );
    },
  }),
  command({
    path: "findings resolve",
    summary: "Mark a finding as dealt with; the key stays as it is.",
    argument: { name: "id", description: "The finding's id: kfn_…" },
    options: { reason: required(text("text", "What was done.")) },
    examples: [["findings resolve kfn_… --reason 'rotated, the repository is private now'", "it is dealt with"]],
    async run({ client, print }, { reason }, id) {
      const { finding } = unwrap(await client().lifecycle.resolveFinding({ id, reason }));
      print.changed(finding, `${finding.id} is resolved.`);
    },
  }),
  command({
    path: "keys report",
    summary: "Report a key that was found in public. The tenant's policy says what happens to it.",
    details:
      "The key, or the line in which it was found, is read from standard input, or asked for unseen; never pass it as an argument.",
    options: {
      place: text("address", "Where it was found."),
      source: text("text", "By what it was found, such as the name of a scanner."),
    },
    examples: [["keys report --place https://example.com/paste/1 < key.txt", "a key on a public page"]],
    async run({ client, terminal, print }, { place, source }) {
      const { lifecycle } = client();
      const key = await terminal.secret("Key");
      const { finding } = unwrap(await lifecycle.reportLeakedKey({ key, url: place, source }));
      if (finding) return print.thing(finding);
      if (print.isJson) print.document(null);
      else print.note("Thank you. What became of it, only those learn who look after the key.");
    },
  }),
  command({
    path: "tenants hygiene",
    summary: "Say how well the keys of a tenant are kept, and what to do about it.",
    argument: ofTenant,
    examples: [["tenants hygiene acme", "its score, and what costs points"]],
    async run({ client, print }, _given, named) {
      const id = await tenantIdOf(client(), named);
      const report = found(await client().lifecycle.hygiene(id), "tenant", named);
      if (print.isJson) return print.document(report);
      if (print.isQuiet) return print.line(String(report.score));
      print.table(report.checks, checkColumns);
      print.line(`Score: ${shown(report.score)} of 100, ${shown(report.keys)} keys in use.`);
      const { disabledLeaks } = report;
      if (disabledLeaks > 0) {
        const what = disabledLeaks === 1 ? "1 disabled key has" : `${shown(disabledLeaks)} disabled keys have`;
        print.line(`${what} a leak that nobody has resolved: see keyplane findings list --kind leaked --open.`);
      }
    },
  }),
  command({
    path: "policies show",
    summary: "Show what happens by itself to leaked, shared, idle and never-expiring keys of a tenant.",
    options: whose,
    examples: [["policies show --tenant acme", "the lifecycle policy of a tenant"]],
    async run({ client, print }, { tenant }) {
      const id = await requiredTenantId(client(), tenant);
      print.thing({ id, ...found(await client().lifecycle.policy(id), "tenant", id) });
    },
  }),
  command({
    path: "policies update",
    summary: "Change what happens by itself to keys of a tenant; what is left out stays.",
    details: "That keys are disabled or revoked by themselves, and when, is asked for.",
    options: {
      ...whose,
      leakAction: choice(leakActions, "What happens to leaked keys."),
      idleAfterDays: whole("days", "After how many days without use a key is idle.", 1, 3_650),
      neverIdle: flag("No key is idle, however long nobody uses it."),
      idleAction: choice(upkeepActions, "What happens to idle keys."),
      neverExpiringAction: choice(upkeepActions, "What happens to keys that never expire."),
      sharedAction: choice(upkeepActions, "What happens to keys that are used from too many places."),
      sharedWindowHours: whole("hours", "Within how many hours places are counted.", 1, 72),
      sharedRule: choice(sharedRules, "Whether a key has to pass all bounds that are set, or any."),
      sharedMaxAddresses: bound("From how many addresses a key may be used"),
      sharedMaxNetworks: bound("From how many networks a key may be used"),
      sharedMaxUserAgents: bound("With how many user agents a key may be used"),
      graceDays: whole("days", "How many days after it was told of a key is disabled.", 0, 3_650),
      ...yes,
    },
    examples: [
      ["policies update --tenant acme --idle-after-days 90 --idle-action disable --yes", "idle keys are disabled"],
      ["policies update --tenant acme --shared-max-user-agents none", "programs of a key are not counted any more"],
    ],
    async run(context, { tenant, neverIdle, idleAfterDays: days, yes: isAgreed, ...others }) {
      const { client, print } = context;
      if (neverIdle && days !== undefined) throw new UsageError("Give --idle-after-days or --never-idle, not both.");
      const changes = { ...others, idleAfterDays: neverIdle ? null : days };
      if (Object.values(changes).every((value) => value === undefined)) throw new UsageError("Say what to change.");
      const tenantId = await requiredTenantId(client(), tenant);
      if (!isAgreed && (await canStopKeys(client(), { tenantId, ...changes }))) {
        const which = `keys of ${tenant ?? tenantId}`;
        await agreed(context, isAgreed, `Have ${which} disabled or revoked by themselves, as the policy then says?`);
      }
      const { policy } = unwrap(await client().lifecycle.updatePolicy({ tenantId, ...changes }));
      print.thing({ id: tenantId, ...policy });
    },
  }),
];

/** Whether keys can be disabled or revoked by themselves because of such a change, or others than before. */
async function canStopKeys(client: Keyplane, given: UpdateLifecyclePolicyInput): Promise<boolean> {
  if (given.leakAction === "DISABLE" || given.leakAction === "REVOKE") return true;
  if (upkeep.some((action) => given[action] === "DISABLE")) return true;
  // That no key is idle any more stops none; that a bound of shared keys is gone may, where all of them have to be passed.
  const rules = { ...given, idleAfterDays: given.idleAfterDays ?? undefined };
  const changed = upkeep.filter(
    (action) => given[action] === undefined && rulesOf[action].some((rule) => rules[rule] !== undefined),
  );
  if (changed.length === 0) return false;
  const policy = await client.lifecycle.policy(given.tenantId);
  return changed.some((action) => policy?.[action] === "DISABLE");
}
