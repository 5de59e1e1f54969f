import type { VerdictCode } from "@keyplane/schema";
import fc from "fast-check";
import {
  type UsageBucket,
  type UsageDimension,
  type UsageFilter,
  type UsageOrder,
  type UsageQuestion,
  usageBuckets,
  usageDimensions,
  usageOrders,
} from "../reports/questions.js";
import type { EventDocument, UsageCollections } from "../storage/documents.js";
import { applyRows, rowUpdates } from "../storage/rows.js";
import type { Retention } from "../storage/tiers.js";
import type { UsageEvent } from "../usage-event.js";

/** Random usage and random questions about it, for tests. */

export const now = Date.parse("2026-04-06T09:10:11.123Z");
const day = 86_400_000;

const keyIds = ["key_a", "key_b", "key_c"];
const userIds = ["usr_a", "usr_b"];
const apis = ["orders/v1", 'a","b', "größe.$x"];
const codes: VerdictCode[] = ["VALID", "VALID", "REVOKED", "RATE_LIMITED"];
const tags = ["eu", "beta", 'x","y'];
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });

/** Within the week before `now`, in which Lord Howe's clock is changed, and often at the very edge of a minute or an hour. */
const instant = fc.oneof(
  fc.integer({ min: now - 6 * day, max: now }),
  fc.tuple(fc.integer({ min: 1, max: 6 * 24 }), fc.constantFrom(-1, 0, 1, 59_999, 60_000)).map(([hours, offset]) => {
    return Math.floor(now / 3_600_000 - hours) * 3_600_000 + offset;
  }),
);

const eventAt = (at: fc.Arbitrary<number>): fc.Arbitrary<UsageEvent> =>
  fc.record({
    at,
    tenantId: fc.constantFrom("ten_own", "ten_own", "ten_own", "ten_other", undefined),
    keyId: optional(fc.constantFrom(...keyIds)),
    userId: optional(fc.constantFrom(...userIds)),
    api: optional(fc.constantFrom(...apis)),
    code: fc.constantFrom(...codes),
    cost: fc.constantFrom(0, 1, 1, 25, 2 ** 40),
    tags: optional(fc.subarray(tags).map((some) => [...some].sort())),
    latencyMs: optional(fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 20_000, noNaN: true }))),
    meters: optional(
      fc.dictionary(fc.constantFrom("tokens", "bytes.in", "__proto__x", ""), fc.integer({ min: 0, max: 2 ** 40 })),
    ),
    source: fc.constantFrom("SERVER" as const, "SDK" as const),
  });

export const usageEvent = eventAt(instant);

const listOf = <Value>(values: readonly Value[]) => optional(fc.subarray([...new Set(values)]));
const usageFilter: fc.Arbitrary<UsageFilter> = fc.record(
  {
    keyIds: listOf([...keyIds, "key_unused"]),
    userIds: listOf([...userIds, "usr_unused"]),
    apis: listOf(apis),
    codes: listOf<VerdictCode>([...codes, "EXPIRED"]),
    tags: listOf(tags),
    valid: optional(fc.boolean()),
  },
  { requiredKeys: [] },
);

const twoOf = (at: fc.Arbitrary<number>) =>
  fc.uniqueArray(at, { minLength: 2, maxLength: 2 }).map((both) => both.sort((a, b) => a - b));

const questionAbout = (at: fc.Arbitrary<number>, buckets: readonly UsageBucket[]): fc.Arbitrary<UsageQuestion> =>
  fc
    .record({
      tenantId: fc.constant("ten_own"),
      window: twoOf(at),
      bucket: fc.constantFrom(...buckets),
      timeZone: fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago"),
      groupBy: fc.shuffledSubarray(Object.keys(usageDimensions) as UsageDimension[]),
      filter: fc.oneof(fc.constant({}), usageFilter),
      limit: fc.constantFrom(1, 3, 1_000),
      orderBy: fc.constantFrom(...(Object.keys(usageOrders) as UsageOrder[])),
      wants: fc.record({ points: fc.boolean(), latency: fc.boolean(), meters: fc.boolean() }),
    })
    .map(({ window, ...question }) => {
      const [from, to] = window as [number, number];
      // A week has more minutes than a plain count wants to go through for every series.
      return { ...question, from: question.bucket === "MINUTE" ? Math.max(from, to - 3_600_000) : from, to };
    });

export const usageQuestion = questionAbout(instant, Object.keys(usageBuckets) as UsageBucket[]);

/** Within three years before `now`, often around the beginning of a month somewhere. */
const longAgo = fc.oneof(
  fc.integer({ min: now - 3 * 365 * day, max: now }),
  fc.tuple(fc.integer({ min: 0, max: 35 }), fc.integer({ min: -14 * 4, max: 14 * 4 })).map(([months, quarters]) => {
    return Date.UTC(2023, 5 + months, 1) + quarters * 15 * 60_000;
  }),
);
export const longAgoEvent = eventAt(longAgo);
export const longQuestion = questionAbout(longAgo, ["MONTH", "DAY", "TOTAL"]);

/** As by default, but for ever: months of any time zone, years back, are then read from rows of every tier. */
export const longRetention: fc.Arbitrary<Retention> = fc.record({
  rawMs: fc.constant(4 * 365 * day),
  minutesMs: fc.integer({ min: 0, max: 4 * 365 * day }),
  hoursMs: fc.integer({ min: 0, max: 4 * 365 * day }),
  daysMs: fc.integer({ min: 0, max: 4 * 365 * day }),
});

/** Rows of every tier are kept for some days or not at all; raw events for long, so that no question is refused. */
export const usageRetention: fc.Arbitrary<Retention> = fc.record({
  rawMs: fc.constant(30 * day),
  minutesMs: fc.integer({ min: 0, max: 10 * day }),
  hoursMs: fc.integer({ min: 0, max: 10 * day }),
  daysMs: fc.integer({ min: 0, max: 10 * day }),
});

/** Stores events as a server does: each once as it is, and in the rows. */
export async function storeUsage(collections: UsageCollections, events: readonly UsageEvent[]): Promise<void> {
  if (events.length === 0) return;
  await collections.events.insertMany(events.map((event, line) => eventDocument(event, `spool.1:${line}`)));
  await applyRows(collections, rowUpdates(events, "spool", 1));
}

/** @param event without a name of its own: the document has the name given here. */
export function eventDocument({ at, ...event }: UsageEvent, id: string): EventDocument {
  const given = Object.fromEntries(Object.entries(event).filter(([, value]) => value !== undefined));
  return { _id: id, at: new Date(at), ...given, segment: "spool.1", insertedAt: new Date(now) } as EventDocument;
}
