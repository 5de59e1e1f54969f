import { maxLimit, quotaRefills } from "@keyplane/schema";
import { unwrap } from "../../client/results.js";
import type { Quota, QuotaEntry, QuotaLease } from "../../entities.js";
import { command } from "../command.js";
import { choice, listing, required, text, time, whole, yes } from "../options.js";
import type { Printer } from "../output/printer.js";
import type { Column } from "../output/table.js";
import { shown } from "../output/text.js";
import { agreed, found, limited, limitedIdOf } from "./find.js";

const columns: readonly Column<QuotaEntry>[] = [
  { head: "WHEN", of: ({ createdAt }) => shown(createdAt), isWhole: true },
  { head: "WHAT", of: ({ type }) => type, isWhole: true },
  { head: "AMOUNT", of: ({ amount }) => shown(amount), isWhole: true },
  { head: "LIMIT", of: ({ limit, toppedUp }) => shown(limit + toppedUp), isWhole: true },
  { head: "USED", of: ({ used }) => shown(used), isWhole: true },
  { head: "WHY", of: ({ reason }) => reason },
];
const leaseColumns: readonly Column<QuotaLease>[] = [
  { head: "HOLDER", of: ({ holder }) => shown(holder), isWhole: true },
  { head: "AMOUNT", of: ({ amount }) => shown(amount), isWhole: true },
  { head: "SINCE", of: ({ since }) => shown(since), isWhole: true },
  // Callers of a tenant see neither the servers nor when they were heard of.
  {
    head: "LAST SEEN",
    of: ({ holder, lastSeenAt }) => shown(lastSeenAt ?? (holder === null ? null : "never")),
    isWhole: true,
  },
  { head: "LOST", of: ({ isLost }) => shown(isLost), isWhole: true },
];
const reason = { reason: text("text", "Why; kept in its history.") };

