import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";

// The page's own script, which has no types.
const { windowAt } = await import(new URL("client/zone-time.mjs", import.meta.url).href);

const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  // Its clock skipped midnight in spring, e.g. 2018-11-04.
  "America/Sao_Paulo",
  "Pacific/Apia",
];
const moments = fc.integer({ min: Date.UTC(2012, 0), max: Date.UTC(2030, 0) });

describe("the windows of the usage page", () => {
  test("7 and 30 days begin with the first moment of a day of the zone, as Temporal says", () => {
    fc.assert(
      fc.property(moments, fc.constantFrom(...zones), fc.constantFrom(7, 30), (now, zone, days) => {
        const { from, to, bucket } = windowAt(now, `${days}d`, "day", zone);
        const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).toPlainDate();
        const first = today.subtract({ days: days - 1 }).toZonedDateTime(zone).epochMilliseconds;
        expect([from, bucket]).toEqual([first, "DAY"]);
        expect(to - now).toBeGreaterThan(0);
        expect(to % (15 * 60_000)).toBe(0);
      }),
      { numRuns: 500, examples: [[Date.UTC(2018, 10, 10, 12), "America/Sao_Paulo", 7]] },
    );
  });

  test("24 hours begin with a full hour of the zone and hold the present one", () => {
    fc.assert(
      fc.property(moments, fc.constantFrom(...zones), (now, zone) => {
        const { from, to, bucket } = windowAt(now, "24h", "hour", zone);
        const hour = Temporal.Instant.fromEpochMilliseconds(now)
          .toZonedDateTimeISO(zone)
          .round({ smallestUnit: "hour", roundingMode: "floor" });
        expect([from, bucket]).toEqual([hour.epochMilliseconds - 23 * 3_600_000, "HOUR"]);
        expect(to - now).toBeGreaterThan(0);
        expect(to - now).toBeLessThanOrEqual(60_000);
      }),
      // The moment when the clock there goes from 2:00 to 2:30, and one in the half hour that comes twice.
      {
        numRuns: 500,
        examples: [
          [Date.UTC(2027, 9, 2, 15, 30), "Australia/Lord_Howe"],
          [Date.UTC(2027, 3, 3, 15, 10), "Australia/Lord_Howe"],
        ],
      },
    );
  });
});
