import type { Permission } from "@keyplane/schema";
import { BadUserInputError } from "../../../platform/errors.js";
import type { Principal } from "../../auth/index.js";
import { attemptGroupFields, usageGroupFields } from "../reports/questions.js";
import { usageLimits } from "../usage.input.js";
import type { Usage } from "../usage.service.js";
import { type ExportFormat, exportFormats } from "./export-format.js";
import { exportParameters, readParameters } from "./export-parameters.js";
import {
  attemptTable,
  attemptTableByTime,
  type ExportRow,
  type ExportTable,
  eventTable,
  groupColumn,
} from "./export-rows.js";
import { type KeyNames, usageTable } from "./usage-rows.js";

/** An export that is ready to be sent. */
export interface UsageExport {
  readonly format: ExportFormat;
  readonly fileName: string;
  readonly table: ExportTable;
  /** What its reader must be allowed to do, from beginning to end. */
  readonly needs: Permission;
}

/** What exports are made of. */
export interface ExportSources {
  readonly usage: Usage;
  readonly keys: KeyExports;
}

/** What exports need to know of keys. */
export interface KeyExports {
  /** What people call keys, of those that the caller may see; null when it may read none. */
  names(principal: Principal, ids: readonly string[]): Promise<ReadonlyMap<string, KeyNames> | null>;
  /** All keys that a filter finds, in pages. @throws as the list of keys. */
  table(principal: Principal, filter: unknown, orderBy: string | undefined): ExportTable;
}

interface Export {
  readonly needs: Permission;
  readonly prepare: (
    sources: ExportSources,
    principal: Principal,
    search: URLSearchParams,
    signal: AbortSignal,
  ) => Promise<ExportTable>;
}

/** The exports by the last part of their path, `/export/<name>`. Add one here. */
const exportsByName: Readonly<Record<string, Export>> = {
  usage: {
    needs: "usage:read",
    async prepare({ usage, keys }, principal, search, signal) {
      const { keyIds, userIds, apis, codes, tags, valid, compare, ...rest } = readParameters(
        search,
        exportParameters.usage,
      );
      const filter = { keyIds, userIds, apis, codes, tags, valid };
      const input = { limit: usageLimits.seriesPerAnswer, ...rest, filter };
      const report = await usage.reportInSlices(principal, input, compare === true, signal);
      const { series } = whole(report.whole, rest.limit);
      const named = series.flatMap(({ group }) => group.keyId ?? []);
      return usageTable(
        report,
        columnsOf(usageGroupFields, rest.groupBy),
        await keys.names(principal, [...new Set(named)]),
      );
    },
  },
  "usage-events": {
    needs: "usage:read",
    async prepare({ usage }, principal, search, signal) {
      const { tenantId, ...filter } = readParameters(search, exportParameters.events);
      if (typeof tenantId !== "string")
        throw new BadUserInputError("tenantId: Give the id of the tenant whose calls to export.");
      return eventTable(usage.allEvents(principal, tenantId, filter, signal));
    },
  },
  "invalid-attempts": {
    needs: "usage:read",
    async prepare({ usage }, principal, search, signal) {
      const { tenantId, from, to, bucket, timeZone, groupBy, limit, ...filter } = readParameters(
        search,
        exportParameters.attempts,
      );
      const most = limit ?? usageLimits.seriesPerAnswer;
      const input = { tenantId, from, to, timeZone, groupBy, limit: most, bucket: bucket ?? "TOTAL", filter };
      const report = whole(await usage.invalidAttempts(principal, input, signal), limit);
      const groups = columnsOf(attemptGroupFields, groupBy ?? ["CODE"]);
      return bucket === undefined ? attemptTable(report, groups) : attemptTableByTime(report, groups);
    },
  },
  keys: {
    needs: "keys:read",
    async prepare({ keys }, principal, search) {
      const { orderBy, ...filter } = readParameters(search, exportParameters.keys);
      return keys.table(principal, filter, orderBy as string | undefined);
    },
  },
};

/** The columns of what was asked to be grouped by, once the question was found to be right. */
function columnsOf<Dimension extends string>(fields: Readonly<Record<Dimension, string>>, groupBy: unknown): string[] {
  return [...new Set((groupBy ?? []) as Dimension[])].map((dimension) => groupColumn(fields[dimension]));
}

/**
 * A bill that lacks somebody must not look like a whole one.
 *
 * @param limit what the caller has asked for: who names a number, wants those with the most and no others.
 * @throws BadUserInputError when there are more than the answer has, and nobody asked for fewer.
 */
function whole<Report extends { readonly series: readonly unknown[]; readonly totalSeries: number }>(
  report: Report,
  limit: unknown,
): Report {
  const { series, totalSeries } = report;
  if (limit !== undefined || totalSeries <= series.length) return report;
  throw new BadUserInputError(
    `There are ${totalSeries} groups, and one export has at most ${usageLimits.seriesPerAnswer}. Narrow it by keyIds, userIds, apis, codes or tags and fetch several, or give limit to have those with the most calls.`,
  );
}

/** Whether there is an export of this name. */
export const isExport = (name: string): boolean => Object.hasOwn(exportsByName, name);

/**
 * Prepares an export. Everything that can be refused is refused here, before anything is sent.
 *
 * @param signal aborts when nobody reads it any more.
 * @throws as the question itself, and BadUserInputError for a parameter or format that there is not.
 */
export async function prepareExport(
  sources: ExportSources,
  principal: Principal,
  name: string,
  search: URLSearchParams,
  signal: AbortSignal,
): Promise<UsageExport> {
  const asked = search.get("format") ?? "csv";
  if (!Object.hasOwn(exportFormats, asked)) {
    throw new BadUserInputError(`format: Give one of ${Object.keys(exportFormats).join(", ")}.`);
  }
  const found = exportsByName[name];
  if (!found) throw new BadUserInputError(`There is no export ${name}.`);
  const { columns, rows } = await found.prepare(sources, principal, search, signal);
  return {
    format: exportFormats[asked as keyof typeof exportFormats],
    fileName: `${name}.${asked}`,
    table: { columns, rows: await begun(rows) },
    needs: found.needs,
  };
}

/** The same rows, of which the first page was read already: what fails there is still a refusal and no broken answer. */
async function begun(rows: AsyncGenerator<ExportRow[]>): Promise<AsyncGenerator<ExportRow[]>> {
  const first = await rows.next();
  return (async function* () {
    try {
      if (first.done) return;
      yield first.value;
      yield* rows;
    } finally {
      await rows.return(undefined);
    }
  })();
}
