import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BadUserInputError } from "../../../platform/errors.js";
import { openTestMongo, type TestMongo } from "../../../testing/mongo.js";
import { collectionsOf, type EventDocument, type UsageCollections } from "../storage/documents.js";
import { defaultRetention } from "../storage/tiers.js";
import { eventDocument, now, usageEvent } from "../test-helpers/random-usage.js";
import type { UsageEvent } from "../usage-event.js";
import { countEvents, findEvents } from "./call-log.js";
import type { EventFilter, EventsQuestion } from "./questions.js";

const kept = { now, retention: defaultRetention };
let mongo: TestMongo;

beforeAll(async () => {
  mongo = await openTestMongo();
});
afterAll(() => mongo.close());

async function logOf(events: readonly UsageEvent[]): Promise<UsageCollections> {
  const collections = collectionsOf(mongo.db("call-log"));
  if (events.length > 0)
    await collections.events.insertMany(events.map((event, line) => eventDocument(event, `s:${line}`)));
  return collections;
}

const question: EventsQuestion = { tenantId: "ten_own", filter: {}, after: null, take: 100 };
const ids = (events: readonly EventDocument[]) => events.map(({ _id }) => _id);

/** Many at the same instant: then the id decides. */
const crowded = usageEvent.chain((event) => {
  return fc.integer({ min: 0, max: 3 }).map((second) => ({ ...event, at: now - second * 1_000 }));
});

describe("the call log", () => {
  test.for([false, true])(
    "comes newest first, or oldest first (%s), page by page, each event once",
    async (isOldestFirst) => {
      await fc.assert(
        fc.asyncProperty(fc.array(crowded, { maxLength: 40 }), fc.integer({ min: 1, max: 7 }), async (events, take) => {
          const collections = await logOf(events);
          const seen: EventDocument[] = [];
          const filter = { from: now - 2_000, to: now };
          let after: EventsQuestion["after"] = null;
          for (;;) {
            const page = await findEvents(collections, { ...question, filter, after, take, isOldestFirst }, kept);
            seen.push(...page);
            const last = page.at(-1);
            if (!last) break;
            expect(page.length).toBeLessThanOrEqual(take);
            after = { at: last.at.getTime(), id: last._id };
          }
          const expected = events
            .map((event, line) => eventDocument(event, `s:${line}`))
            .filter(({ tenantId, at }) => tenantId === "ten_own" && at.getTime() >= now - 2_000 && at.getTime() < now)
            .sort((a, b) => b.at.getTime() - a.at.getTime() || (a._id < b._id ? 1 : -1));
          expect(seen).toEqual(isOldestFirst ? expected.reverse() : expected);
        }),
        { numRuns: 15, endOnFailure: true },
      );
    },
  );

  const base: UsageEvent = { at: now, tenantId: "ten_own", code: "VALID", cost: 1, source: "SERVER" };
  const different: readonly UsageEvent[] = [
    { ...base, keyId: "key_a", tags: ["a", "b"] },
    { ...base, at: now - 1, userId: "usr_a", code: "REVOKED" },
    { ...base, at: now - 2, api: "v1", ip: "192.0.2.1", source: "SDK" },
    { ...base, at: now - 3, start: "kp_live_abcd", code: "NOT_FOUND", tags: ["b"] },
  ];

  test.each<[EventFilter, number[]]>([
    [{}, [0, 1, 2, 3]],
    [{ keyIds: ["key_a"] }, [0]],
    [{ userIds: ["usr_a", "usr_b"] }, [1]],
    [{ apis: ["v1"] }, [2]],
    [{ tags: ["b"] }, [0, 3]],
    [{ codes: ["REVOKED", "NOT_FOUND"] }, [1, 3]],
    [{ valid: true }, [0, 2]],
    [{ valid: false }, [1, 3]],
    [{ valid: false, codes: ["VALID", "REVOKED"] }, [1]],
    [{ ips: ["192.0.2.1"] }, [2]],
    [{ ips: ["::ffff:192.0.2.1"] }, [2]],
    [{ ips: ["::FFFF:c000:201", "192.0.2.9"] }, [2]],
    [{ ips: ["no address"] }, []],
    [{ starts: ["kp_live_abcd"] }, [3]],
    [{ sources: ["SDK"] }, [2]],
    [{ from: now - 2, to: now }, [1, 2]],
    [{ keyIds: [] }, []],
    [{ keyIds: ["key_a"], valid: false }, []],
  ])("filter %j", async (filter, lines) => {
    const collections = await logOf(different);
    expect(ids(await findEvents(collections, { ...question, filter }, kept))).toEqual(lines.map((line) => `s:${line}`));
  });

  test("an address is found by every spelling of it, and by its own where an older server has kept it as it was given", async () => {
    const collections = await logOf([
      { ...base, ip: "2001:db8::1" },
      { ...base, at: now - 1, ip: "2001:DB8:0::1" },
    ]);
    const of = async (ip: string) => ids(await findEvents(collections, { ...question, filter: { ips: [ip] } }, kept));
    for (const ip of ["2001:db8::1", "2001:db8:0:0:0:0:0:1", "2001:db8::1%eth0"]) expect(await of(ip)).toEqual(["s:0"]);
    expect(await of("2001:DB8:0::1")).toEqual(["s:0", "s:1"]);
  });

  test("another tenant's events cannot be reached, by no filter and no place", async () => {
    const collections = await logOf(different.map((event) => ({ ...event, tenantId: "ten_other" })));
    const filters: EventFilter[] = [
      {},
      { keyIds: ["key_a"] },
      { valid: true },
      { from: now - 86_400_000, to: now + 1 },
      { tags: ["a", "b"] },
    ];
    for (const filter of filters) {
      for (const after of [null, { at: now, id: "t" }]) {
        expect(await findEvents(collections, { ...question, filter, after }, kept)).toEqual([]);
        expect(await findEvents(collections, { ...question, tenantId: null, filter, after }, kept)).toEqual([]);
      }
    }
  });

  test("null as tenant finds exactly the events without one", async () => {
    const collections = await logOf([base, { ...base, tenantId: undefined }]);
    expect(ids(await findEvents(collections, { ...question, tenantId: null }, kept))).toEqual(["s:1"]);
  });

  test("is counted whatever the page, and never with another tenant's events", async () => {
    const collections = await logOf([
      ...different,
      { ...base, tenantId: "ten_other" },
      { ...base, tenantId: undefined },
    ]);
    const page = { ...question, after: { at: now - 1, id: "s:1" }, take: 1 };
    expect(await countEvents(collections, page, kept)).toBe(4);
    expect(await countEvents(collections, { ...page, filter: { valid: false, from: now - 2 } }, kept)).toBe(1);
    expect(await countEvents(collections, { ...page, tenantId: null }, kept)).toBe(1);
  });

  test("what goes back further than single events are kept is refused: an answer that lacks some would look whole", async () => {
    const collections = await logOf(different);
    const of = (filter: EventFilter) => findEvents(collections, { ...question, filter }, kept);
    const month = 30 * 86_400_000;
    for (const filter of [{ from: now - month - 3_600_000 }, { to: now - 2 * month }]) {
      await expect(of(filter)).rejects.toThrow(/Single events are kept since/);
      await expect(countEvents(collections, { ...question, filter }, kept)).rejects.toThrow(BadUserInputError);
    }
    expect(ids(await of({ from: now - month }))).toHaveLength(4);
  });

  test("a page of nothing is empty, not everything", async () => {
    expect(await findEvents(await logOf(different), { ...question, take: 0 }, kept)).toEqual([]);
  });
});
