import { verdictCodes } from "@keyplane/schema";
import type {
  UsageBucket,
  UsageDimension,
  UsageFilter,
  UsageOrder,
  VerdictCode,
} from "../../_generated/schema-types.js";
import type { UsageGroup, UsageReport } from "../../entities.js";
import { type Context, command, type Given } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { choice, choices, duration, flag, list, required, text, time, whole } from "../options.js";
import type { Column } from "../output/table.js";
import { shown } from "../output/text.js";
import { requiredTenantId, tenantIdOf, whose } from "./find.js";

const dimensions = ["KEY", "USER", "API", "CODE", "TAG"] as const satisfies readonly UsageDimension[];
const buckets = ["TOTAL", "MINUTE", "HOUR", "DAY", "MONTH"] as const satisfies readonly UsageBucket[];
const orders = [
  "COUNT_DESC",
  "COUNT_ASC",
  "COST_DESC",
  "REFUSED_DESC",
  "GROUP_ASC",
] as const satisfies readonly UsageOrder[];
const codes = Object.keys(verdictCodes) as VerdictCode[];

const window = {
  last: duration("The time up to now. Default: 24h."),
  from: time("Since when, instead of --last."),
  to: time("Until when. Default: now."),
};
const asked = {
  ...whose,
  ...window,
  by: choices("dimension", dimensions, "A line for each of these."),
  bucket: choice(buckets, "Cut the time into these. Default: total, not at all."),
  timeZone: text("zone", "In which days begin, such as Europe/Berlin. Default: UTC."),
  keys: list("id", "Only these keys."),
  users: list("id", "Only these users."),
  apis: list("name", "Only these APIs."),
  codes: choices("code", codes, "Only these outcomes."),
  tags: list("tag", "Only what has one of these tags."),
  refused: flag("Only what was refused."),
  limit: whole("number", "How many lines at most. Default: 100.", 1, 1000),
  order: choice(orders, "What comes first. Default: count-desc."),
};

interface Line {
  readonly start: string;
  readonly group: UsageGroup | null;
  readonly count: number;
  readonly valid: number;
  readonly cost: number;
}

export const usageCommands = [
  command({
    path: "usage query",
    isDefault: true,
    summary: "Count calls over a window of time. The same as: usage",
    options: asked,
    examples: [
      ["usage --tenant acme --last 7d --by key,code", "which key had which outcome how often, in a week"],
      ["usage --last 30d --bucket day --time-zone Europe/Berlin", "calls by day"],
      ["usage --last 24h --by code --refused --json", "why calls were refused, for programs"],
    ],
    async run(context, given) {
      const { client, print } = context;
      const input = await inputOf(context, given);
      const report = await client().usage.query(input);
      if (print.isJson) return print.document(report);
      print.table(linesOf(report, input.bucket !== "TOTAL", (given.by?.length ?? 0) > 0), columnsOf(given));
      const { count, valid, refused, cost } = report.totals;
      print.note(
        `${shown(count)} calls, ${shown(valid)} valid, ${shown(refused)} refused, cost ${shown(cost)}; complete until ${shown(report.completeUntil)}.`,
      );
      if (report.totalSeries > report.series.length)
        print.note(`${shown(report.totalSeries)} groups in all: --limit shows more.`);
    },
  }),
  command({
    path: "usage export",
    summary:
      "Write a report, the call log, the refused attempts or the keys with their last use as CSV or lines of JSON, however long.",
    details:
      "The filters and the window hold for every kind but keys, which takes --tenant alone; --by, --bucket, --order and --limit for reports.",
    options: {
      ...asked,
      kind: required(choice(["USAGE", "EVENTS", "INVALID_ATTEMPTS", "KEYS"], "What.")),
      format: choice(["CSV", "NDJSON"], "How. Default: csv."),
    },
    examples: [
      ["usage export --kind events --last 7d --tenant acme > calls.csv", "the call log of a week"],
      [
        "usage export --kind invalid-attempts --last 30d --format ndjson > refused.ndjson",
        "where invalid keys come from",
      ],
    ],
    async run(context, given) {
      const { client, print, signal } = context;
      const format = given.format === "NDJSON" ? "ndjson" : "csv";
      if (given.kind === "KEYS") {
        refuseForKeys(given);
        const tenantId = await tenantIdOf(client(), given.tenant);
        for await (const piece of client().usage.export({ kind: "keys", format, tenantId }, { signal })) {
          await print.piece(piece);
        }
        return;
      }
      const input = await inputOf(context, given);
      const { tenantId, from, to, filter } = input;
      const what =
        given.kind === "USAGE"
          ? ({ kind: "usage", format, ...input } as const)
          : given.kind === "EVENTS"
            ? ({ kind: "events", format, tenantId, filter: { ...filter, from, to } } as const)
            : ({ kind: "invalid-attempts", format, tenantId, from, to, filter: attempts(filter) } as const);
      for await (const piece of client().usage.export(what, { signal })) await print.piece(piece);
    },
  }),
];

