import type * as Inputs from "../_generated/schema-types.js";
import type { DownloadRequest } from "../client/download.js";

/** In which form: a table for spreadsheets, or a JSON object on each line. */
export type UsageExportFormat = "csv" | "ndjson";

/** A report of `usage.query`. */
export interface UsageReportExport extends Inputs.UsageInput {
  readonly kind: "usage";
  readonly format: UsageExportFormat;
}

/** The call log of `usage.events`. */
export interface UsageEventsExport {
  readonly kind: "events";
  readonly format: UsageExportFormat;
  readonly tenantId: string;
  readonly filter?: Inputs.UsageEventFilter | null | undefined;
}

/** The series of `usage.invalidAttempts`, over the whole window. */
export interface InvalidAttemptsExport extends Omit<Inputs.InvalidAttemptsInput, "bucket" | "timeZone"> {
  readonly kind: "invalid-attempts";
  readonly format: UsageExportFormat;
}

/** What `usage.export` writes, told apart by `kind`, with the input of the method that answers the same as data. */
export type UsageExportArguments = UsageReportExport | UsageEventsExport | InvalidAttemptsExport;

const paths = {
  usage: "/export/usage",
  events: "/export/usage-events",
  "invalid-attempts": "/export/invalid-attempts",
} as const satisfies Record<UsageExportArguments["kind"], string>;

const types = { csv: "text/csv", ndjson: "application/x-ndjson" } as const satisfies Record<UsageExportFormat, string>;

/**
 * The address of an export: the input's fields as parameters, those of its filter beside them, lists as repeated ones.
 *
 * @throws TypeError for a kind or a format that there is not, and for an empty list: it would mean everything, not nothing.
 */
export function usageExportRequest({ kind, ...input }: UsageExportArguments): DownloadRequest {
  const { filter, ...fields } = input;
  if (!Object.hasOwn(paths, kind)) throw new TypeError(`kind must be usage, events or invalid-attempts, not ${kind}.`);
  if (!Object.hasOwn(types, fields.format)) throw new TypeError(`format must be csv or ndjson, not ${fields.format}.`);
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...fields, ...filter })) {
    const values = (Array.isArray(value) ? value : [value]) as readonly (
      | string
      | number
      | boolean
      | null
      | undefined
    )[];
    if (values.length === 0 && !(kind === "usage" && name === "groupBy")) {
      throw new TypeError(`${name} is an empty list. Leave it out where it does not matter.`);
    }
    for (const each of values) if (each !== undefined && each !== null) parameters.append(name, String(each));
  }
  return { path: `${paths[kind]}?${parameters.toString()}`, type: types[fields.format] };
}
