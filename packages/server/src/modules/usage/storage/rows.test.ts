import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { UsageEvent } from "../usage-event.js";
import { latencyIndex } from "./latency-histogram.js";
import { rowId, rowUpdates } from "./rows.js";

const at = Date.parse("2026-11-22T12:34:56.789Z");
const event: UsageEvent = { at, tenantId: "ten_a", keyId: "key_a", code: "VALID", cost: 1, source: "SERVER" };

interface Write {
  readonly filter: unknown;
  readonly update: {
    readonly $inc: Readonly<Record<string, number>>;
    readonly $set: unknown;
    readonly $setOnInsert: { readonly start: Date };
  };
  readonly upsert: boolean;
}

/** The writes of one tier, as MongoDB gets them. */
function writes(events: readonly UsageEvent[], tier: "minutes" | "hours" | "days" = "hours"): Write[] {
  return rowUpdates(events, "spool_1", 7)[tier].map(({ updateOne }) => updateOne as Write);
}

function onlyWrite(events: readonly UsageEvent[], tier?: "minutes" | "hours" | "days"): Write {
  const [write, ...others] = writes(events, tier);
  if (!write || others.length > 0) throw new Error("There should be one write");
  return write;
}

describe("rows of a segment", () => {
  test("an event is counted in one slot of one row of each tier", () => {
    const minute = onlyWrite([event], "minutes");
    expect(minute.update.$inc).toEqual({ "count.34": 1, "cost.34": 1 });
    expect(minute.update.$setOnInsert.start).toEqual(new Date("2026-11-22T12:00Z"));
    const quarter = onlyWrite([event], "hours");
    expect(quarter.update.$inc).toEqual({ "count.50": 1, "cost.50": 1 });
    expect(quarter.update.$setOnInsert.start).toEqual(new Date("2026-11-22T00:00Z"));
    const day = onlyWrite([event], "days");
    expect(Object.keys(day.update.$inc)).toHaveLength(2);
    const slot = Number(Object.keys(day.update.$inc)[0]?.split(".")[1]);
    expect(day.update.$setOnInsert.start.getTime() + slot * 86_400_000).toBe(Date.parse("2026-11-22T00:00Z"));
  });

  test("events of the same dimensions and span are one write", () => {
    const later = { ...event, at: at + 3_600_000, cost: 5 };
    expect(writes([event, event, later])).toHaveLength(1);
    expect(onlyWrite([event, event, later]).update.$inc).toEqual({
      "count.50": 2,
      "cost.50": 2,
      "count.54": 1,
      "cost.54": 5,
    });
  });

  test("latencies and meters are counted by slot, zeros are left out", () => {
    const busy = { ...event, cost: 0, latencyMs: 12.5, meters: { tokens: 1_200, "a.b$": 3, none: 0 } };
    expect(onlyWrite([busy]).update.$inc).toEqual({
      "count.50": 1,
      [`latency.50.${latencyIndex(12.5)}`]: 1,
      "meters.tokens.50": 1_200,
      "meters.a%2eb%24.50": 3,
    });
  });

  test("a write asks that the segment is not counted yet, and marks it counted", () => {
    const write = onlyWrite([event]);
    expect(write.filter).toEqual({ _id: expect.any(String), "applied.spool_1": { $not: { $gte: 7 } } });
    expect(write.update.$set).toEqual({ "applied.spool_1": 7 });
    expect(write.upsert).toBe(true);
  });

  test("absent dimensions are left out of a row", () => {
    expect(Object.keys(onlyWrite([{ ...event, keyId: undefined, tags: [] }]).update.$setOnInsert)).toEqual([
      "tenantId",
      "start",
      "code",
    ]);
  });

  test("an event without a tenant is counted nowhere", () => {
    expect(rowUpdates([{ ...event, tenantId: undefined }], "spool_1", 1)).toEqual({ minutes: [], hours: [], days: [] });
  });

  test("a spool whose id could mean something in a path is refused", () => {
    expect(() => rowUpdates([], "a.b", 1)).toThrow(/spool/);
  });
});

describe("ids of rows", () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('"', "|", ",", "[", "]", "\\", "a", "\0", "null"), maxLength: 8 }),
    fc.string({ unit: "grapheme", maxLength: 400 }),
  );
  const optional = fc.option(text, { nil: undefined });
  const dimensions = fc.record({
    tenantId: text,
    keyId: optional,
    userId: optional,
    api: optional,
    code: fc.constantFrom("VALID" as const, "REVOKED" as const),
    tags: fc.uniqueArray(text, { maxLength: 3 }).map((tags) => tags.sort()),
  });

  test("two rows have the same id exactly when their dimensions and spans are the same", () => {
    const same = fc.tuple(dimensions, dimensions, fc.boolean());
    fc.assert(
      fc.property(same, ([a, b, isOther]) => {
        const [x, y] = [
          { ...event, ...a },
          { ...event, ...(isOther ? b : a) },
        ];
        const isSame = JSON.stringify(a) === JSON.stringify(isOther ? b : a);
        expect(rowId(x, 0) === rowId(y, 0)).toBe(isSame);
        expect(rowId(x, 0)).not.toBe(rowId(x, 3_600_000));
      }),
    );
  });

  test("a text cannot reach into the next part", () => {
    const ids = [
      { api: '","VALID' },
      { api: undefined, tags: ["VALID"] },
      { api: "null" },
      { tags: ['a","b'] },
      { tags: ["a", "b"] },
      { keyId: undefined, userId: "key_a" },
    ].map((odd) => rowId({ ...event, ...odd }, 0));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("a long id is hashed and stays short", () => {
    const long = rowId({ ...event, tags: ["x".repeat(5_000)] }, at);
    expect(long).toMatch(/^\["ten_a","2026-11-22T12","[\w-]{43}"\]$/);
    expect(rowId({ ...event, tags: ["x".repeat(5_001)] }, at)).not.toBe(long);
  });
});
