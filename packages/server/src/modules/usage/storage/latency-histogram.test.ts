import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  latencyAccuracy,
  latencyIndex,
  latencyOf,
  maxLatencyIndex,
  maxLatencyMs,
  minLatencyMs,
  percentilesOf,
} from "./latency-histogram.js";

/** From a microsecond to an hour, every order of magnitude alike. */
const latency = fc.double({ min: Math.log(minLatencyMs), max: Math.log(maxLatencyMs), noNaN: true }).map((exponent) => {
  return Math.min(Math.max(Math.exp(exponent), minLatencyMs), maxLatencyMs);
});

function histogramOf(latencies: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of latencies) counts.set(latencyIndex(value), (counts.get(latencyIndex(value)) ?? 0) + 1);
  return counts;
}

/** By nearest rank. */
function exactPercentile(latencies: readonly number[], percent: number): number {
  const sorted = [...latencies].sort((a, b) => a - b);
  return sorted[Math.ceil((percent * sorted.length) / 100) - 1] as number;
}

// The last digits of logarithms and powers are the machine's.
const bound = latencyAccuracy * (1 + 1e-9);

describe("latency histogram", () => {
  test("a latency is within 1 % of what stands for its bucket", () => {
    fc.assert(
      fc.property(latency, (value) => {
        expect(Math.abs(latencyOf(latencyIndex(value)) - value) / value).toBeLessThanOrEqual(bound);
      }),
    );
  });

  test("a slower call is never in a lower bucket", () => {
    fc.assert(
      fc.property(latency, latency, (a, b) => {
        expect(latencyIndex(Math.min(a, b))).toBeLessThanOrEqual(latencyIndex(Math.max(a, b)));
      }),
    );
  });

  test.each([0, -1, Number.NaN, Number.NEGATIVE_INFINITY, 1e-9])("%s ms counts as the fastest", (value) => {
    expect(latencyIndex(value)).toBe(0);
  });

  test.each([maxLatencyMs, 1e12, Number.POSITIVE_INFINITY])("%s ms counts as the slowest", (value) => {
    expect(latencyIndex(value)).toBe(maxLatencyIndex);
  });

  test("every index is a small whole number", () => {
    fc.assert(
      fc.property(latency, (value) => {
        expect(Number.isInteger(latencyIndex(value))).toBe(true);
        expect(latencyIndex(value)).toBeGreaterThanOrEqual(0);
      }),
    );
    expect(maxLatencyIndex).toBeLessThan(2_048);
  });

  test("percentiles are within 1 % of the exact ones", () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 500 }), (latencies) => {
        const percentiles = percentilesOf(histogramOf(latencies));
        expect(percentiles?.count).toBe(latencies.length);
        for (const percent of [50, 90, 95, 99] as const) {
          const exact = exactPercentile(latencies, percent);
          const found = percentiles?.[`p${percent}`] as number;
          expect(Math.abs(found - exact) / exact, `p${percent}`).toBeLessThanOrEqual(bound);
        }
      }),
    );
  });

  test("merged histograms answer as the histogram of all events", () => {
    fc.assert(
      fc.property(fc.array(latency), fc.array(latency), (some, others) => {
        const merged = histogramOf(some);
        for (const [index, count] of histogramOf(others)) merged.set(index, (merged.get(index) ?? 0) + count);
        expect(percentilesOf(merged)).toEqual(percentilesOf(histogramOf([...some, ...others])));
      }),
    );
  });

  test("no events have no percentiles", () => {
    expect(percentilesOf(new Map())).toBeNull();
  });
});
