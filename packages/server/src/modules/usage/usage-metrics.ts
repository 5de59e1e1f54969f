import type { Columns, Metrics } from "./reports/questions.js";

/** The numbers of one bucket, out of the columns. */
export function metricsAt(columns: Columns, bucket: number): Metrics {
  const at = (column: Float64Array): number => column[bucket] ?? 0;
  const occurring = <Name extends string>(table: Readonly<Partial<Record<Name, Float64Array>>>) =>
    Object.fromEntries(
      Object.entries<Float64Array | undefined>(table)
        .map(([name, column]) => [name, column ? at(column) : 0] as const)
        .filter(([, value]) => value !== 0),
    ) as Partial<Record<Name, number>>;
  return {
    count: at(columns.count),
    valid: at(columns.valid),
    cost: at(columns.cost),
    byCode: occurring(columns.byCode),
    meters: occurring(columns.meters) as Record<string, number>,
    latencyMs: columns.latencyMs?.[bucket] ?? null,
  };
}
