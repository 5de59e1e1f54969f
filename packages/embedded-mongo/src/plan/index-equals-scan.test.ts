import fc from "fast-check";
import type { Document } from "mongodb";
import { afterAll, expect, test } from "vitest";
import { type AnyCollection, closeShared, freshCollection } from "../testing/test-server.js";

afterAll(closeShared);

const value = fc.oneof(
  fc.integer({ min: 0, max: 4 }),
  fc.constantFrom(null, "a", "b", true, 1.5),
  fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
);
const scalar = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom(null, "a", "b", true, 1.5));
const doc = fc.record({ a: value, b: scalar, c: fc.record({ d: scalar }, { requiredKeys: [] }) }, { requiredKeys: [] });
const condition = fc.oneof(
  scalar,
  fc.record({ $gt: scalar }),
  fc.record({ $gte: scalar, $lt: scalar }),
  fc.record({ $lte: scalar }),
  fc.record({ $in: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ $ne: scalar }),
  fc.record({ $exists: fc.boolean() }),
);
const filter = fc.record(
  {
    a: condition,
    b: condition,
    "c.d": condition,
    _id: fc.oneof(fc.record({ $gte: fc.nat(20) }), fc.record({ $in: fc.array(fc.nat(20), { maxLength: 3 }) })),
  },
  { requiredKeys: [] },
);
const direction = fc.constantFrom(1 as const, -1 as const);
const index = fc.uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c.d"), direction), {
  selector: ([path]) => path,
  minLength: 1,
  maxLength: 3,
});
const sort = fc.uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c.d"), direction), {
  selector: ([path]) => path,
  maxLength: 2,
});

const ids = async (
  c: AnyCollection,
  query: Document,
  order: (readonly [string, 1 | -1])[],
  limit: number,
): Promise<unknown[]> =>
  (
    await c
      .find(query)
      .sort([...order, ["_id", 1]] as [string, 1 | -1][])
      .limit(limit)
      .toArray()
  ).map(({ _id }) => _id);

test("a query gives the same documents in the same order with and without an index", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(doc, { minLength: 1, maxLength: 20 }),
      fc.array(fc.tuple(filter, sort, fc.constantFrom(0, 3)), { minLength: 3, maxLength: 8 }),
      fc.array(fc.tuple(index, fc.boolean()), { minLength: 1, maxLength: 3 }),
      async (docs, queries, indexes) => {
        const scanned = await freshCollection();
        const indexed = await freshCollection();
        const given = docs.map((one, _id) => ({ _id, ...one }));
        await scanned.insertMany(given);
        // One index exists before the documents, the others are built from them.
        const [first, ...later] = indexes;
        if (first) await indexed.createIndex(Object.fromEntries(first[0]), { sparse: first[1] }, {});
        await indexed.insertMany(given);
        for (const [i, [keys, sparse]] of later.entries())
          await indexed
            .createIndex(Object.fromEntries(keys), { sparse, name: `later_${i}` }, {})
            .catch(() => undefined);
        for (const [query, order, limit] of queries) {
          expect(await ids(indexed, query, order, limit)).toEqual(await ids(scanned, query, order, limit));
          expect(await indexed.countDocuments(query)).toBe(await scanned.countDocuments(query));
        }
        await scanned.drop();
        await indexed.drop();
      },
    ),
    { numRuns: 30 },
  );
});

test("a range on a compound index with a prefix comes in the order of the rest, in both directions", async () => {
  const c = await freshCollection();
  await c.createIndex({ t: 1, at: -1, _id: -1 }, {}, {});
  await c.insertMany(
    Array.from({ length: 300 }, (_, i) => ({
      _id: `k${String(i).padStart(3, "0")}`,
      t: `t${i % 3}`,
      at: new Date(Math.floor(i / 10)),
    })),
  );
  const all = await c.find().toArray();
  const expected = (tenants: string[], sign: 1 | -1): unknown[] =>
    all
      .filter(({ t, at }) => tenants.includes(t) && at.getTime() >= 5 && at.getTime() < 25)
      .toSorted((x, y) => sign * (x.at - y.at) || sign * (x._id < y._id ? -1 : 1))
      .slice(0, 40)
      .map(({ _id }) => _id);
  for (const sign of [1, -1] as const) {
    for (const tenants of [["t1"], ["t0", "t2"]]) {
      const query = { t: { $in: tenants }, at: { $gte: new Date(5), $lt: new Date(25) } };
      const found = await c.find(query).sort({ at: sign, _id: sign }).limit(40).toArray();
      expect(found.map(({ _id }) => _id)).toEqual(expected(tenants, sign));
    }
  }
});
