/** How much one question may cost. Each refusal says what to narrow. */
export interface ReportLimits {
  /** Buckets of a window. */
  readonly buckets: number;
  /** Rows of counts that are read. */
  readonly rows: number;
  /** Raw events that are read. */
  readonly events: number;
  /** Series that are told apart, whether they are answered or not. */
  readonly series: number;
  /** Series times buckets, when points are asked for. */
  readonly points: number;
  /** Columns beyond count, valid and cost, i.e. of outcomes and meters, times buckets. */
  readonly columnNumbers: number;
  /** Buckets of latency histograms that hold something, all series together. */
  readonly latencyNumbers: number;
  /** Different keys and addresses that refused calls are told apart by, all groups together. */
  readonly distinct: number;
  /** How long MongoDB may work on one read, in milliseconds. */
  readonly readMs: number;
}

/** Add a limit here. They bound a question to some 100 MB and a few seconds. */
export const reportLimits: ReportLimits = {
  buckets: 10_000,
  rows: 500_000,
  events: 1_000_000,
  series: 100_000,
  points: 1_000_000,
  columnNumbers: 8_000_000,
  latencyNumbers: 1_000_000,
  distinct: 500_000,
  readMs: 15_000,
};
