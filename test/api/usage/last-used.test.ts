import { openTestDatabase } from "../../testkit/database.js";
import { describe, expect, hour, ok, readPage, startServer, TestClock, test, World } from "../../testkit/index.js";

describe("when keys were last used", () => {
  test("is saved by a stop at the latest: lastUsedAt, the filter unusedSince and the order by it are true then", async () => {
    const [database, clock] = [await openTestDatabase(), new TestClock()];
    const first = await startServer({}, { database, clock });
    const world = new World(first);
    const { tenant, owner, key, secret, admin } = await world.tenantWithKey();
    const [early, never, reported, refused] = [
      await world.key(tenant.id, owner.id),
      await world.key(tenant.id, owner.id),
      await world.key(tenant.id, owner.id),
      await world.key(tenant.id, owner.id),
    ];
    await world.verify(early.secret);
    const usedEarly = clock.in(0);
    clock.advance(2 * hour);
    const between = clock.in(-hour);
    await world.verify(secret, 2);
    ok(await admin.key("disableKey", { id: refused.key.id }));
    await world.verify(refused.secret);
    const usedByApplication = clock.in(-1);
    // The later one counts, in whatever order they arrive; a refused one is no use of the key.
    ok(
      await admin.recordUsage([
        { keyId: reported.key.id, at: usedByApplication },
        { keyId: reported.key.id, at: between },
        { keyId: reported.key.id, at: clock.in(0), code: "RATE_LIMITED" },
      ]),
    );
    await world.counted();
    await first.stop();

    const second = await startServer({}, { database, clock });
    const reader = new World(second).root;
    const page = (args: Record<string, unknown>) =>
      readPage(reader, "keys", { tenantId: tenant.id, ...args }, "lastUsedAt");
    const used = (await page({ orderBy: "LAST_USED_AT_DESC" })).nodes.map(({ id, lastUsedAt }) => [id, lastUsedAt]);
    expect(used.slice(0, 3)).toEqual([
      [key.id, clock.in(0)],
      [reported.key.id, usedByApplication],
      [early.key.id, usedEarly],
    ]);
    expect(new Map(used.slice(3) as [string, string | null][])).toEqual(
      new Map([
        [never.key.id, null],
        [refused.key.id, null],
      ]),
    );
    const unused = (await page({ filter: { unusedSince: between } })).nodes.map(({ id }) => id);
    expect(unused.sort()).toEqual([early.key.id, never.key.id, refused.key.id].sort());
    await second.stop();
    await database.close();
  });
});
