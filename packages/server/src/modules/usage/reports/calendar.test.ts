import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BadUserInputError } from "../../../platform/errors.js";
import { bucketAt, bucketBounds } from "./calendar.js";
import type { UsageBucket } from "./questions.js";

const hour = 3_600_000;
const bounds = (from: string, to: string, bucket: UsageBucket, timeZone: string, max = 10_000) =>
  [...bucketBounds({ from: Date.parse(from), to: Date.parse(to) }, bucket, timeZone, max)].map((time) =>
    new Date(time).toISOString().replace(":00.000Z", "Z"),
  );
/** How long the buckets are, in hours. */
const lengths = (from: string, to: string, bucket: UsageBucket, timeZone: string) => {
  const found = bucketBounds({ from: Date.parse(from), to: Date.parse(to) }, bucket, timeZone, 10_000);
  return Array.from(found.slice(1), (end, index) => (end - (found[index] as number)) / hour);
};

describe("days that are known to be odd", () => {
  test("Berlin: 23 hours in spring, 25 in autumn", () => {
    expect(lengths("2026-03-27T23:00Z", "2026-03-30T22:00Z", "DAY", "Europe/Berlin")).toEqual([24, 23, 24]);
    expect(lengths("2026-10-23T22:00Z", "2026-10-26T23:00Z", "DAY", "Europe/Berlin")).toEqual([24, 25, 24]);
  });

  test("Berlin: the hour that does not exist is left out, the one that comes twice makes two", () => {
    expect(bounds("2026-03-29T00:00Z", "2026-03-29T03:00Z", "HOUR", "Europe/Berlin")).toEqual([
      "2026-03-29T00:00Z",
      "2026-03-29T01:00Z",
      "2026-03-29T02:00Z",
      "2026-03-29T03:00Z",
    ]);
    expect(lengths("2026-10-24T23:00Z", "2026-10-25T03:00Z", "HOUR", "Europe/Berlin")).toEqual([1, 1, 1, 1]);
  });

  test("Lord Howe: the clock moves by half an hour", () => {
    // 2:00 becomes 1:30 on 5 April, 2:00 becomes 2:30 on 4 October.
    expect(bounds("2026-04-04T14:00Z", "2026-04-04T17:30Z", "HOUR", "Australia/Lord_Howe")).toEqual([
      "2026-04-04T14:00Z",
      "2026-04-04T15:00Z",
      "2026-04-04T15:30Z",
      "2026-04-04T16:30Z",
      "2026-04-04T17:30Z",
    ]);
    expect(lengths("2026-10-03T14:30Z", "2026-10-03T17:00Z", "HOUR", "Australia/Lord_Howe")).toEqual([1, 0.5, 1]);
    expect(lengths("2026-04-03T13:00Z", "2026-04-05T13:30Z", "DAY", "Australia/Lord_Howe")).toEqual([24, 24.5]);
    expect(lengths("2026-10-02T13:30Z", "2026-10-04T13:00Z", "DAY", "Australia/Lord_Howe")).toEqual([24, 23.5]);
  });

  test("Santiago and Beirut: midnight does not exist, the day begins at 01:00", () => {
    expect(bounds("2026-09-04T04:00Z", "2026-09-08T03:00Z", "DAY", "America/Santiago")).toEqual([
      "2026-09-04T04:00Z",
      "2026-09-05T04:00Z",
      "2026-09-06T04:00Z",
      "2026-09-07T03:00Z",
      "2026-09-08T03:00Z",
    ]);
    expect(lengths("2026-03-27T22:00Z", "2026-03-29T21:00Z", "DAY", "Asia/Beirut")).toEqual([24, 23]);
  });

  test("Santiago: the hour before midnight comes twice", () => {
    expect(lengths("2026-04-04T03:00Z", "2026-04-06T04:00Z", "DAY", "America/Santiago")).toEqual([25, 24]);
    expect(lengths("2026-04-05T02:00Z", "2026-04-05T05:00Z", "HOUR", "America/Santiago")).toEqual([1, 1, 1]);
  });

  test("Apia: a day that was skipped has no bucket", () => {
    expect(bounds("2011-12-29T10:00Z", "2012-01-01T10:00Z", "DAY", "Pacific/Apia")).toEqual([
      "2011-12-29T10:00Z",
      "2011-12-30T10:00Z",
      "2011-12-31T10:00Z",
      "2012-01-01T10:00Z",
    ]);
  });

  test("Kathmandu, Kolkata, Chatham: hours begin at :15 and :30 of UTC", () => {
    expect(bounds("2026-05-01T00:00Z", "2026-05-01T02:00Z", "HOUR", "Asia/Kathmandu")).toEqual([
      "2026-05-01T00:00Z",
      "2026-05-01T00:15Z",
      "2026-05-01T01:15Z",
      "2026-05-01T02:00Z",
    ]);
    expect(bounds("2026-05-01T00:30Z", "2026-05-01T02:30Z", "HOUR", "Asia/Kolkata")).toHaveLength(3);
    expect(bounds("2026-05-01T00:15Z", "2026-05-01T02:15Z", "HOUR", "Pacific/Chatham")).toHaveLength(3);
  });

  test("months have their own lengths", () => {
    expect(lengths("2028-01-01T00:00Z", "2028-05-01T00:00Z", "MONTH", "UTC").map((length) => length / 24)).toEqual([
      31, 29, 31, 30,
    ]);
    expect(lengths("2026-02-28T23:00Z", "2026-04-30T22:00Z", "MONTH", "Europe/Berlin")).toEqual([31 * 24 - 1, 30 * 24]);
  });
});