type Asked = Given<typeof asked>;

async function inputOf({ client, now }: Context, given: Asked) {
  const { last, from, to, tenant, by, bucket = "TOTAL", timeZone, limit, order } = given;
  if (last !== undefined && from !== undefined) throw new UsageError("Say --last or --from, not both.");
  const end = to === undefined ? now() : Date.parse(to);
  const filter: UsageFilter = {
    keyIds: given.keys,
    userIds: given.users,
    apis: given.apis,
    codes: given.codes,
    tags: given.tags,
    valid: given.refused ? false : undefined,
  };
  return {
    tenantId: await requiredTenantId(client(), tenant),
    from: from ?? new Date(end - (last ?? 86_400_000)).toISOString(),
    to: new Date(end).toISOString(),
    bucket,
    groupBy: by,
    timeZone,
    limit,
    orderBy: order,
    filter,
  };
}

/** What narrows calls narrows no keys, and must not look as if it had. @throws UsageError */
function refuseForKeys({ tenant: _tenant, refused, ...narrowing }: Asked): void {
  const { kind: _kind, format: _format, ...rest } = narrowing as Record<string, unknown>;
  if (!refused && Object.values(rest).every((value) => value === undefined)) return;
  throw new UsageError("--kind keys takes --tenant and --format alone: it lists keys, not calls.");
}

/** Refused attempts are all refused, so they cannot be asked for that. */
function attempts({ valid: _valid, ...filter }: UsageFilter): Omit<UsageFilter, "valid"> {
  return filter;
}

function linesOf(report: UsageReport, hasBuckets: boolean, hasGroups: boolean): Line[] {
  const series = hasGroups ? report.series : report.series.slice(0, 1);
  return series.flatMap(({ group, totals, counts, validCounts, costs }) => {
    if (!hasBuckets) return [{ start: "", group, count: totals.count, valid: totals.valid, cost: totals.cost }];
    return report.starts.map((start, at) => ({
      start,
      group,
      count: counts[at] ?? 0,
      valid: validCounts[at] ?? 0,
      cost: costs[at] ?? 0,
    }));
  });
}

const groupColumns: Readonly<Record<UsageDimension, Column<Line>>> = {
  KEY: { head: "KEY", of: ({ group }) => group?.keyId, isWhole: true },
  USER: { head: "USER", of: ({ group }) => group?.userId, isWhole: true },
  API: { head: "API", of: ({ group }) => group?.api },
  CODE: { head: "CODE", of: ({ group }) => group?.code, isWhole: true },
  TAG: { head: "TAG", of: ({ group }) => group?.tag },
};

function columnsOf({ by = [], bucket = "TOTAL" }: Asked): Column<Line>[] {
  return [
    ...(bucket === "TOTAL" ? [] : [{ head: "FROM", of: ({ start }: Line) => start, isWhole: true }]),
    ...by.map((dimension) => groupColumns[dimension]),
    { head: "CALLS", of: ({ count }) => count, isNumber: true },
    { head: "VALID", of: ({ valid }) => valid, isNumber: true },
    { head: "REFUSED", of: ({ count, valid }) => count - valid, isNumber: true },
    { head: "COST", of: ({ cost }) => cost, isNumber: true },
  ];
}
