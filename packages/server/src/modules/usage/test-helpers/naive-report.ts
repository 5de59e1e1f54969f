import type { VerdictCode } from "@keyplane/schema";
import { bucketBounds } from "../reports/calendar.js";
import { byValues } from "../reports/group-order.js";
import type { Metrics, Percentiles, UsageFilter, UsageGroup, UsageOrder, UsageQuestion } from "../reports/questions.js";
import { latencyIndex, latencyOf } from "../storage/latency-histogram.js";
import type { UsageEvent } from "../usage-event.js";

/** An answer in plain lists: what `report` must come to, for tests. */
export interface NaiveAnswer {
  readonly series: readonly { group: UsageGroup; totals: Metrics; buckets: readonly Metrics[] | null }[];
  readonly totalSeries: number;
  readonly totals: Metrics;
}

/** Counts events one by one, as slowly and as plainly as possible: what the tests hold `report` against. */
export function naiveReport(all: readonly UsageEvent[], question: UsageQuestion): NaiveAnswer {
  const { tenantId, from, to, bucket, timeZone, groupBy, filter, wants } = question;
  const bounds = [...bucketBounds({ from, to }, bucket, timeZone, 10_000)];
  const events = all.filter((event) => {
    return event.tenantId === tenantId && event.at >= from && event.at < to && matches(event, filter);
  });
  const groups = new Map<string, { values: (string | null)[]; events: UsageEvent[] }>();
  const groupOf = (values: (string | null)[]) => {
    const name = JSON.stringify(values);
    const group = groups.get(name) ?? { values, events: [] };
    groups.set(name, group);
    return group;
  };
  for (const values of expected(question)) groupOf(values);
  for (const event of events) for (const values of valuesOf(event, question)) groupOf(values).events.push(event);
  const series = [...groups.values()]
    .map((group) => ({ ...group, totals: metricsOf(group.events, wants) }))
    .sort((a, b) => inOrder(question.orderBy, a.totals, b.totals) || byValues(a, b));
  return {
    totalSeries: series.length,
    totals: metricsOf(events, wants),
    series: series.slice(0, question.limit).map((one) => ({
      group: Object.fromEntries(groupBy.map((name, index) => [fields[name], one.values[index]])),
      totals: one.totals,
      buckets: wants.points
        ? bounds.slice(0, -1).map((start, index) => {
            const end = bounds[index + 1] as number;
            return metricsOf(
              one.events.filter(({ at }) => at >= start && at < end),
              wants,
            );
          })
        : null,
    })),
  };
}

const fields = { KEY: "keyId", USER: "userId", API: "api", CODE: "code", TAG: "tag" } as const;

function matches(event: UsageEvent, { keyIds, userIds, apis, codes, tags, valid }: UsageFilter): boolean {
  const among = (list: readonly string[] | undefined, value: string | undefined) => {
    return list === undefined || (value !== undefined && list.includes(value));
  };
  return (
    among(keyIds, event.keyId) &&
    among(userIds, event.userId) &&
    among(apis, event.api) &&
    among(codes, event.code) &&
    (tags === undefined || tags.some((tag) => event.tags?.includes(tag))) &&
    (valid === undefined || (event.code === "VALID") === valid)
  );
}

/** The series that are there even without events. */
function expected({ groupBy, filter }: UsageQuestion): string[][] {
  if (groupBy.length === 0) return [[]];
  if (groupBy.length > 1) return [];
  const lists = { KEY: filter.keyIds, USER: filter.userIds, API: filter.apis, CODE: filter.codes, TAG: undefined };
  return (lists[groupBy[0] as keyof typeof lists] ?? []).map((value) => [value]);
}

function valuesOf(event: UsageEvent, { groupBy }: UsageQuestion): (string | null)[][] {
  const tags = groupBy.includes("TAG") && event.tags?.length ? event.tags : [null];
  return tags.map((tag) => groupBy.map((name) => (name === "TAG" ? tag : (event[fields[name] as "api"] ?? null))));
}

function inOrder(order: UsageOrder, a: Metrics, b: Metrics): number {
  switch (order) {
    case "COUNT_DESC":
      return b.count - a.count;
    case "COUNT_ASC":
      return a.count - b.count;
    case "REFUSED_DESC":
      return b.count - b.valid - (a.count - a.valid);
    case "COST_DESC":
      return b.cost - a.cost;
    case "GROUP_ASC":
      return 0;
  }
}

function metricsOf(events: readonly UsageEvent[], wants: UsageQuestion["wants"]): Metrics {
  const byCode: Partial<Record<VerdictCode, number>> = {};
  const meters: Record<string, number> = {};
  for (const { code, meters: own } of events) {
    byCode[code] = (byCode[code] ?? 0) + 1;
    if (!wants.meters) continue;
    for (const [name, value] of Object.entries(own ?? {})) if (value) meters[name] = (meters[name] ?? 0) + value;
  }
  return {
    count: events.length,
    valid: byCode.VALID ?? 0,
    cost: events.reduce((sum, { cost }) => sum + cost, 0),
    byCode,
    meters,
    latencyMs: wants.latency ? percentiles(events) : null,
  };
}

/** The exact percentile by nearest rank, and then what stands for it in the histogram. */
function percentiles(events: readonly UsageEvent[]): Percentiles | null {
  const sorted = events.flatMap(({ latencyMs }) => latencyMs ?? []).sort((a, b) => a - b);
  const at = (percent: number) => {
    return latencyOf(latencyIndex(sorted[Math.ceil((percent * sorted.length) / 100) - 1] as number));
  };
  return sorted.length === 0 ? null : { p50: at(50), p90: at(90), p95: at(95), p99: at(99), count: sorted.length };
}
