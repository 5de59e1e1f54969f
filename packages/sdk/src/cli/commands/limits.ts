import type { RateLimitInput } from "../../_generated/schema-types.js";
import { unwrap } from "../../client/results.js";
import type { RateLimit } from "../../entities.js";
import { command } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { durationOf, flag, list, typedDuration, yes } from "../options.js";
import type { Printer } from "../output/printer.js";
import type { Column } from "../output/table.js";
import { safe, shown } from "../output/text.js";
import { agreed, found, limited, limitedIdOf } from "./find.js";
import { tellLost } from "./quotas.js";

const columns: readonly Column<RateLimit>[] = [
  { head: "NAME", of: ({ name }) => name, isWhole: true },
  { head: "LIMIT", of: ({ limit }) => shown(limit), isWhole: true },
  { head: "WINDOW", of: ({ windowMs }) => typedDuration(windowMs), isWhole: true },
  { head: "BURST", of: ({ burst }) => shown(burst), isWhole: true },
  { head: "UNIT", of: ({ unit }) => unit, isWhole: true },
  { head: "REMAINING", of: ({ remaining }) => shown(remaining), isWhole: true },
];

export const limitCommands = [
  command({
    path: "limits show",
    summary: "Show the rate limits of a key, user, tenant or API, and its quota, with what is left of them.",
    argument: limited.argument,
    options: limited.options,
    examples: [
      ["limits show key_…", "what calls with this key may use"],
      ["limits show ada@acme.example --tenant acme", "what all keys of a user may use together"],
    ],
    async run({ client, print }, { tenant }, target) {
      const id = await limitedIdOf(client(), tenant, target);
      const limits = found(await client().limits.get(id), "key, user, tenant or API", id);
      if (print.isJson) return print.document(limits);
      tellRateLimits(print, limits.rateLimits);
      if (print.isQuiet || limits.quota === null) return;
      const { limit, toppedUp, used, remaining, refill, resetAt } = limits.quota;
      const total = limit + toppedUp;
      const end = resetAt === null ? "never whole again by itself" : `whole again ${shown(resetAt)}`;
      print.line(`Quota: ${shown(used)} of ${shown(total)} used, ${shown(remaining)} left, ${refill}, ${end}.`);
      tellLost(print, limits.quota);
    },
  }),
  command({
    path: "limits set",
    summary: "Set all rate limits of a key, user, tenant or API, in the place of those of before.",
    details:
      "A limit is written name=limit/window, such as per-minute=100/1m; then, as needed, :burst=20 for how much of it may be used at once, and :cost to count what calls cost. Those of a tenant only the operator sets.",
    argument: limited.argument,
    options: {
      rate: list("name=limit/window", "A rate limit. Several: separated by commas, or by repeating the option."),
      none: flag("Take all rate limits away."),
      ...yes,
      ...limited.options,
    },
    examples: [
      ["limits set key_… --rate per-second=20/1s,per-hour=5000/1h:burst=500", "two limits of one key"],
      ["limits set api_… --rate cost=100000/1d:cost", "what all calls of an API may cost in a day"],
      ["limits set usr_… --none --yes", "no limit any more, without asking"],
    ],
    async run(context, { rate, none, yes: isAgreed, tenant }, target) {
      const { client, print } = context;
      if ((rate === undefined) !== none) throw new UsageError("Give --rate, or --none to take all rate limits away.");
      const rateLimits = (rate ?? []).map(rateLimitOf);
      const id = await limitedIdOf(client(), tenant, target);
      if (none) await agreed(context, isAgreed, `Take all rate limits of ${target} away?`);
      const set = unwrap(await client().limits.setRateLimits({ targetId: id, rateLimits }));
      if (print.isJson) print.document(set);
      else tellRateLimits(print, set.rateLimits);
    },
  }),
];

function tellRateLimits(print: Printer, rateLimits: readonly RateLimit[]): void {
  if (print.isQuiet) for (const { name } of rateLimits) print.line(safe(name));
  else if (rateLimits.length > 0) print.table(rateLimits, columns);
  else print.note("No rate limits.");
}

/** A rate limit as it is typed: `per-hour=5000/1h:burst=500:cost`. @throws UsageError */
export function rateLimitOf(given: string): RateLimitInput {
  const [, name, limit, window, more] = /^([^=]+)=(\d{1,10})\/([^:]+)((?::[^:]+)*)$/.exec(given) ?? [];
  if (name === undefined || window === undefined) throw mistyped(given);
  let burst: number | undefined;
  let unit: "COST" | undefined;
  for (const part of (more ?? "").split(":").slice(1)) {
    const [, number] = /^burst=(\d{1,10})$/.exec(part) ?? [];
    if (number !== undefined) burst = Number(number);
    else if (part === "cost") unit = "COST";
    else throw mistyped(given);
  }
  return { name, limit: Number(limit), windowMs: durationOf(window), burst, unit };
}

/** The text of which {@link rateLimitOf} makes a rate limit. */
export function typedRateLimit({ name, limit, windowMs, burst, unit }: RateLimitInput): string {
  const more = `${burst == null ? "" : `:burst=${burst}`}${unit === "COST" ? ":cost" : ""}`;
  return `${name}=${limit}/${typedDuration(windowMs)}${more}`;
}

function mistyped(given: string): UsageError {
  return new UsageError(
    `${JSON.stringify(given)} is no rate limit. Write name=limit/window, such as per-minute=100/1m, then :burst=20 or :cost as needed.`,
  );
}
