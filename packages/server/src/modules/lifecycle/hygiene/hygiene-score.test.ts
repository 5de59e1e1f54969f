import { type HygieneCheck, hygieneChecks } from "@keyplane/schema";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hygieneOf } from "./hygiene-score.js";

const checks = Object.keys(hygieneChecks) as HygieneCheck[];
const none = Object.fromEntries(checks.map((check) => [check, 0])) as Record<HygieneCheck, number>;

describe("the score of hygiene", () => {
  test("the weights make 100, so that the worst is 0 and the best 100", () => {
    expect(Object.values(hygieneChecks).reduce((sum, { weight }) => sum + weight, 0)).toBe(100);
    const all = Object.fromEntries(checks.map((check) => [check, 7])) as Record<HygieneCheck, number>;
    expect(hygieneOf(7, all).score).toBe(0);
    expect(hygieneOf(7, none).score).toBe(100);
    expect(hygieneOf(0, none).score).toBe(100);
  });

  test("one leaked key costs as much as many; of the rest, the share counts", () => {
    expect(hygieneOf(1000, { ...none, LEAKED: 1 }).score).toBe(100 - hygieneChecks.LEAKED.weight);
    expect(hygieneOf(10, { ...none, IDLE: 5 }).score).toBe(Math.floor(100 - hygieneChecks.IDLE.weight / 2));
    expect(hygieneOf(1000, { ...none, IDLE: 1 }).score).toBe(99);
  });

  test("more that is wrong never makes it better", () => {
    const counts = fc.record(Object.fromEntries(checks.map((check) => [check, fc.nat(50)])));
    fc.assert(
      fc.property(counts, fc.constantFrom(...checks), (affected, check) => {
        const before = hygieneOf(50, affected as Record<HygieneCheck, number>).score;
        const worse = { ...affected, [check]: Math.min(50, (affected[check] ?? 0) + 1) };
        expect(hygieneOf(50, worse as Record<HygieneCheck, number>).score).toBeLessThanOrEqual(before);
      }),
    );
  });
});