describe("windows", () => {
  test("the first and the last bucket are as short as the window makes them", () => {
    expect(bounds("2026-01-01T10:59:58Z", "2026-01-01T12:00:01Z", "HOUR", "UTC")).toEqual([
      "2026-01-01T10:59:58.000Z",
      "2026-01-01T11:00Z",
      "2026-01-01T12:00Z",
      "2026-01-01T12:00:01.000Z",
    ]);
  });

  test("TOTAL is one bucket", () => {
    expect(bounds("2026-01-01T10:59:58Z", "2027-01-01T00:00Z", "TOTAL", "Asia/Tokyo")).toHaveLength(2);
  });

  test("an empty window is refused", () => {
    expect(() => bounds("2026-01-01T00:00Z", "2026-01-01T00:00Z", "DAY", "UTC")).toThrow(BadUserInputError);
    expect(() => bounds("2026-01-01T00:00Z", "not a time", "DAY", "UTC")).toThrow(BadUserInputError);
  });

  test("too many buckets are refused before they are made", () => {
    expect(() => bounds("1970-01-01T00:00Z", "9999-01-01T00:00Z", "MINUTE", "UTC")).toThrow(/more than 10,000 buckets/);
    expect(bounds("2026-01-01T00:00Z", "2026-01-01T10:00Z", "HOUR", "UTC", 10)).toHaveLength(11);
    expect(() => bounds("2026-01-01T00:30Z", "2026-01-01T10:30Z", "HOUR", "UTC", 10)).toThrow(/more than 10 buckets/);
  });

  test.each(["Mars/Base", "", "+01:00", "Europe/Berlin ", "__proto__", "x".repeat(10_000)])(
    "the unknown time zone %.20s is refused",
    (timeZone) => {
      expect(() => bounds("2026-01-01T00:00Z", "2026-01-02T00:00Z", "DAY", timeZone)).toThrow(/timeZone: .*IANA/);
    },
  );
});

const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "America/Santiago",
  "America/Havana",
  "America/Sao_Paulo",
  "Asia/Kathmandu",
  "Asia/Beirut",
  "Africa/Casablanca",
  "Africa/Cairo",
  "Australia/Lord_Howe",
  "Australia/Eucla",
  "Pacific/Chatham",
  "Pacific/Apia",
  "Antarctica/Troll",
];
// Before, some clocks were changed a minute after midnight, and a date could come back.
const from2012 = Date.parse("2012-01-01T00:00Z");
const lengthsOfWindow = {
  MINUTE: 300 * 60_000,
  HOUR: 400 * hour,
  DAY: 400 * 24 * hour,
  MONTH: 40_000 * hour,
  TOTAL: hour,
};
const question = fc
  .record({
    bucket: fc.constantFrom<UsageBucket>("MINUTE", "HOUR", "DAY", "MONTH", "TOTAL"),
    timeZone: fc.constantFrom(...zones),
    from: fc.integer({ min: from2012, max: from2012 + 25 * 365 * 24 * hour }),
    length: fc.double({ min: 1e-6, max: 1, noNaN: true }),
  })
  .map(({ length, ...rest }) => ({ ...rest, to: rest.from + Math.ceil(length * lengthsOfWindow[rest.bucket]) }));

describe("all windows and zones", () => {
  test("buckets follow each other and cover exactly the window", () => {
    fc.assert(
      fc.property(question, ({ bucket, timeZone, from, to }) => {
        const found = bucketBounds({ from, to }, bucket, timeZone, 10_000);
        expect(found[0]).toBe(from);
        expect(found.at(-1)).toBe(to);
        for (let index = 1; index < found.length; index += 1) {
          expect(found[index]).toBeGreaterThan(found[index - 1] as number);
        }
      }),
    );
  });

  test("the label of the local clock changes at every boundary and nowhere else", () => {
    fc.assert(
      fc.property(question, ({ bucket, timeZone, from, to }) => {
        const found = bucketBounds({ from, to }, bucket, timeZone, 10_000);
        const label = labeller(bucket, timeZone);
        for (let index = 0; index + 1 < found.length; index += 1) {
          const [start, end] = [found[index] as number, found[index + 1] as number];
          // First moment, last moment, and one between: all of one bucket.
          expect(label(end - 1)).toBe(label(start));
          expect(label(Math.floor((start + end) / 2))).toBe(label(start));
          if (index + 2 < found.length) expect(label(end)).not.toBe(label(start));
        }
      }),
    );
  });

  test("bucketAt finds the bucket of every instant", () => {
    fc.assert(
      fc.property(question, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (window, part) => {
        const found = bucketBounds(window, window.bucket, window.timeZone, 10_000);
        const at = Math.min(Math.floor(window.from + part * (window.to - window.from)), window.to - 1);
        const bucket = bucketAt(found, at);
        expect(found[bucket]).toBeLessThanOrEqual(at);
        expect(found[bucket + 1]).toBeGreaterThan(at);
      }),
    );
  });
});

/** What a calendar on the wall says, by way of Intl and not of the library that is tested. */
function labeller(bucket: UsageBucket, timeZone: string): (time: number) => string {
  if (bucket === "TOTAL") return () => "all";
  const parts: Record<Exclude<UsageBucket, "TOTAL">, Intl.DateTimeFormatOptions> = {
    MONTH: { year: "numeric", month: "numeric" },
    DAY: { year: "numeric", month: "numeric", day: "numeric" },
    // With the offset: an hour that comes twice is two hours.
    HOUR: { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", timeZoneName: "longOffset" },
    MINUTE: {
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      timeZoneName: "longOffset",
    },
  };
  const format = new Intl.DateTimeFormat("en", { ...parts[bucket], timeZone });
  return (time) => format.format(time);
}
