import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { closeShared, freshCollection } from "../testing/test-server.js";

afterAll(closeShared);

interface Item {
  _id: number;
  k: number;
  n?: number;
}
const id = fc.nat(6);
const step = fc.oneof(
  fc.record({ type: fc.constant("insert" as const), _id: id, k: id }),
  fc.record({ type: fc.constant("upsert" as const), _id: id, k: id }),
  fc.record({ type: fc.constant("inc" as const), k: id, by: fc.integer({ min: -2, max: 2 }) }),
  fc.record({ type: fc.constant("replace" as const), _id: id, k: id }),
  fc.record({ type: fc.constant("delete" as const), k: id }),
  fc.record({ type: fc.constant("take" as const), k: id }),
);

test("any sequence of writes leaves what a naive model says, in documents, index and count", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const c = await freshCollection();
      await c.createIndex({ k: 1 }, { unique: true }, {});
      const model = new Map<number, Item>();
      const taken = (k: number, except: number): boolean =>
        [...model.values()].some((item) => item.k === k && item._id !== except);
      const attempt = async (call: Promise<unknown>, allowed: boolean): Promise<void> => {
        const failed = await call.then(
          () => false,
          (error: { code?: number }) => error.code === 11000,
        );
        expect(failed).toBe(!allowed);
      };
      for (const one of steps) {
        switch (one.type) {
          case "insert": {
            const allowed = !model.has(one._id) && !taken(one.k, -1);
            await attempt(c.insertOne({ _id: one._id, k: one.k }), allowed);
            if (allowed) model.set(one._id, { _id: one._id, k: one.k });
            break;
          }
          case "upsert": {
            const allowed = !taken(one.k, one._id);
            await attempt(
              c.updateOne({ _id: one._id }, { $set: { k: one.k }, $inc: { n: 1 } }, { upsert: true }),
              allowed,
            );
            if (allowed)
              model.set(one._id, {
                ...model.get(one._id),
                _id: one._id,
                k: one.k,
                n: (model.get(one._id)?.n ?? 0) + 1,
              });
            break;
          }
          case "inc":
            await c.updateMany({ k: { $gte: one.k } }, { $inc: { n: one.by } });
            for (const item of model.values()) if (item.k >= one.k) item.n = (item.n ?? 0) + one.by;
            break;
          case "replace": {
            const exists = model.has(one._id);
            const allowed = !exists || !taken(one.k, one._id);
            await attempt(c.replaceOne({ _id: one._id }, { k: one.k }), allowed);
            if (exists && allowed) model.set(one._id, { _id: one._id, k: one.k });
            break;
          }
          case "delete":
            expect((await c.deleteMany({ k: one.k })).deletedCount).toBe(
              [...model.values()].filter(({ k }) => k === one.k).length,
            );
            for (const item of model.values()) if (item.k === one.k) model.delete(item._id);
            break;
          case "take": {
            const found = await c.findOneAndDelete({ k: { $lte: one.k } }, { sort: { k: -1 } });
            const expected = [...model.values()].filter(({ k }) => k <= one.k).toSorted((a, b) => b.k - a.k)[0] ?? null;
            expect(found).toEqual(expected);
            if (expected) model.delete(expected._id);
            break;
          }
        }
      }
      const expected = [...model.values()];
      expect(await c.find().sort({ _id: 1 }).toArray()).toEqual(expected.toSorted((a, b) => a._id - b._id));
      expect(
        await c
          .find({ k: { $gte: 0 } })
          .sort({ k: 1 })
          .toArray(),
      ).toEqual(expected.toSorted((a, b) => a.k - b.k));
      expect(await c.estimatedDocumentCount()).toBe(expected.length);
      await c.drop();
    }),
    { numRuns: 30 },
  );
});
