import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BadUserInputError } from "../../../platform/errors.js";
import { defaultRetention, type Retention, tiers } from "../storage/tiers.js";
import { bucketBounds } from "./calendar.js";
import type { UsageBucket } from "./questions.js";
import { keptSince, type Piece, planWindow } from "./window-plan.js";

const day = 86_400_000;
const now = Date.parse("2026-11-22T12:34:56.789Z");
const plan = (
  from: string,
  to: string,
  bucket: UsageBucket,
  timeZone = "UTC",
  retention: Retention = defaultRetention,
) =>
  planWindow(
    bucketBounds({ from: Date.parse(from), to: Date.parse(to) }, bucket, timeZone, 10_000),
    retention,
    now,
  ).map(({ source, from, to }) => `${source} ${short(from)} ${short(to)}`);
const short = (time: number) => new Date(time).toISOString().replace(/(:00)?\.000Z$/, "");

describe("pieces of a window", () => {
  test("whole days of UTC are read as days", () => {
    expect(plan("2026-11-01T00:00Z", "2026-11-20T00:00Z", "DAY")).toEqual(["days 2026-11-01T00:00 2026-11-20T00:00"]);
  });

  test("days of another zone are read as quarters of an hour", () => {
    expect(plan("2026-10-31T23:00Z", "2026-11-19T23:00Z", "DAY", "Europe/Berlin")).toEqual([
      "hours 2026-10-31T23:00 2026-11-19T23:00",
    ]);
  });

  test("months of another zone are days in the middle and quarters at the edges", () => {
    expect(plan("2026-08-31T22:00Z", "2026-10-31T23:00Z", "MONTH", "Europe/Berlin")).toEqual([
      "hours 2026-08-31T22:00 2026-09-01T00:00",
      "days 2026-09-01T00:00 2026-09-30T00:00",
      "hours 2026-09-30T00:00 2026-10-01T00:00",
      "days 2026-10-01T00:00 2026-10-31T00:00",
      "hours 2026-10-31T00:00 2026-10-31T23:00",
    ]);
  });

  test("odd edges are read ever finer, down to single events", () => {
    expect(plan("2026-11-19T21:14:30.500Z", "2026-11-21T00:16:01Z", "TOTAL")).toEqual([
      "raw 2026-11-19T21:14:30.500Z 2026-11-19T21:15",
      "hours 2026-11-19T21:15 2026-11-20T00:00",
      "days 2026-11-20T00:00 2026-11-21T00:00",
      "hours 2026-11-21T00:00 2026-11-21T00:15",
      "minutes 2026-11-21T00:15 2026-11-21T00:16",
      "raw 2026-11-21T00:16 2026-11-21T00:16:01",
    ]);
  });

  test("minutes older than their rows are counted from single events", () => {
    expect(plan("2026-11-01T00:00Z", "2026-11-01T00:10Z", "MINUTE")).toEqual(["raw 2026-11-01T00:00 2026-11-01T00:10"]);
  });

  test("a window may reach into the future", () => {
    expect(plan("2026-11-22T00:00Z", "2026-12-01T00:00Z", "DAY")).toEqual(["days 2026-11-22T00:00 2026-12-01T00:00"]);
  });

  test("where a coarse tier is kept for a shorter time, finer ones stand in", () => {
    const retention = { ...defaultRetention, daysMs: day, hoursMs: 2 * day };
    expect(plan("2026-11-19T00:00Z", "2026-11-23T00:00Z", "DAY", "UTC", retention)).toEqual([
      "minutes 2026-11-19T00:00 2026-11-20T12:45",
      "hours 2026-11-20T12:45 2026-11-22T00:00",
      "days 2026-11-22T00:00 2026-11-23T00:00",
    ]);
  });
});

