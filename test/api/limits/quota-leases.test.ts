import { onTestFinished, vi } from "vitest";
import { describe, expect, ok, test, type World } from "../../testkit/index.js";
import { loseServer } from "../../testkit/lost-server.js";

const limit = 3_200;
const leases = "leases { holder amount since lastSeenAt isLost }";

/** A key with a quota of which this server and one that is lost hold a part each. */
async function sharedQuota(world: World) {
  const { admin, key, secret } = await world.tenantWithKey();
  const { quota } = ok(await admin.quota("setQuota", { targetId: key.id, limit }));
  const { database } = world.server.keyplane;
  const lost = await loseServer({ database, clock: world.clock }, quota.id, 7);
  expect(await admin.verify(secret)).toMatchObject({ valid: true });
  const read = async () => {
    const document = `query ($id: ID!) { key(id: $id) { quota { used ${leases} } } }`;
    return (await world.root.query(document, { id: key.id })).key.quota;
  };
  return { admin, key, secret, quota, lost, read };
}

describe("Quota.leases", () => {
  test("says which servers hold how much since when, when they were last heard of, and which of them are lost", async ({
    world,
  }) => {
    const { lost, read } = await sharedQuota(world);
    const { leases: held, used } = await read();
    expect(held).toEqual([
      { holder: lost.holder, amount: 100, since: expect.any(String), lastSeenAt: expect.any(String), isLost: true },
      {
        holder: expect.any(String),
        amount: 96,
        since: expect.any(String),
        lastSeenAt: expect.any(String),
        isLost: false,
      },
    ]);
    // What a lost server holds counts as used.
    expect(used).toBe(101);
  });

  test("shows which servers they are to callers of the whole installation only", async ({ world }) => {
    const { admin, key } = await sharedQuota(world);
    const document = `query ($id: ID!) { key(id: $id) { quota { ${leases} } } }`;
    const { quota } = (await admin.query(document, { id: key.id })).key;
    expect(quota.leases).toEqual([
      { holder: null, amount: 100, since: expect.any(String), lastSeenAt: null, isLost: true },
      { holder: null, amount: 96, since: expect.any(String), lastSeenAt: null, isLost: false },
    ]);
  });

  test("are those of the present period, however many there are of those before it", async ({ world }) => {
    const { quota, read } = await sharedQuota(world);
    const { prisma } = world.server.keyplane.database;
    const before = Array.from({ length: 110 }, (_, place) => ({
      id: `${quota.id}-${place}`,
      quotaId: quota.id,
      holder: `gone-${place}`,
      period: 0,
      amount: 1,
      createdAt: new Date(0),
    }));
    await prisma.quotaLease.createMany({ data: before });
    expect((await read()).leases).toMatchObject([{ amount: 100 }, { amount: 96 }]);
  });

  test("a server that nobody has ever heard of is lost; what is held of a period that is over is not shown", async ({
    world,
  }) => {
    const { admin, key, lost, read } = await sharedQuota(world);
    await world.server.keyplane.database.prisma.quotaHolder.deleteMany({ where: { id: lost.holder } });
    expect((await read()).leases).toMatchObject([{ holder: lost.holder, lastSeenAt: null, isLost: true }, {}]);
    ok(await admin.quota("setQuota", { targetId: key.id, limit, refill: "HOURLY" }));
    world.clock.advance(3_600_000);
    expect((await read()).leases).toEqual([]);
  });
});

describe("quota", () => {
  test("of another tenant is none, where a row was changed past Keyplane to name it", async ({ world }) => {
    const [mine, others] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const { quota } = ok(await others.admin.quota("setQuota", { targetId: others.key.id, limit }));
    const { prisma } = world.server.keyplane.database;
    for (const [kind, id] of [
      ["key", mine.key.id],
      ["user", mine.owner.id],
      ["tenant", mine.tenant.id],
    ] as const) {
      const rows = { key: prisma.key, user: prisma.user, tenant: prisma.tenant };
      await (rows[kind] as typeof prisma.key).update({ where: { id }, data: { quotaId: quota.id } });
      const document = `query ($id: ID!) { ${kind}(id: $id) { quota { id } } }`;
      expect((await mine.admin.query(document, { id }))[kind]).toEqual({ quota: null });
    }
  });
});

