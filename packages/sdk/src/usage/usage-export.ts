import type * as Inputs from "../_generated/schema-types.js";
import type { DownloadRequest } from "../client/download.js";

/** In which form: a table for spreadsheets, or a JSON object on each line. */
export type UsageExportFormat = "csv" | "ndjson";

/** A report of `usage.query`. */
export interface UsageReportExport extends Inputs.UsageInput {
  readonly kind: "usage";
  readonly format: UsageExportFormat;
  /** Adds the calls of the window before, of the same length; only with the bucket TOTAL. Default: false. */
  readonly compare?: boolean | undefined;
}

/** The call log of `usage.events`. */
export interface UsageEventsExport {
  readonly kind: "events";
  readonly format: UsageExportFormat;
  readonly tenantId: string;
  readonly filter?: Inputs.UsageEventFilter | null | undefined;
}

/** The series of `usage.invalidAttempts`: by `bucket` where it is given, over the whole window otherwise. */
export interface InvalidAttemptsExport extends Inputs.InvalidAttemptsInput {
  readonly kind: "invalid-attempts";
  readonly format: UsageExportFormat;
}

/** Keys with their last use: `filter: { unusedSince }` for those that nobody uses. Needs the permission `keys:read`. */
export interface KeysExport {
  readonly kind: "keys";
  readonly format: UsageExportFormat;
  readonly filter?: Omit<Inputs.KeyFilter, "metadata"> | null | undefined;
  /** Default: CREATED_AT_DESC. By last use, a key that is used meanwhile may be missed. */
  readonly orderBy?: Inputs.KeyOrder | undefined;
}

/** What `usage.export` writes, told apart by `kind`, with the input of the method that answers the same as data. */
export type UsageExportArguments = UsageReportExport | UsageEventsExport | InvalidAttemptsExport | KeysExport;

const paths = {
  usage: "/export/usage",
  events: "/export/usage-events",
  "invalid-attempts": "/export/invalid-attempts",
  keys: "/export/keys",
} as const satisfies Record<UsageExportArguments["kind"], string>;

const types = { csv: "text/csv", ndjson: "application/x-ndjson" } as const satisfies Record<UsageExportFormat, string>;

/**
 * The address of an export: the input's fields as parameters, those of its filter beside them, lists as repeated ones.
 *
 * @throws TypeError for a kind or a format that there is not, and for an empty list: it would mean everything, not nothing.
 */
export function usageExportRequest({ kind, ...input }: UsageExportArguments): DownloadRequest {
  const { filter, ...fields } = input;
  if (!Object.hasOwn(paths, kind))
    throw new TypeError(`kind must be usage, events, invalid-attempts or keys, not ${kind}.`);
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