describe("what is not kept is refused with what to ask instead", () => {
  test("days of another zone, older than quarters of an hour", () => {
    expect(() => plan("2026-05-31T22:00Z", "2026-06-30T22:00Z", "DAY", "Europe/Berlin")).toThrow(
      /begins or ends at 2026-05-31T22:00:00\.000Z.*only days of UTC are kept.*timeZone "UTC".*2026-06-01T00:00:00\.000Z.*quarters of an hour since 2026-08-24T12:45/,
    );
  });

  test("a window that begins between quarters of an hour", () => {
    expect(() => plan("2026-10-01T10:05Z", "2026-10-02T00:00Z", "TOTAL")).toThrow(
      /2026-10-01T10:05:00\.000Z.*only quarters of an hour.*2026-10-01T10:00:00\.000Z or 2026-10-01T10:15:00\.000Z/,
    );
  });

  test("before everything", () => {
    expect(() => plan("2016-01-01T00:00Z", "2026-10-02T00:00Z", "MONTH")).toThrow(
      /Nothing is kept from before 2021-11-24T00:00:00\.000Z/,
    );
  });
});

const duration = fc.integer({ min: 1, max: 60 }).map((days) => days * day);
const retention = fc.record({ rawMs: duration, minutesMs: duration, hoursMs: duration, daysMs: duration });
const window = fc
  .record({
    from: fc.oneof(fc.integer({ min: now - 65 * day, max: now }), fc.integer({ min: -65, max: 0 }).map(midnights)),
    length: fc.oneof(
      fc.integer({ min: 1, max: 3 * day }),
      fc.integer({ min: 1, max: 30 }).map((days) => days * day),
    ),
    bucket: fc.constantFrom<UsageBucket>("HOUR", "DAY", "MONTH", "TOTAL"),
    timeZone: fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"),
  })
  .map(({ from, length, bucket, timeZone }) => bucketBounds({ from, to: from + length }, bucket, timeZone, 10_000));

function midnights(days: number): number {
  return Math.floor(now / day + days) * day;
}

describe("all windows and retentions", () => {
  test("pieces cover the window exactly once, and lie within what is kept", () => {
    let planned = 0;
    fc.assert(
      fc.property(window, retention, (bounds, kept) => {
        const pieces = planOrNull(bounds, kept);
        if (!pieces) return;
        planned += 1;
        expect(pieces[0]?.from).toBe(bounds[0]);
        expect(pieces.at(-1)?.to).toBe(bounds.at(-1));
        for (const [index, piece] of pieces.entries()) {
          expect(piece.from).toBeLessThan(piece.to);
          expect(piece.from).toBeGreaterThanOrEqual(keptSince(kept, now)[piece.source]);
          const next = pieces[index + 1];
          if (!next) continue;
          expect(next.from).toBe(piece.to);
          expect(next.source).not.toBe(piece.source);
        }
      }),
      { numRuns: 500 },
    );
    expect(planned).toBeGreaterThan(50);
  });

  test("no slot of a piece belongs to two buckets", () => {
    fc.assert(
      fc.property(window, retention, (bounds, kept) => {
        for (const { source, from, to } of planOrNull(bounds, kept) ?? []) {
          if (source === "raw") continue;
          const { slotMs } = tiers[source];
          const cuts = [from, to, ...bounds.filter((bound) => bound > from && bound < to)];
          for (const cut of cuts) expect(cut % slotMs).toBe(0);
        }
      }),
    );
  });

  test("it is refused exactly when something of the window is not kept finely enough", () => {
    fc.assert(
      fc.property(window, retention, (bounds, kept) => {
        const since = keptSince(kept, now);
        const isKept = bounds.slice(0, -1).every((start, index) => {
          return isCovered(start, bounds[index + 1] as number, since);
        });
        expect(planOrNull(bounds, kept) !== null).toBe(isKept);
      }),
      { numRuns: 300 },
    );
  });
});

/** Whether every part of a bucket is within a whole slot of the bucket, or after the beginning of the raw events. */
function isCovered(start: number, end: number, since: ReturnType<typeof keptSince>): boolean {
  const covered = (["days", "hours", "minutes"] as const).map((tier) => {
    const { slotMs } = tiers[tier];
    return [Math.max(Math.ceil(start / slotMs) * slotMs, since[tier]), Math.floor(end / slotMs) * slotMs] as const;
  });
  let at = start;
  for (;;) {
    if (at >= end || at >= since.raw) return true;
    const furthest = Math.max(...covered.map(([from, to]) => (from <= at ? to : at)));
    if (furthest <= at) return false;
    at = furthest;
  }
}

function planOrNull(bounds: Float64Array, kept: Retention): Piece[] | null {
  try {
    return planWindow(bounds, kept, now);
  } catch (error) {
    if (error instanceof BadUserInputError) return null;
    throw error;
  }
}