describe("resetQuota", () => {
  test("counts of what another living server holds only what it has not said to have used", async ({ world }) => {
    const { admin, key, quota } = await sharedQuota(world);
    const { prisma } = world.server.keyplane.database;
    const living = { id: "used".padEnd(32, "1"), quotaId: quota.id, period: 1, createdAt: new Date() };
    await prisma.quotaHolder.create({ data: { id: living.id, heardAt: new Date() } });
    await prisma.quotaLease.create({ data: { ...living, holder: living.id, amount: 500, used: 480 } });
    expect(ok(await admin.quota("resetQuota", { targetId: key.id })).quota).toMatchObject({ used: 20 });
    await prisma.quotaHolder.delete({ where: { id: living.id } });
  });

  test("drops what lost servers hold, for good, and keeps what living ones hold", async ({ world }) => {
    const { admin, key, secret, quota, lost, read } = await sharedQuota(world);
    // Another server that lives holds a part, too.
    const { prisma } = world.server.keyplane.database;
    const living = { id: "living".padEnd(32, "0"), quotaId: quota.id, period: 1, createdAt: new Date() };
    await prisma.quotaHolder.create({ data: { id: living.id, heardAt: new Date() } });
    await prisma.quotaLease.create({ data: { ...living, holder: living.id, amount: 50 } });
    expect(ok(await admin.quota("resetQuota", { targetId: key.id })).quota).toMatchObject({ used: 50 });
    expect((await read()).leases).toMatchObject([{ holder: living.id, isLost: false }]);
    expect(await admin.verify(secret, { cost: limit - 50 })).toMatchObject({ valid: true, quota: { remaining: 0 } });
    // Its folder comes back: what it has used was before the reset, and what it has not used was dropped then.
    await lost.comesBack();
    expect((await read()).used).toBe(limit);
    expect(await admin.verify(secret)).toMatchObject({ code: "QUOTA_EXCEEDED" });
    await prisma.quotaLease.delete({ where: { id: living.id } });
    await prisma.quotaHolder.delete({ where: { id: living.id } });
  });

  test("is not needed where the folder of a killed server comes back: what it has not used comes back with it", async ({
    world,
  }) => {
    const { lost, read } = await sharedQuota(world);
    await lost.comesBack();
    expect((await read()).used).toBe(8);
    const { prisma } = world.server.keyplane.database;
    expect(await prisma.quotaHolder.count({ where: { id: lost.holder } })).toBe(0);
  });
});

describe("topUpQuota", () => {
  test("by what a lost server holds gives back as much as it held, and forgives nothing that others have used", async ({
    world,
  }) => {
    const { admin, key, secret, read } = await sharedQuota(world);
    const [lost] = (await read()).leases;
    ok(await admin.quota("topUpQuota", { targetId: key.id, amount: lost.amount }));
    // One call was admitted here: all but that is left.
    expect(await admin.verify(secret, { cost: limit })).toMatchObject({ code: "QUOTA_EXCEEDED" });
    expect(await admin.verify(secret, { cost: limit - 1 })).toMatchObject({ valid: true, quota: { remaining: 0 } });
  });
});

describe("quotaHistory", () => {
  const history = "quotaHistory(first: 2) { totalCount pageInfo { hasNextPage endCursor } nodes { type reason } }";

  test("of a key, user or tenant is there when the quota was removed, and goes on with the next one", async ({
    world,
  }) => {
    const { admin, tenant, owner, key } = await world.tenantWithKey();
    for (const [kind, targetId] of [
      ["key", key.id],
      ["user", owner.id],
      ["tenant", tenant.id],
    ] as const) {
      const read = async () =>
        (await admin.query(`query ($id: ID!) { ${kind}(id: $id) { ${history} } }`, { id: targetId }))[kind];
      expect((await read()).quotaHistory).toMatchObject({ totalCount: 0, nodes: [] });
      ok(await world.root.quota("setQuota", { targetId, limit: 5 }));
      world.clock.advance(1_000);
      ok(await world.root.quota("removeQuota", { targetId, reason: "no longer sold" }));
      expect((await read()).quotaHistory).toMatchObject({
        totalCount: 2,
        pageInfo: { hasNextPage: false },
        nodes: [{ type: "REMOVED", reason: "no longer sold" }, { type: "SET" }],
      });
      world.clock.advance(1_000);
      ok(await world.root.quota("setQuota", { targetId, limit: 6 }));
      const { totalCount, nodes, pageInfo } = (await read()).quotaHistory;
      expect([totalCount, nodes.map(({ type }: { type: string }) => type), pageInfo.hasNextPage]).toEqual([
        3,
        ["SET", "REMOVED"],
        true,
      ]);
      const next = `query ($id: ID!, $after: String) { ${kind}(id: $id) { quotaHistory(first: 2, after: $after) { nodes { type } } } }`;
      const rest = await admin.query(next, { id: targetId, after: pageInfo.endCursor });
      expect(rest[kind].quotaHistory.nodes).toEqual([{ type: "SET" }]);
      // The place of before has the same.
      const before = `query ($id: ID!) { ${kind}(id: $id) { quota { history { totalCount } } } }`;
      expect((await admin.query(before, { id: targetId }))[kind].quota.history.totalCount).toBe(3);
    }
  });
});

