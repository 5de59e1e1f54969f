import type { VerdictCode } from "@keyplane/schema";
import { percentilesOf } from "../storage/latency-histogram.js";
import { bucketOfLatencyKey, type Cells, type Contribution, indexOfLatencyKey } from "./contribution.js";
import type { Columns, Metrics, Percentiles } from "./questions.js";

/** Counts what is allocated and refuses what is too much, for all series of a report together. */
export interface Allowance {
  column(buckets: number): void;
  latencies(count: number): void;
}

/** Adds up contributions: totals, and when it has buckets a number for each of them. */
export class Accumulator {
  readonly #buckets: number;
  readonly #allowance: Allowance;
  readonly #byCode = new Map<VerdictCode, Sum>();
  readonly #meters = new Map<string, Sum>();
  readonly #cost: Sum;
  /** By `latencyKey`. */
  readonly #latencies = new Map<number, number>();

  /** @param buckets how many; 0: totals only. */
  constructor(buckets: number, allowance: Allowance) {
    this.#buckets = buckets;
    this.#allowance = allowance;
    this.#cost = this.#newSum();
  }

  get count(): number {
    let count = 0;
    for (const { total } of this.#byCode.values()) count += total;
    return count;
  }

  get valid(): number {
    return this.#byCode.get("VALID")?.total ?? 0;
  }

  get cost(): number {
    return this.#cost.total;
  }

  add({ code, count, cost, latency, meters }: Contribution): void {
    this.#sum(this.#byCode, code).add(count);
    if (cost.length > 0) this.#cost.add(cost);
    if (latency.length > 0) this.#addLatencies(latency);
    for (const [name, cells] of meters) this.#sum(this.#meters, name).add(cells);
  }

  metrics(): Metrics {
    return {
      count: this.count,
      valid: this.valid,
      cost: this.cost,
      byCode: Object.fromEntries([...this.#byCode].map(([code, { total }]) => [code, total])),
      meters: Object.fromEntries([...this.#meters].map(([name, { total }]) => [name, total])),
      latencyMs: this.#percentiles(),
    };
  }

  /** Only with buckets. Columns that are equal may be the same array. @param wantsLatency whether latencies were read at all. */
  columns(wantsLatency: boolean): Columns {
    const zeros = new Float64Array(this.#buckets);
    const columnOf = (sum: Sum | undefined) => sum?.column ?? zeros;
    return {
      count: this.#countColumn(),
      valid: columnOf(this.#byCode.get("VALID")),
      cost: columnOf(this.#cost),
      byCode: Object.fromEntries([...this.#byCode].map(([code, sum]) => [code, columnOf(sum)])),
      meters: Object.fromEntries([...this.#meters].map(([name, sum]) => [name, columnOf(sum)])),
      latencyMs: wantsLatency ? this.#percentilesByBucket() : null,
    };
  }

  #newSum(): Sum {
    return new Sum(this.#buckets, this.#allowance);
  }

  #sum<Name>(sums: Map<Name, Sum>, name: Name): Sum {
    let sum = sums.get(name);
    if (!sum) {
      sum = this.#newSum();
      sums.set(name, sum);
    }
    return sum;
  }

  #addLatencies({ keys, values, length }: Cells): void {
    const before = this.#latencies.size;
    for (let cell = 0; cell < length; cell += 1) {
      const key = keys[cell] as number;
      const own = this.#buckets === 0 ? indexOfLatencyKey(key) : key;
      this.#latencies.set(own, (this.#latencies.get(own) ?? 0) + (values[cell] as number));
    }
    this.#allowance.latencies(this.#latencies.size - before);
  }

  #countColumn(): Float64Array {
    const columns = [...this.#byCode.values()].map(({ column }) => column as Float64Array);
    // The usual case, every call with the same outcome: the column of that outcome is the column of all.
    if (columns.length === 1) return columns[0] as Float64Array;
    const count = new Float64Array(this.#buckets);
    for (const column of columns)
      for (let bucket = 0; bucket < count.length; bucket += 1)
        count[bucket] = (count[bucket] as number) + (column[bucket] as number);
    return count;
  }

  #percentiles(): Percentiles | null {
    const counts = new Map<number, number>();
    for (const [key, count] of this.#latencies) {
      const index = indexOfLatencyKey(key);
      counts.set(index, (counts.get(index) ?? 0) + count);
    }
    return percentilesOf(counts);
  }

  #percentilesByBucket(): (Percentiles | null)[] {
    const counts = Array.from({ length: this.#buckets }, () => new Map<number, number>());
    for (const [key, count] of this.#latencies) counts[bucketOfLatencyKey(key)]?.set(indexOfLatencyKey(key), count);
    return counts.map(percentilesOf);
  }
}

/** A total, and a column once there is something to put into it. */
class Sum {
  total = 0;
  column: Float64Array | null = null;
  readonly #buckets: number;
  readonly #allowance: Allowance;

  constructor(buckets: number, allowance: Allowance) {
    this.#buckets = buckets;
    this.#allowance = allowance;
  }

  add(cells: Cells): void {
    this.total += cells.sum();
    if (this.#buckets === 0) return;
    if (!this.column) {
      this.#allowance.column(this.#buckets);
      this.column = new Float64Array(this.#buckets);
    }
    const { keys, values, length } = cells;
    for (let cell = 0; cell < length; cell += 1) {
      const bucket = keys[cell] as number;
      this.column[bucket] = (this.column[bucket] as number) + (values[cell] as number);
    }
  }
}