export const quotaCommands = [
  command({
    path: "quotas show",
    summary: "Show the quota of a key, user or tenant, and which servers hold parts of it.",
    details:
      "What a server holds counts as used. One that is lost uses nothing of it any more: start it on its data folder, or top the quota up by what it holds. To reset the quota would forgive what others have used, too.",
    argument: limited.argument,
    options: limited.options,
    examples: [["quotas show ada@acme.example --tenant acme", "what all keys of a user may use together"]],
    async run({ client, print }, { tenant }, target) {
      const id = await limitedIdOf(client(), tenant, target);
      const limits = found(await client().limits.get(id), "key, user or tenant", id);
      const quota = found(limits.quota, "quota of", id);
      if (print.isJson || print.isQuiet) return print.thing(quota);
      print.thing(withoutLeases(quota));
      if (quota.leases.length > 0) print.table(quota.leases, leaseColumns);
      tellLost(print, quota);
    },
  }),
  command({
    path: "quotas set",
    summary: "Give a key, user or tenant a quota, or change it; what is used in the present period stays used.",
    details: "What is left out stays as it is. The defaults are those of a new quota.",
    argument: limited.argument,
    options: {
      limit: required(whole("number", "How much may be used in each period.", 0, maxLimit)),
      refill: choice(quotaRefills, "When it is whole again. Default: never by itself."),
      anchor: time("Where periods begin. Default: with the hour, the day, Monday, the month or the year."),
      timeZone: text("name", "By whose clock and calendar, such as Europe/Berlin. Default: UTC."),
      ...reason,
      ...limited.options,
    },
    examples: [
      ["quotas set usr_… --limit 100000 --refill monthly --time-zone Europe/Berlin", "so much in each month"],
      ["quotas set key_… --limit 500", "a total"],
      ["quotas set ada@acme.example --tenant acme --limit 500", "a user by the e-mail address"],
    ],
    async run({ client, print }, { limit, refill, anchor, timeZone, reason: why, tenant }, target) {
      const id = await limitedIdOf(client(), tenant, target);
      const set = await client().limits.setQuota({ targetId: id, limit, refill, anchor, timeZone, reason: why });
      const quota = found(unwrap(set).quota, "quota of", id);
      print.thing(print.isJson ? quota : withoutLeases(quota));
    },
  }),
  command({
    path: "quotas top-up",
    summary: "Add to a quota: for the present period, or for good where it is never refilled.",
    argument: limited.argument,
    options: {
      amount: required(whole("number", "How much to add.", 1, maxLimit)),
      attempt: text("name", "A name for this attempt: repeated by it within a day, nothing is added again."),
      ...reason,
      ...limited.options,
    },
    examples: [
      ["quotas top-up usr_… --amount 5000 --reason 'order 4711'", "5000 more"],
      ["quotas top-up usr_… --amount 5000 --attempt order-4711", "once, however often it is repeated"],
    ],
    async run({ client, print }, { amount, attempt, reason: why, tenant }, target) {
      const id = await limitedIdOf(client(), tenant, target);
      const input = { targetId: id, amount, reason: why, idempotencyKey: attempt };
      tell(print, found(unwrap(await client().limits.topUpQuota(input)).quota, "quota of", id));
    },
  }),
  command({
    path: "quotas reset",
    summary: "Make a quota whole again before its time.",
    details:
      "What other servers hold and have not used counts as used until they hear of it, which is at once; what they have used in the last 30 seconds may stay counted. What lost servers hold is dropped.",
    argument: limited.argument,
    options: { ...reason, ...limited.options },
    examples: [["quotas reset usr_… --reason 'our mistake'", "as if nothing was used in this period"]],
    async run({ client, print }, { reason: why, tenant }, target) {
      const id = await limitedIdOf(client(), tenant, target);
      tell(print, found(unwrap(await client().limits.resetQuota({ targetId: id, reason: why })).quota, "quota of", id));
    },
  }),
  command({
    path: "quotas remove",
    summary: "Take a quota away: nothing is counted any more.",
    argument: limited.argument,
    options: { ...reason, ...yes, ...limited.options },
    examples: [["quotas remove usr_… --yes", "without asking"]],
    async run(context, { reason: why, yes: isAgreed, tenant }, target) {
      const id = await limitedIdOf(context.client(), tenant, target);
      await agreed(context, isAgreed, `Take the quota of ${target} away, and let its keys use as much as they like?`);
      const { targetId } = unwrap(await context.client().limits.removeQuota({ targetId: id, reason: why }));
      context.print.changed({ id: targetId }, `${targetId} has no quota any more.`);
    },
  }),
  command({
    path: "quotas history",
    summary:
      "List what has happened to a quota, newest first: what was set, added, reset and removed, and what each period used.",
    details: "Also where there is none any more.",
    argument: limited.argument,
    options: { ...listing, ...limited.options },
    examples: [["quotas history usr_… --limit 12", "the last twelve entries"]],
    async run({ client, print }, { tenant, ...part }, target) {
      const { limits } = client();
      const id = await limitedIdOf(client(), tenant, target);
      await print.list(
        (pageSize) => limits.history(id, { pageSize }),
        part,
        columns,
        ({ id: entryId }) => entryId,
      );
    },
  }),
];

/** Warns of what counts as used although nobody uses it any more. */
export function tellLost(print: Printer, { leases, targetId }: Quota): void {
  const amount = leases.reduce((sum, lease) => sum + (lease.isLost ? lease.amount : 0), 0);
  if (amount === 0) return;
  print.note(
    `Lost servers hold ${shown(amount)} of it, which counts as used: start them on their data folders, or run keyplane quotas top-up ${targetId} --amount ${amount}.`,
  );
}

/** For people, who are shown them as a table where they asked for them. */
function withoutLeases(quota: Quota): { readonly id: string } {
  return { ...quota, leases: undefined } as { readonly id: string };
}

function tell(print: Printer, quota: Quota): void {
  const { targetId, limit, toppedUp, used } = quota;
  print.changed(quota, `${targetId} has used ${shown(used)} of ${shown(limit + toppedUp)}.`);
}
