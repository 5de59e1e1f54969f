import type { AttemptSeries, Series, UsageGroup } from "../reports/questions.js";
import { type EventDocument, idOfEvent } from "../storage/documents.js";
import type { AttemptsReport, UsageReport } from "../usage.service.js";
import { metricsAt } from "../usage-metrics.js";

/** A row of an export, as one object: its fields are columns of CSV, and lines of NDJSON. */
export type ExportRow = Readonly<Record<string, unknown>>;

/** How many rows are made at a time, so that other work gets its turn in between. */
const rowsAtOnce = 2_000;

/** A row for each series and bucket, empty ones too. */
export async function* usageRows(report: UsageReport): AsyncGenerator<ExportRow[]> {
  const meters = [...new Set(report.series.flatMap(({ totals }) => Object.keys(totals.meters)))].sort();
  let rows: ExportRow[] = [];
  for (const series of report.series) {
    for (let bucket = 0; bucket < report.starts.length; bucket++) {
      rows.push(usageRow(series, report.starts[bucket] ?? 0, bucket, meters));
      if (rows.length < rowsAtOnce) continue;
      yield rows;
      rows = [];
    }
  }
  yield rows;
}

function usageRow({ group, columns }: Series, start: number, bucket: number, meters: readonly string[]): ExportRow {
  if (!columns) throw new Error("an export needs the columns of its report");
  const metrics = metricsAt(columns, bucket);
  return {
    start: new Date(start),
    ...groupColumns(group),
    count: metrics.count,
    valid: metrics.valid,
    refused: metrics.count - metrics.valid,
    cost: metrics.cost,
    ...Object.fromEntries(meters.map((name) => [`meter_${name}`, metrics.meters[name] ?? 0])),
  };
}

/** Only what the report is grouped by; null where the calls have no such value. */
function groupColumns(group: UsageGroup): ExportRow {
  return Object.fromEntries(Object.entries(group).filter(([, value]) => value !== undefined));
}

/** A row for each series: how often, since when, and how widely. */
export async function* attemptRows(report: AttemptsReport): AsyncGenerator<ExportRow[]> {
  yield report.series.map(attemptRow);
}

function attemptRow({ group, count, firstAt, lastAt, keys, addresses }: AttemptSeries): ExportRow {
  return { ...groupColumns(group), count, firstAt: new Date(firstAt), lastAt: new Date(lastAt), keys, addresses };
}

/** A row for each call, newest first. */
export async function* eventRows(pages: AsyncIterable<readonly EventDocument[]>): AsyncGenerator<ExportRow[]> {
  for await (const page of pages) yield page.map(eventRow);
}

function eventRow(event: EventDocument): ExportRow {
  return {
    at: event.at,
    id: idOfEvent(event),
    tenantId: event.tenantId ?? null,
    keyId: event.keyId ?? null,
    userId: event.userId ?? null,
    code: event.code,
    api: event.api ?? null,
    cost: event.cost,
    tags: event.tags ?? [],
    meters: event.meters ?? {},
    latencyMs: event.latencyMs ?? null,
    ip: event.ip ?? null,
    userAgent: event.userAgent ?? null,
    start: event.start ?? null,
    source: event.source,
  };
}
