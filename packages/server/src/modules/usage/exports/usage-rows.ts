import type { VerdictCode } from "@keyplane/schema";
import type { Columns, Metrics, Series, UsageGroup } from "../reports/questions.js";
import type { SlicedReport } from "../reports/slices.js";
import { isSame, noUsage } from "../reports/window-before.js";
import { metricsAt } from "../usage-metrics.js";
import { type ExportRow, type ExportTable, groupValues, inPages } from "./export-rows.js";

/** What a person calls a key. */
export interface KeyNames {
  readonly name: string;
  readonly start: string;
}

/** A row for each bucket and series, empty ones too: by time, and within that in the order of the series. */
export function usageTable(
  report: SlicedReport,
  groupColumns: readonly string[],
  names: ReadonlyMap<string, KeyNames> | null,
): ExportTable {
  const { whole, before } = report;
  const occurrences: Occurrences = {
    codes: occurring(whole.series.map(({ totals }) => Object.keys(totals.byCode))) as VerdictCode[],
    meters: occurring(whole.series.map(({ totals }) => Object.keys(totals.meters))),
  };
  const columns = [
    "start",
    ...groupColumns,
    ...(names && groupColumns.includes("keyId") ? ["keyName", "keyStart"] : []),
    ...Object.keys(numberColumns(noUsage, occurrences)),
    ...(before ? Object.keys(previousColumns(noUsage)) : []),
  ];
  return { columns, rows: usageRows(report, occurrences, names) };
}

async function* usageRows(
  { whole, before, slices }: SlicedReport,
  occurrences: Occurrences,
  names: ReadonlyMap<string, KeyNames> | null,
): AsyncGenerator<ExportRow[]> {
  const groups = whole.series.map(({ group }) => ({
    name: JSON.stringify(group),
    columns: { ...groupValues(group), ...namesOf(group, names) },
    before: before && previousColumns(before.series.find((series) => isSame(series.group, group))?.totals ?? noUsage),
  }));
  try {
    for await (const slice of slices) {
      const byGroup = new Map(slice.series.map((series: Series) => [JSON.stringify(series.group), series.columns]));
      const rows = function* (): Generator<ExportRow> {
        for (const [bucket, start] of slice.starts.entries()) {
          for (const group of groups) {
            const numbers = metricsIn(byGroup.get(group.name), bucket);
            yield { start: new Date(start), ...group.columns, ...numberColumns(numbers, occurrences), ...group.before };
          }
        }
      };
      yield* inPages(rows());
    }
  } finally {
    await slices.return(undefined);
  }
}

/** What of an open set occurs anywhere in a report: each has a column. */
interface Occurrences {
  readonly codes: readonly VerdictCode[];
  readonly meters: readonly string[];
}

/** A group that a slice does not have, has no calls in it. */
function metricsIn(columns: Columns | null | undefined, bucket: number): Metrics {
  return columns ? metricsAt(columns, bucket) : noUsage;
}

function numberColumns(
  { count, valid, cost, byCode, meters, latencyMs }: Metrics,
  { codes, meters: meterNames }: Occurrences,
): ExportRow {
  return {
    count,
    valid,
    refused: count - valid,
    cost,
    ...Object.fromEntries(codes.map((code) => [`code_${code}`, byCode[code] ?? 0])),
    ...Object.fromEntries(meterNames.map((name) => [`meter_${name}`, meters[name] ?? 0])),
    latencyMs_p50: latencyMs?.p50 ?? null,
    latencyMs_p90: latencyMs?.p90 ?? null,
    latencyMs_p95: latencyMs?.p95 ?? null,
    latencyMs_p99: latencyMs?.p99 ?? null,
  };
}

function previousColumns({ count, valid, cost }: Metrics): ExportRow {
  return { previousCount: count, previousValid: valid, previousCost: cost };
}

/** What a person calls the key of a group; null for one that the caller may not see, and for no key. */
function namesOf({ keyId }: UsageGroup, names: ReadonlyMap<string, KeyNames> | null): ExportRow {
  if (keyId === undefined || names === null) return {};
  const key = keyId === null ? undefined : names.get(keyId);
  return { keyName: key?.name ?? null, keyStart: key?.start ?? null };
}

const occurring = (names: readonly (readonly string[])[]): string[] => [...new Set(names.flat())].sort();
