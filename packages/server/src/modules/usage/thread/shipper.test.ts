import fc from "fast-check";
import { type Collection, type Db, MongoNetworkError } from "mongodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestMongo, type TestMongo } from "../../../testing/mongo.js";
import { collectionsOf, type UsageCollections } from "../storage/documents.js";
import { applyRows, rowUpdates } from "../storage/rows.js";
import type { UsageEvent } from "../usage-event.js";
import { shipSegment } from "./shipper.js";

const noon = Date.parse("2026-11-22T12:00:00Z");
/** A shipment at noon that can tell all events from their copies. */
const atNoon = { now: new Date(noon), tellableSince: 0 };
const keys = ["key_a", "key_b", "key_c"];

let mongo: TestMongo;
beforeAll(async () => {
  mongo = await openTestMongo();
});
afterAll(() => mongo.close());

/** What happens to one call to MongoDB: nothing bad, it never arrives, or it arrives and the answer is lost. */
type Fault = "none" | "before" | "after";

/** Safeguards that a test switches off, to see what they are for. */
interface Off {
  readonly uniqueIds?: boolean;
  readonly guards?: boolean;
}

/** A collection whose every write may fail, before or after it took effect, as `next` says. */
function faulty<Document extends object>(collection: Collection<Document>, next: () => Fault, off: Off) {
  const write = async (call: () => Promise<unknown>): Promise<unknown> => {
    const fault = next();
    if (fault === "before") throw new MongoNetworkError("the request was lost");
    const result = await call().then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error;
      },
    );
    if (fault === "after") throw new MongoNetworkError("the answer was lost");
    return result();
  };
  return new Proxy(collection, {
    get(target, name, receiver) {
      if (name === "insertMany") {
        return (documents: Document[], options: object) =>
          write(() => target.insertMany((off.uniqueIds ? documents.map(anonymous) : documents) as never, options));
      }
      if (name === "bulkWrite") {
        return (updates: never[], options: object) =>
          write(() => target.bulkWrite((off.guards ? updates.map(unguarded) : updates) as never, options));
      }
      if (name === "updateOne") {
        return (...given: Parameters<typeof target.updateOne>) => write(() => target.updateOne(...given));
      }
      const value: unknown = Reflect.get(target, name, receiver);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const anonymous = (document: object) => ({ ...document, _id: undefined });
const unguarded = (update: { updateOne: { filter: { _id: string } } }) => ({
  updateOne: { ...update.updateOne, filter: { _id: update.updateOne.filter._id } },
});

function faultyCollections(db: Db, next: () => Fault, off: Off): UsageCollections {
  const { events, rows, segments, ...others } = collectionsOf(db);
  return {
    events: faulty(events, next, off) as never,
    rows: {
      minutes: faulty(rows.minutes, next, off) as never,
      hours: faulty(rows.hours, next, off) as never,
      days: faulty(rows.days, next, off) as never,
    },
    segments: faulty(segments, next, off) as never,
    ...others,
  };
}

interface Story {
  /** The segments of two servers; a number names an event, so that a repetition is a duplicate. */
  readonly spools: readonly (readonly (readonly number[])[])[];
  readonly faults: readonly Fault[];
}

const stories: fc.Arbitrary<Story> = fc.record({
  spools: fc.array(fc.array(fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 12 }), { maxLength: 3 }), {
    minLength: 1,
    maxLength: 2,
  }),
  faults: fc.array(fc.constantFrom<Fault>("none", "none", "before", "after"), { maxLength: 60 }),
});

const eventOf = (number: number): UsageEvent & { tenantId: string } => ({
  id: `event-${number}`,
  at: noon + number * 37_000,
  tenantId: "ten_a",
  keyId: keys[number % keys.length],
  code: number % 5 === 0 ? "REVOKED" : "VALID",
  cost: number % 5 === 0 ? 0 : number,
  source: "SDK",
});

/** Ships every segment until it succeeds, two servers at a time, and adds up what the rows of each tier say. */
async function countAfter({ spools, faults }: Story, off: Off = {}): Promise<Record<string, unknown>> {
  const db = mongo.db("shipper");
  const left = [...faults];
  const collections = faultyCollections(db, () => left.shift() ?? "none", off);
  await Promise.all(
    spools.map(async (segments, spool) => {
      for (const [index, numbers] of segments.entries()) {
        const segment = { spool: `spool${spool}`, number: index + 1 };
        for (let done = false; !done; ) {
          await shipSegment(collections, segment, numbers.map(eventOf), atNoon).then(
            () => {
              done = true;
            },
            (error: unknown) => {
              if (!(error instanceof MongoNetworkError)) throw error;
            },
          );
        }
      }
    }),
  );
  const { events, rows } = collectionsOf(db);
  return {
    events: await events.countDocuments(),
    minutes: await sums(rows.minutes as never),
    hours: await sums(rows.hours as never),
    days: await sums(rows.days as never),
  };
}

interface Row {
  readonly keyId: string;
  readonly code: string;
  readonly count: Record<string, number>;
  readonly cost?: Record<string, number>;
}

async function sums(collection: Collection): Promise<Record<string, [count: number, cost: number]>> {
  const all: Record<string, [number, number]> = {};
  for (const row of (await collection.find().toArray()) as unknown as Row[]) {
    const name = `${row.keyId} ${row.code}`;
    all[name] ??= [0, 0];
    all[name][0] += total(row.count);
    all[name][1] += total(row.cost ?? {});
  }
  return all;
}

const total = (slots: Record<string, number>) => Object.values(slots).reduce((sum, value) => sum + value, 0);

/** What must come out, by a count that knows nothing of segments. */
function expectedOf({ spools }: Story): Record<string, unknown> {
  const numbers = [...new Set(spools.flat(2))];
  const all: Record<string, [number, number]> = {};
  for (const { keyId, code, cost } of numbers.map(eventOf)) {
    const name = `${keyId} ${code}`;
    all[name] ??= [0, 0];
    all[name][0] += 1;
    all[name][1] += cost;
  }
  return { events: numbers.length, minutes: all, hours: all, days: all };
}

describe("shipping the spool", () => {
  test("counts each event once, whatever is lost, repeated or sent by two servers at once", async () => {
    await fc.assert(
      fc.asyncProperty(stories, async (story) => {
        expect(await countAfter(story)).toEqual(expectedOf(story));
      }),
      { numRuns: 60 },
    );
  });

  const retried: Story = { spools: [[[1, 2, 3]]], faults: ["none", "none", "none", "after"] };
  const lostInsert: Story = { spools: [[[1, 2, 3]]], faults: ["after"] };

  test("an answer that was lost after the insert makes events neither lost nor double", async () => {
    expect(await countAfter(lostInsert)).toEqual(expectedOf(lostInsert));
  });

  test("without unique ids, events would be counted twice", async () => {
    expect(await countAfter(lostInsert, { uniqueIds: true })).not.toEqual(expectedOf(lostInsert));
  });

  test("without the rows' memory of segments, events would be counted twice", async () => {
    expect(await countAfter(retried)).toEqual(expectedOf(retried));
    expect(await countAfter(retried, { guards: true })).not.toEqual(expectedOf(retried));
  });

  test("says how many events were new and of whom, and how many had been counted before", async () => {
    const collections = collectionsOf(mongo.db("shipper"));
    const ship = (number: number, numbers: number[]) =>
      shipSegment(collections, { spool: "s", number }, numbers.map(eventOf), atNoon);
    expect(await ship(1, [1, 2, 5])).toMatchObject({
      duplicates: 0,
      tooOld: 0,
      counts: { ten_a: { VALID: 2, REVOKED: 1 } },
    });
    expect(await ship(2, [2, 2, 7])).toMatchObject({ duplicates: 2, tooOld: 0, counts: { ten_a: { VALID: 1 } } });
    expect(await collections.segments.find().sort({ _id: 1 }).toArray()).toMatchObject([
      { _id: "s.1", events: 3, duplicates: 0 },
      { _id: "s.2", events: 3, duplicates: 2 },
    ]);
  });

  test("every row can be made again from the raw events", async () => {
    const [before, after] = [collectionsOf(mongo.db("shipper")), collectionsOf(mongo.db("shipper"))];
    for (let number = 1; number <= 3; number++) {
      const numbers = Array.from({ length: 40 }, (_, index) => index * number);
      await shipSegment(before, { spool: "s", number }, numbers.map(eventOf), atNoon);
    }
    const raw = (await before.events.find().toArray()).map(({ _id, at, ...event }) => ({ ...event, at: at.getTime() }));
    await applyRows(after, rowUpdates(raw, "again", 1));
    for (const tier of ["minutes", "hours", "days"] as const) {
      const [counted, again] = [before, after].map(({ rows }) =>
        rows[tier].find({}, { projection: { applied: 0 }, sort: { _id: 1 } }).toArray(),
      );
      expect(await again).toEqual(await counted);
    }
  });

  test("a report that waited too long to be told from its copies is not counted, and is said to be lost", async () => {
    const collections = collectionsOf(mongo.db("shipper"));
    const [old, fresh, verified] = [
      eventOf(1),
      eventOf(2),
      { ...eventOf(1), id: undefined, source: "SERVER" as const },
    ];
    const time = { ...atNoon, tellableSince: fresh.at };
    const shipped = await shipSegment(collections, { spool: "s", number: 1 }, [old, fresh, verified], time);
    expect(shipped).toMatchObject({ duplicates: 0, tooOld: 1, counts: { ten_a: { VALID: 2 } } });
    expect(await collections.events.countDocuments()).toBe(2);
  });

  test("a report that grew too old between two attempts is counted to its end, and by nobody twice", async () => {
    const db = mongo.db("shipper");
    const segment = { spool: "s", number: 1 };
    const faults: Fault[] = ["none", "before"]; // the events are inserted; their rows are not raised
    const first = shipSegment(
      faultyCollections(db, () => faults.shift() ?? "none", {}),
      segment,
      [eventOf(1)],
      atNoon,
    );
    await expect(first).rejects.toThrow(MongoNetworkError);
    const later = { now: new Date(noon), tellableSince: Number.POSITIVE_INFINITY };
    const collections = collectionsOf(db);
    const one = { duplicates: 0, tooOld: 0, counts: { ten_a: { VALID: 1 } } };
    expect(await shipSegment(collections, segment, [eventOf(1)], later)).toMatchObject(one);
    expect(await sums(collections.rows.days as never)).toEqual({ "key_b VALID": [1, 1] });
    const copy = await shipSegment(collections, { spool: "t", number: 1 }, [eventOf(1)], later);
    expect(copy).toMatchObject({ duplicates: 1, tooOld: 0, counts: {}, counted: [] });
  });

  test("the same id of two tenants names two events", async () => {
    const collections = collectionsOf(mongo.db("shipper"));
    const events = ["ten_a", "ten_b"].map((tenantId) => ({ ...eventOf(1), tenantId }));
    const { duplicates } = await shipSegment(collections, { spool: "s", number: 1 }, events, atNoon);
    expect(duplicates).toBe(0);
  });

  test("an unknown key of nobody's tenant is in the call log and in no count", async () => {
    const collections = collectionsOf(mongo.db("shipper"));
    const event = { ...eventOf(1), tenantId: undefined, keyId: undefined, id: undefined, code: "NOT_FOUND" as const };
    const shipped = await shipSegment(collections, { spool: "s", number: 1 }, [event], atNoon);
    expect(shipped).toEqual({ duplicates: 0, tooOld: 0, counts: {}, counted: [] });
    expect(await collections.events.countDocuments()).toBe(1);
    expect(await collections.rows.days.countDocuments()).toBe(0);
  });
});
