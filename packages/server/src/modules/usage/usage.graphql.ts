import { builder } from "../../graphql/builder.js";
import { enumOf, VerdictCodeEnum } from "../../graphql/enums.js";
import { requiredInput } from "../../graphql/mutation.js";
import { selects } from "../../graphql/selection.js";
import { BadUserInputError } from "../../platform/errors.js";
import { UserType } from "../users/users.graphql.js";
import { budgetOf, countLeaves } from "./answer-budget.graphql.js";
import {
  type Columns,
  type Series,
  type UsageGroup,
  usageBuckets,
  usageDimensions,
  usageOrders,
} from "./reports/questions.js";
import type { UsageReport } from "./usage.service.js";
import { UsageMetricsType } from "./usage-metrics.graphql.js";
import { metricsAt } from "./usage-metrics.js";

/** How many points an answer may hold as objects; `values` answers with more. */
export const maxPoints = 50_000;

export const UsageBucketEnum = enumOf("UsageBucket", "How wide the buckets of time are.", usageBuckets);
const UsageDimensionEnum = enumOf("UsageDimension", "What a report can be grouped by.", usageDimensions);
const UsageOrderEnum = enumOf("UsageOrder", "In which order the series of a report come.", usageOrders);
const UsageMetricEnum = enumOf("UsageMetric", "One quantity of a report.", {
  COUNT: { description: "All calls." },
  VALID: { description: "Those that were accepted." },
  REFUSED: { description: "Those that were refused." },
  COST: { description: "What the accepted calls cost." },
});

export const UsageGroupType = builder.objectRef<UsageGroup>("UsageGroup").implement({
  description: "What the calls of a series have in common. Only what the report is grouped by is set.",
  fields: (t) => ({
    keyId: t.id({ nullable: true, description: "The key's id.", resolve: ({ keyId }) => keyId }),
    userId: t.id({
      nullable: true,
      description: "The id of the user who owned the key when it was used.",
      resolve: ({ userId }) => userId,
    }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: "That user.",
      access: { permission: "users:read" },
      resolve: ({ userId }, _, { loaders }) => (userId ? loaders.users.load(userId) : null),
    }),
    api: t.string({ nullable: true, description: "The API, as the verifier names it.", resolve: ({ api }) => api }),
    code: t.field({
      type: VerdictCodeEnum,
      nullable: true,
      description: "The outcome.",
      resolve: ({ code }) => code,
    }),
    tag: t.string({ nullable: true, description: "The tag; null: calls without one.", resolve: ({ tag }) => tag }),
  }),
});

interface Point {
  readonly columns: Columns;
  readonly start: number;
  readonly bucket: number;
}

const UsagePointType = builder.objectRef<Point>("UsagePoint").implement({
  description: "The calls of one bucket of time.",
  fields: (t) => ({
    start: t.field({
      type: "DateTime",
      description: "When the bucket begins; the first begins with the window.",
      resolve: ({ start }) => new Date(start),
    }),
    metrics: t.field({
      type: UsageMetricsType,
      description: "What its calls add up to; zeros where there were none.",
      resolve: ({ columns, bucket }) => metricsAt(columns, bucket),
    }),
  }),
});

/** How many bare numbers a point is worth, by the work that it makes. */
const pointWeight = 5;

interface SeriesOfReport extends Series {
  readonly report: UsageReport;
}

const valuesOf = {
  COUNT: ({ count }: Columns) => count,
  VALID: ({ valid }: Columns) => valid,
  REFUSED: ({ count, valid }: Columns) => count.map((all, bucket) => all - (valid[bucket] ?? 0)),
  COST: ({ cost }: Columns) => cost,
};

const UsageSeriesType = builder.objectRef<SeriesOfReport>("UsageSeries").implement({
  description: "The calls that have a group's values in common, over time.",
  fields: (t) => ({
    group: t.field({
      type: UsageGroupType,
      description: "What they have in common.",
      resolve: ({ group }) => group,
    }),
    totals: t.field({
      type: UsageMetricsType,
      description: "What they add up to over the whole window.",
      resolve: ({ totals }) => totals,
    }),
    points: t.field({
      type: [UsagePointType],
      description: `A point for each bucket, empty ones too. At most ${maxPoints} points in one answer; \`values\` answers with more.`,
      resolve: ({ columns, report }, _, context) => {
        if (!columns) return [];
        if (report.series.length * report.starts.length > maxPoints) throw tooManyPoints(report);
        const points = () => Array.from(report.starts, (start, bucket) => ({ columns, start, bucket }));
        const turn = budgetOf(context).pace(report.starts.length * pointWeight);
        return turn ? turn.then(points) : points();
      },
    }),
    values: t.floatList({
      description:
        "One quantity by bucket, as bare numbers in the order of the report's `starts`: for many series at once.",
      args: {
        metric: t.arg({ type: UsageMetricEnum, defaultValue: "COUNT", description: "Which quantity." }),
        meter: t.arg.string({ description: "A quantity of the calls' own instead, by name: `tokens`." }),
      },
      resolve: ({ columns, report }, { metric, meter }, context) => {
        if (!columns) return [];
        const values = () => {
          const column = meter == null ? valuesOf[metric ?? "COUNT"](columns) : columns.meters[meter];
          return Array.from(column ?? new Float64Array(report.starts.length));
        };
        const turn = budgetOf(context).pace(report.starts.length);
        return turn ? turn.then(values) : values();
      },
    }),
    previousTotals: t.field({
      type: UsageMetricsType,
      nullable: true,
      description:
        "The totals of the same group in the window just before; null where no longer kept, or of too many groups to know.",
      resolve: ({ report, group }) => report.previousTotalsOf(group),
    }),
  }),
});

