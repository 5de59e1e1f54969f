import fc from "fast-check";
import { expect, test } from "vitest";
import { dateTrunc } from "./date-trunc.js";
import { fromLocal, zoneOffset } from "./time-zones.js";

const zones = [
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kolkata",
  "Pacific/Apia",
  "America/Sao_Paulo",
  "UTC",
  "+05:45",
];
const instant = fc
  .date({ min: new Date("1990-01-01"), max: new Date("2035-01-01"), noInvalidDate: true })
  .map((date) => date.getTime());
const spec = (unit: string, zone: string, binSize = 1): Parameters<typeof dateTrunc>[1] => ({
  unit,
  binSize,
  startOfWeek: "sunday",
  offset: zoneOffset(zone),
});
const shown = (at: number, zone: string): string =>
  new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone === "+05:45" ? "Asia/Kathmandu" : zone,
    dateStyle: "short",
    timeStyle: "medium",
  }).format(at);

test("the day that a date is cut to is the one that its zone's calendar shows", () => {
  fc.assert(
    fc.property(instant, fc.constantFrom(...zones), (at, zone) => {
      const start = dateTrunc(at, spec("day", zone));
      expect(start).toBeLessThanOrEqual(at);
      expect(shown(start, zone).slice(0, 10)).toBe(shown(at, zone).slice(0, 10));
      expect(shown(start - 1, zone).slice(0, 10)).not.toBe(shown(at, zone).slice(0, 10));
    }),
    { numRuns: 500 },
  );
});

test("months begin on the first, weeks on the first day of the week", () => {
  fc.assert(
    fc.property(instant, fc.constantFrom("Europe/Berlin", "America/New_York", "UTC"), (at, zone) => {
      expect(shown(dateTrunc(at, spec("month", zone)), zone)).toBe(`${shown(at, zone).slice(0, 7)}-01 00:00:00`);
      const week = dateTrunc(at, { ...spec("week", zone), startOfWeek: "mon" });
      expect(new Intl.DateTimeFormat("en-US", { timeZone: zone, weekday: "long" }).format(week)).toBe("Monday");
      expect(at - week).toBeLessThan(7 * 86_400_000 + 3_600_000);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", 23],
  ["2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", 25],
])("the day of %s in Berlin begins at %s and has %i hours", (at, begins, hours) => {
  const start = dateTrunc(Date.parse(at), spec("day", "Europe/Berlin"));
  expect(new Date(start)).toEqual(new Date(begins));
  expect(dateTrunc(start + 26 * 3_600_000, spec("day", "Europe/Berlin")) - start).toBe(hours * 3_600_000);
});

test("a time that clocks skip becomes the first instant after it, one that comes twice the first of both", () => {
  const berlin = zoneOffset("Europe/Berlin");
  expect(new Date(fromLocal(Date.parse("2026-03-29T02:30:00Z"), berlin))).toEqual(new Date("2026-03-29T01:00:00Z"));
  expect(new Date(fromLocal(Date.parse("2026-10-25T02:30:00Z"), berlin))).toEqual(new Date("2026-10-25T00:30:00Z"));
});

test("an unknown zone is refused by name", () => {
  expect(() => zoneOffset("Mars/Base")).toThrow('unrecognized time zone identifier: "Mars/Base"');
});
