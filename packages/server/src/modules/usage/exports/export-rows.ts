import type { AttemptGroup, UsageGroup } from "../reports/questions.js";
import { type EventDocument, idOfEvent } from "../storage/documents.js";
import type { AttemptsReport } from "../usage.service.js";

/** A row of an export, as one object: its fields are columns of CSV, and lines of NDJSON. */
export type ExportRow = Readonly<Record<string, unknown>>;

/** What an export has: its columns are known before its rows, and are told also where there are none. */
export interface ExportTable {
  readonly columns: readonly string[];
  readonly rows: AsyncGenerator<ExportRow[]>;
}

/** How many rows are made at a time, so that other work gets its turn in between. */
const rowsAtOnce = 2_000;

/** Rows in pages, so that other work gets its turn in between. */
export function* inPages(rows: Iterable<ExportRow>): Generator<ExportRow[]> {
  let page: ExportRow[] = [];
  for (const row of rows) {
    page.push(row);
    if (page.length < rowsAtOnce) continue;
    yield page;
    page = [];
  }
  yield page;
}

/** Only what the report is grouped by; null where the calls have no such value. */
export function groupValues(group: UsageGroup | AttemptGroup): ExportRow {
  return Object.fromEntries(
    Object.entries(group).flatMap(([field, value]) => (value === undefined ? [] : [[groupColumn(field), value]])),
  );
}

/** The column of a field of a group: a key's start is told apart from that of a bucket. */
export const groupColumn = (field: string): string => (field === "start" ? "keyStart" : field);

/** A row for each series: how often, since when, and how widely. */
export function attemptTable(report: AttemptsReport, groupColumns: readonly string[]): ExportTable {
  return { columns: [...groupColumns, "count", "firstAt", "lastAt", "keys", "addresses"], rows: attemptRows(report) };
}

async function* attemptRows({ series }: AttemptsReport): AsyncGenerator<ExportRow[]> {
  yield series.map(({ group, count, firstAt, lastAt, keys, addresses }) => {
    return { ...groupValues(group), count, firstAt: new Date(firstAt), lastAt: new Date(lastAt), keys, addresses };
  });
}

/** A row for each bucket and series, empty ones too. */
export function attemptTableByTime(report: AttemptsReport, groupColumns: readonly string[]): ExportTable {
  return { columns: ["start", ...groupColumns, "count"], rows: attemptRowsByTime(report) };
}

async function* attemptRowsByTime({ starts, series }: AttemptsReport): AsyncGenerator<ExportRow[]> {
  const rows = function* (): Generator<ExportRow> {
    for (const [bucket, start] of starts.entries()) {
      for (const { group, counts } of series)
        yield { start: new Date(start), ...groupValues(group), count: counts[bucket] ?? 0 };
    }
  };
  yield* inPages(rows());
}

const eventColumns = [
  "at",
  "id",
  "tenantId",
  "keyId",
  "userId",
  "code",
  "api",
  "cost",
  "tags",
  "meters",
  "latencyMs",
  "ip",
  "userAgent",
  "start",
  "source",
] as const;

/** A row for each call, newest first. */
export function eventTable(pages: AsyncIterable<readonly EventDocument[]>): ExportTable {
  return { columns: eventColumns, rows: eventRows(pages) };
}

async function* eventRows(pages: AsyncIterable<readonly EventDocument[]>): AsyncGenerator<ExportRow[]> {
  for await (const page of pages) yield page.map(eventRow);
}

function eventRow(event: EventDocument): Record<(typeof eventColumns)[number], unknown> {
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