describe("a period that has ended", () => {
  const history = "quotaHistory { totalCount nodes { type used periodEnd createdAt } }";
  const document = `query ($id: ID!) { key(id: $id) { quota { used } ${history} } }`;

  /** A key of whose daily quota 3 were used, on a day that is over. */
  async function yesterday(world: World) {
    // On a served database a server that has heard of nothing for a day gives back what it holds, within a second.
    const keeping = vi.spyOn(world.server.keyplane.limiting.accounts, "onGap").mockReturnValue(undefined);
    onTestFinished(() => keeping.mockRestore());
    const { admin, key, secret } = await world.tenantWithKey();
    const { quota } = ok(await admin.quota("setQuota", { targetId: key.id, limit, refill: "DAILY" }));
    expect(await admin.verify(secret, { cost: 3 })).toMatchObject({ valid: true });
    const { accounts } = world.server.keyplane.limiting;
    world.clock.advance(Date.parse(quota.resetAt) - world.clock.now());
    const ended = { type: "PERIOD_ENDED", used: 3, periodEnd: quota.resetAt, createdAt: quota.resetAt };
    const read = async () => (await admin.query(document, { id: key.id })).key;
    return { admin, key, secret, quota, accounts, ended, read };
  }

  test("is in quotaHistory at once, with what was used to the unit, also when nobody calls any more", async ({
    world,
  }) => {
    const { admin, secret, accounts, ended, read } = await yesterday(world);
    const expected = { totalCount: 2, nodes: [ended, { type: "SET" }] };
    expect(await read()).toMatchObject({ quota: { used: 0 }, quotaHistory: expected });
    // Once, whoever reads it again, and whoever goes on with the quota.
    expect(await admin.verify(secret, { cost: 2 })).toMatchObject({ valid: true, quota: { used: 2 } });
    expect(await read()).toMatchObject({ quota: { used: 2 }, quotaHistory: expected });
    await accounts.settled();
  });

  test("is kept without anybody asking; what servers hold of it is given back to it", async ({ world }) => {
    const { quota, accounts } = await yesterday(world);
    const { prisma } = world.server.keyplane.database;
    const used = async () =>
      (await prisma.quotaEntry.findFirst({ where: { quotaId: quota.id, type: "PERIOD_ENDED" } }))?.used;
    // Of what this server holds, nothing is known yet to be unused.
    await expect.poll(used).toBe(100);
    for (let sweep = 0; sweep < 2; sweep++) await accounts.sweep();
    expect(await used()).toBe(3);
    expect(await prisma.quota.findUnique({ where: { id: quota.id } })).toMatchObject({ used: 0, period: 2 });
  });

  test("stays in the history of a quota that is removed afterwards, with nobody having read it before", async ({
    world,
  }) => {
    const { admin, key, accounts, ended, read } = await yesterday(world);
    for (let sweep = 0; sweep < 2; sweep++) await accounts.sweep();
    world.clock.advance(1_000);
    ok(await admin.quota("removeQuota", { targetId: key.id }));
    world.clock.advance(86_400_000);
    expect(await read()).toMatchObject({
      quota: null,
      quotaHistory: { totalCount: 3, nodes: [{ type: "REMOVED", used: 0 }, ended, { type: "SET" }] },
    });
  });

  test("takes nothing from what is used in the next one, as long as a server holds some of it", async ({ world }) => {
    const { admin, key, quota, accounts } = await yesterday(world);
    const { prisma } = world.server.keyplane.database;
    await expect.poll(async () => (await prisma.quota.findUnique({ where: { id: quota.id } }))?.period).toBe(2);
    // Another server has used all of the next one meanwhile.
    await prisma.quota.update({ where: { id: quota.id }, data: { used: limit } });
    expect(accounts.unused(quota.id, 1)).toBe(97);
    const now = await admin.query("query ($id: ID!) { key(id: $id) { quota { used } } }", { id: key.id });
    expect(now.key.quota.used).toBe(limit);
  });
});

describe("setQuota", () => {
  test("gives its own quota to what names another's or none, and leaves the other's alone", async ({ world }) => {
    const { admin, key, secret, owner } = await world.tenantWithKey();
    const { prisma } = world.server.keyplane.database;
    const { quota: own } = ok(await admin.quota("setQuota", { targetId: key.id, limit: 5 }));
    const { quota: other } = ok(await admin.quota("setQuota", { targetId: owner.id, limit: 50 }));
    for (const quotaId of [other.id, world.missingId("Quota")]) {
      await prisma.key.update({ where: { id: key.id }, data: { quotaId } });
      for (const name of ["removeQuota", "resetQuota"] as const) {
        expect(await admin.quota(name, { targetId: key.id })).toMatchObject({ code: "NOT_FOUND" });
      }
      expect(ok(await admin.quota("setQuota", { targetId: key.id, limit: 5 })).quota.id).toBe(own.id);
      expect(await prisma.key.findUnique({ where: { id: key.id } })).toMatchObject({ quotaId: own.id });
    }
    expect(await prisma.quota.findUnique({ where: { id: other.id } })).toMatchObject({ limit: 50, targetId: owner.id });
    expect(await admin.verify(secret, { cost: 6 })).toMatchObject({ code: "QUOTA_EXCEEDED", quota: { limit: 5 } });
  });
});
