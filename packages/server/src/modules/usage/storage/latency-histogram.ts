import type { Percentiles } from "../reports/questions.js";

/**
 * Latencies as counts in buckets whose width grows with the value: DDSketch (Masson, Rim, Lee: DDSketch, a fast and
 * fully-mergeable quantile sketch with relative-error guarantees, VLDB 2019). Adding the counts of two histograms gives exactly
 * the histogram of all their events, which averages or percentiles of percentiles would not.
 */

/** How far a percentile may be from the true one, as a part of it. */
export const latencyAccuracy = 0.01;
/** What is faster than this counts as this, in milliseconds. */
export const minLatencyMs = 0.001;
/** What is slower than this counts as this, in milliseconds: an hour. */
export const maxLatencyMs = 3_600_000;

const growth = (1 + latencyAccuracy) / (1 - latencyAccuracy);
const logGrowth = Math.log(growth);
/** Shifts the indexes so that the smallest latency has 0: they are the names of fields and stay short. */
const offset = Math.ceil(Math.log(minLatencyMs) / logGrowth);

/** The largest index that `latencyIndex` answers; about 1,100. */
export const maxLatencyIndex = Math.ceil(Math.log(maxLatencyMs) / logGrowth) - offset;

/** Which bucket of the histogram a latency belongs to. Out of range or not a number, it counts as the nearest end. */
export function latencyIndex(latencyMs: number): number {
  if (!(latencyMs > minLatencyMs)) return 0;
  return Math.ceil(Math.log(Math.min(latencyMs, maxLatencyMs)) / logGrowth) - offset;
}

/** The latency that stands for all of a bucket, in milliseconds: within 1 % of each of them. */
export function latencyOf(index: number): number {
  return (2 * growth ** (index + offset)) / (growth + 1);
}

/**
 * The percentiles of a histogram, by nearest rank: p90 is the smallest latency that at least 90 % of the events do not exceed.
 *
 * @param counts how many events each bucket holds, by index, in any order.
 * @returns null for a histogram without events.
 */
export function percentilesOf(counts: ReadonlyMap<number, number>): Percentiles | null {
  const buckets = [...counts].sort(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  const at = (percent: number) => latencyOf(indexAtRank(buckets, Math.ceil((percent * total) / 100)));
  return { p50: at(50), p90: at(90), p95: at(95), p99: at(99), count: total };
}

function indexAtRank(buckets: readonly (readonly [index: number, count: number])[], rank: number): number {
  let seen = 0;
  for (const [index, count] of buckets) {
    seen += count;
    if (seen >= rank) return index;
  }
  return maxLatencyIndex;
}
