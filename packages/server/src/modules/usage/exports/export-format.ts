import { type Options, stringify } from "csv-stringify/sync";
import type { ExportRow } from "./export-rows.js";

/** How an export is written. */
export interface ExportFormat {
  readonly contentType: string;
  /** What comes before the rows, also where there are none. */
  head(columns: readonly string[]): string;
  /** Rows as text. */
  write(rows: readonly ExportRow[], columns: readonly string[]): string;
}

const csvOptions = {
  escape_formulas: true,
  record_delimiter: "windows",
  // By itself it quotes only what holds both of them together; readers take either for the end of a row.
  quoted_match: /[\r\n]/,
  cast: {
    date: (value) => value.toISOString(),
    boolean: String,
    object: (value) => (Array.isArray(value) && value.length === 0 ? "" : JSON.stringify(value)),
  },
} satisfies Options;

/**
 * CSV (RFC 4180) with a header. A value that a spreadsheet would take for a formula gets an apostrophe before it, because names and
 * user agents come from callers (OWASP, CSV injection).
 */
const csv: ExportFormat = {
  contentType: "text/csv; charset=utf-8; header=present",
  head: (columns) => stringify([], { ...csvOptions, columns: [...columns], header: true }),
  write: (rows, columns) => stringify([...rows], { ...csvOptions, columns: [...columns] }),
};

/** A line of JSON for each row. */
const ndjson: ExportFormat = {
  contentType: "application/x-ndjson; charset=utf-8",
  head: () => "",
  write: (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(""),
};

/** The formats by the name that `format` gives. Add one here. */
export const exportFormats = { csv, ndjson } as const satisfies Record<string, ExportFormat>;
