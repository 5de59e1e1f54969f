import type { VerdictCode } from "@keyplane/schema";

/** Numbers by key, as two lists: reused from row to row, because a report reads millions of them. */
export class Cells {
  readonly keys: number[] = [];
  readonly values: number[] = [];
  length = 0;

  add(key: number, value: number): void {
    this.keys[this.length] = key;
    this.values[this.length] = value;
    this.length += 1;
  }

  sum(): number {
    let sum = 0;
    for (let index = 0; index < this.length; index += 1) sum += this.values[index] as number;
    return sum;
  }
}

/**
 * What one row or one raw event adds to a report: its dimensions, and its numbers within the window by bucket. One object is filled
 * again and again: nobody may keep it.
 */
export class Contribution {
  keyId: string | null = null;
  userId: string | null = null;
  api: string | null = null;
  code: VerdictCode = "VALID";
  tags: readonly string[] = [];
  readonly count = new Cells();
  readonly cost = new Cells();
  /** By `latencyKey`. */
  readonly latency = new Cells();
  readonly meters = new Map<string, Cells>();

  clear(): void {
    this.keyId = null;
    this.userId = null;
    this.api = null;
    this.tags = [];
    this.count.length = 0;
    this.cost.length = 0;
    this.latency.length = 0;
    this.meters.clear();
  }
}

/** Room for every index of the latency histogram. */
const indexes = 2_048;

/** A bucket of the report and an index of the latency histogram as one number: what the counts of latencies are kept by. */
export function latencyKey(bucket: number, index: number): number {
  return bucket * indexes + index;
}

/** The bucket of the report that is in a `latencyKey`. */
export function bucketOfLatencyKey(key: number): number {
  return Math.floor(key / indexes);
}

/** The index of the latency histogram that is in a `latencyKey`. */
export function indexOfLatencyKey(key: number): number {
  return key % indexes;
}