function tooManyPoints({ series, starts }: UsageReport): BadUserInputError {
  return new BadUserInputError(
    `points: ${series.length} series of ${starts.length} buckets are more than ${maxPoints} points. Ask for \`values\` instead, for wider buckets, or for fewer series with limit or filter.`,
  );
}

const UsageReportType = builder.objectRef<UsageReport>("UsageReport").implement({
  description: "An answer to a question about usage.",
  fields: (t) => ({
    starts: t.field({
      type: ["DateTime"],
      description: "When each bucket begins; the first begins with the window.",
      resolve: ({ starts }) => Array.from(starts, (start) => new Date(start)),
    }),
    series: t.field({
      type: [UsageSeriesType],
      description: "A series for each group, at most `limit`; without `groupBy` there is one.",
      resolve: (report) => report.series.map((series) => ({ ...series, report })),
    }),
    totalSeries: t.exposeInt("totalSeries", { description: "How many series there are, beyond `limit` too." }),
    totals: t.field({
      type: UsageMetricsType,
      description: "Of all series, each call once.",
      resolve: ({ totals }) => totals,
    }),
    previousTotals: t.field({
      type: UsageMetricsType,
      nullable: true,
      description: "The totals of the window just before, of the same length; null where it is no longer kept.",
      resolve: (report) => report.previousTotals(),
    }),
    completeUntil: t.expose("completeUntil", {
      type: "DateTime",
      description:
        "Everything that servers took before this is counted. Reports of applications may arrive up to 24 hours late.",
    }),
  }),
});

const UsageFilterInput = builder.inputType("UsageFilter", {
  description: "Which calls count; what is left out does not matter, and all that is given must hold.",
  fields: (t) => ({
    keyIds: t.idList({ description: "Those with one of these keys, at most 1000." }),
    userIds: t.idList({ description: "Those whose key one of these users owned." }),
    apis: t.stringList({ description: "Those of one of these APIs." }),
    codes: t.field({ type: [VerdictCodeEnum], description: "Those with one of these outcomes." }),
    tags: t.stringList({ description: "Those that carry at least one of these tags." }),
    valid: t.boolean({ description: "true: only accepted calls; false: only refused ones." }),
  }),
});

const UsageInput = builder.inputType("UsageInput", {
  description: "A question about usage.",
  fields: (t) => ({
    tenantId: t.id({ required: true, description: "Whose usage." }),
    from: t.field({ type: "DateTime", required: true, description: "From when on, this instant included." }),
    to: t.field({ type: "DateTime", required: true, description: "Until when, this instant not included." }),
    bucket: t.field({ type: UsageBucketEnum, defaultValue: "HOUR", description: "How wide the buckets are." }),
    timeZone: t.string({
      defaultValue: "UTC",
      description: "The IANA time zone whose hours, days and months are meant, e.g. Europe/Berlin.",
    }),
    groupBy: t.field({ type: [UsageDimensionEnum], defaultValue: [], description: "What makes a series." }),
    filter: t.field({ type: UsageFilterInput, description: "Which calls." }),
    limit: t.int({ defaultValue: 100, description: "How many series at most, 1 to 1000." }),
    orderBy: t.field({ type: UsageOrderEnum, defaultValue: "COUNT_DESC", description: "Which series come first." }),
  }),
});

builder.queryField("usage", (t) =>
  t.field({
    description:
      "Counts calls: by bucket of time in any time zone, grouped by key, user, API, outcome, tag or several of them, for many keys at once.",
    type: UsageReportType,
    access: { permission: "usage:read" },
    complexity: 10,
    args: { input: t.arg({ type: UsageInput, ...requiredInput }) },
    resolve: (_, { input }, context, info) => {
      const wants = {
        points: selects(info, ["series", "points"]) || selects(info, ["series", "values"]),
        latency: reported.some((path) => selects(info, [...path.split("."), "latencyMs"])),
        meters: true,
      };
      const { principal, services, signal } = context;
      return budgetOf(context).report(
        wants.points,
        () => services.usage.report(principal, input, wants, signal),
        ({ series, starts }) => countLeaves(info, lengthsOf(series.length, starts.length)),
      );
    },
  }),
);

/** Where a report tells metrics. */
const reported = ["totals", "previousTotals", "series.totals", "series.previousTotals", "series.points.metrics"];

/** How long the lists of a report are that are long. */
export function lengthsOf(series: number, buckets: number): Readonly<Record<string, number>> {
  return { series, starts: buckets, values: buckets, points: buckets };
}
