import type { QuotaRefill } from "@keyplane/schema";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { periodAt } from "./periods.js";

const at = (text: string): number => Date.parse(text);
const periodOf = (refill: QuotaRefill, anchor: string, timeZone: string, now: string): (string | null)[] => {
  const { start, end } = periodAt({ refill, anchor: new Date(anchor), timeZone }, at(now));
  return [new Date(start).toISOString(), end === null ? null : new Date(end).toISOString()];
};

describe("a period", () => {
  test("of a month begins at the anchor's day, on the last one where a month lacks it, and never loses it", () => {
    const of = (now: string) => periodOf("MONTHLY", "2026-01-31T10:00:00Z", "UTC", now);
    expect(of("2026-02-28T09:59:59Z")).toEqual(["2026-01-31T10:00:00.000Z", "2026-02-28T10:00:00.000Z"]);
    expect(of("2026-02-28T10:00:00Z")).toEqual(["2026-02-28T10:00:00.000Z", "2026-03-31T10:00:00.000Z"]);
    expect(of("2028-02-29T12:00:00Z")).toEqual(["2028-02-29T10:00:00.000Z", "2028-03-31T10:00:00.000Z"]);
  });

  test("of a day follows the clock of the time zone through summer time: 23 and 25 hours", () => {
    const of = (now: string) => periodOf("DAILY", "2026-01-01T00:00:00+01:00", "Europe/Berlin", now);
    expect(of("2026-03-29T10:00:00Z")).toEqual(["2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"]);
    expect(of("2026-10-25T10:00:00Z")).toEqual(["2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"]);
  });

  test("of an hour has 60 minutes; a total never ends; before the anchor there are periods, too", () => {
    expect(periodOf("HOURLY", "2026-01-01T00:15:00Z", "UTC", "2026-06-01T12:10:00Z")).toEqual([
      "2026-06-01T11:15:00.000Z",
      "2026-06-01T12:15:00.000Z",
    ]);
    expect(periodOf("NEVER", "2026-01-01T00:00:00Z", "UTC", "2027-01-01T00:00:00Z")[1]).toBeNull();
    expect(periodOf("YEARLY", "2026-07-01T00:00:00Z", "UTC", "2020-01-01T00:00:00Z")).toEqual([
      "2019-07-01T00:00:00.000Z",
      "2020-07-01T00:00:00.000Z",
    ]);
  });

  test("contains its moment, and the next one begins where it ends", () => {
    const zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"];
    const refills: QuotaRefill[] = ["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
    const moments = fc.integer({ min: at("1995-01-01T00:00:00Z"), max: at("2040-01-01T00:00:00Z") });
    fc.assert(
      fc.property(
        moments,
        moments,
        fc.constantFrom(...zones),
        fc.constantFrom(...refills),
        (anchor, now, timeZone, refill) => {
          const calendar = { refill, anchor: new Date(anchor), timeZone };
          const { start, end } = periodAt(calendar, now);
          expect(start).toBeLessThanOrEqual(now);
          expect(end).toBeGreaterThan(now);
          expect(periodAt(calendar, end ?? 0).start).toBe(end);
          expect(periodAt(calendar, start)).toEqual({ start, end });
        },
      ),
    );
  });
});
