import type { UsageGroup } from "../reports/questions.js";
import { type EventDocument, idOfEvent } from "../storage/documents.js";
import type { AttemptsReport } from "../usage.service.js";

/** A row of an export, as one object: its fields are columns of CSV, and lines of NDJSON. */
export type ExportRow = Readonly<Record<string, unknown>>;

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
export function groupColumns(group: UsageGroup): ExportRow {
  return Object.fromEntries(Object.entries(group).filter(([, value]) => value !== undefined));
}

/** A row for each series: how often, since when, and how widely. */
export async function* attemptRows({ series }: AttemptsReport): AsyncGenerator<ExportRow[]> {
  yield series.map(({ group, count, firstAt, lastAt, keys, addresses }) => {
    return { ...groupColumns(group), count, firstAt: new Date(firstAt), lastAt: new Date(lastAt), keys, addresses };
  });
}

/** A row for each bucket and series, empty ones too. */
export async function* attemptsByTime({ starts, series }: AttemptsReport): AsyncGenerator<ExportRow[]> {
  const rows = function* (): Generator<ExportRow> {
    for (const [bucket, start] of starts.entries()) {
      for (const { group, counts } of series)
        yield { start: new Date(start), ...groupColumns(group), count: counts[bucket] ?? 0 };
    }
  };
  yield* inPages(rows());
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
