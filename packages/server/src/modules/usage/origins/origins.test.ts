import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestMongo, type TestMongo } from "../../../testing/mongo.js";
import { collectionsOf } from "../storage/documents.js";
import { ensureIndexes } from "../storage/indexes.js";
import { defaultRetention } from "../storage/tiers.js";
import { OriginNotes } from "./origin-notes.js";
import { keysOfManyOrigins, originsOfKey, takeTurn } from "./origins.js";

const minute = 60_000;
const day = 24 * 60 * minute;
/** Of the real day: the store removes what is old by itself. */
const noon = Math.floor(Date.now() / day) * day + day / 2;
const written = new Date(noon);

let mongo: TestMongo;
beforeAll(async () => {
  mongo = await openTestMongo();
});
afterAll(() => mongo.close());

const callOf = (more: object = {}) => ({
  at: noon,
  tenantId: "ten_a",
  keyId: "key_a",
  code: "VALID" as const,
  ip: "192.0.2.1",
  userAgent: "curl/8",
  ...more,
});

async function open() {
  const db = mongo.db("origins");
  await ensureIndexes(db, defaultRetention);
  return collectionsOf(db);
}

describe("from where keys are used", () => {
  test("each place is kept once, whoever notes it and however often; it counts within the window", async () => {
    const collections = await open();
    const calls = [
      callOf(),
      callOf({ ip: "192.0.2.2" }),
      callOf({ ip: "::ffff:192.0.2.2", at: noon - minute }),
      callOf({ ip: "2001:db8:1:2::7" }),
      callOf({ ip: "2001:db8:1:3::7", userAgent: undefined }),
      callOf({ ip: "not an address", userAgent: "wget" }),
      callOf({ ip: undefined, userAgent: undefined }),
      callOf({ code: "REVOKED", ip: "198.51.100.1" }),
      callOf({ keyId: undefined, ip: "198.51.100.2" }),
      callOf({ tenantId: "ten_b", ip: "198.51.100.3" }),
    ];
    for (const notes of [new OriginNotes(collections.origins), new OriginNotes(collections.origins)]) {
      await Promise.all([notes.note(calls, written), notes.note(calls, written)]);
    }
    const question = { tenantId: "ten_a", keyId: "key_a", from: noon - minute, samples: 2 };
    expect(await originsOfKey(collections, question)).toEqual({
      addresses: 4,
      networks: 2,
      userAgents: 2,
      samples: expect.objectContaining({ networks: expect.arrayContaining(["192.0.2.0/24", "2001:db8:1::/48"]) }),
    });
    const many = { tenantId: "ten_a", from: noon - minute, all: true, take: 10 };
    const above = (addresses: number, userAgents: number) => [
      { of: "addresses", max: addresses } as const,
      { of: "userAgents", max: userAgents } as const,
    ];
    expect(await keysOfManyOrigins(collections, { ...many, above: above(3, 1) })).toEqual([
      { keyId: "key_a", addresses: 4, networks: 2, userAgents: 2 },
    ]);
    expect(await keysOfManyOrigins(collections, { ...many, above: above(3, 2) })).toEqual([]);
    expect(await keysOfManyOrigins(collections, { ...many, all: false, above: above(3, 2) })).toHaveLength(1);
    expect(await keysOfManyOrigins(collections, { ...many, above: [] })).toEqual([]);
    expect(await keysOfManyOrigins(collections, { ...many, from: noon + minute, above: above(0, 0) })).toEqual([]);
    expect(await originsOfKey(collections, { ...question, tenantId: "ten_b" })).toMatchObject({ addresses: 1 });
    expect(await originsOfKey(collections, { ...question, keyId: "key_x" })).toMatchObject({ addresses: 0 });
  });

  test("a place is written again after half an hour, and never with an earlier time", async () => {
    const collections = await open();
    const notes = new OriginNotes(collections.origins);
    const lastAt = async () => (await collections.origins.findOne({ kind: "ADDRESS" }))?.lastAt.getTime();
    await notes.note([callOf()], written);
    await notes.note([callOf({ at: noon + 29 * minute })], written);
    expect(await lastAt()).toBe(noon);
    await notes.note([callOf({ at: noon + 30 * minute })], written);
    expect(await lastAt()).toBe(noon + 30 * minute);
    await new OriginNotes(collections.origins).note([callOf({ at: noon - 30 * minute })], written);
    expect(await lastAt()).toBe(noon + 30 * minute);
  });

  test("a key of ever new places is written of up to a bound a day; others are not held up by it", async () => {
    const collections = await open();
    const notes = new OriginNotes(collections.origins);
    const wide = Array.from({ length: 3_100 }, (_, index) => callOf({ ip: `10.1.${index >> 8}.${index & 255}` }));
    await notes.note(wide, written);
    await notes.note([callOf({ keyId: "key_b" })], written);
    const addresses = (keyId: string) => collections.origins.countDocuments({ keyId, kind: "ADDRESS" });
    expect([await addresses("key_a"), await addresses("key_b")]).toEqual([3_000, 1]);
    await notes.note(wide.slice(3_000), new Date(noon + 24 * 60 * minute));
    expect(await addresses("key_a")).toBe(3_100);
  });

  test("what could not be written is written when it is noted again", async () => {
    const collections = await open();
    let fails = true;
    const origins = new Proxy(collections.origins, {
      get(target, name) {
        if (name === "bulkWrite" && fails) return () => Promise.reject(new Error("away"));
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const notes = new OriginNotes(origins);
    await expect(notes.note([callOf()], written)).rejects.toThrow("away");
    fails = false;
    await notes.note([callOf()], written);
    expect(await collections.origins.countDocuments()).toBe(3);
  });

  test("of many who want a turn one gets it, and the next one when its time has come", async () => {
    const collections = await open();
    const take = (now: number) =>
      Promise.all([1, 2, 3, 4].map(() => takeTurn(collections, { what: "x", now, nextAt: now + minute })));
    expect((await take(noon)).filter(Boolean)).toHaveLength(1);
    expect((await take(noon + minute - 1)).filter(Boolean)).toHaveLength(0);
    expect((await take(noon + minute)).filter(Boolean)).toHaveLength(1);
  });
});
