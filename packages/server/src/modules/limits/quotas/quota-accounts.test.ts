import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { type Database, type Db, openDatabase, type Transaction } from "../../../platform/database/index.js";
import { createLogger } from "../../../platform/logger.js";
import { lostAfterMs, saysEveryMs, usesForMs } from "../lib/lease-times.js";
import { addQuota, usedOf } from "../test-helpers/stored-quota.js";
import { acquire, dropLostLeases, lockQuota, unusedOfLeases } from "./quota.store.js";
import { QuotaAccounts } from "./quota-accounts.js";
import { UseFolder } from "./use-folder.js";

const logger = createLogger("error");
const now = Date.parse("2026-11-22T18:00:00Z");
const clock = { now: () => now };
let database: Database;

beforeAll(async () => {
  database = await openDatabase({ databaseUrl: null, dataDir: null });
});
afterAll(() => database.close());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function newDataDir(): string {
  const dataDir = mkdtempSync(join(tmpdir(), "keyplane-leases-"));
  cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }));
  return dataDir;
}

/** @param clocks those of a process that a test cuts off. */
async function openAccounts(
  dataDir: string,
  clocks: { now: () => number; steady?: () => number } = clock,
  through: Database = database,
) {
  const folder = await UseFolder.open(dataDir);
  const accounts = new QuotaAccounts({ database: through, clock: clocks, logger, folder, ...clocks });
  const charge = async (quotaId: string, cost: number): Promise<boolean> => {
    while (accounts.get(quotaId).look(cost, clocks.now()) === "unknown") await accounts.ask(quotaId, cost);
    if (accounts.get(quotaId).look(cost, clocks.now()) === "too little") return false;
    accounts.get(quotaId).charge(cost);
    return true;
  };
  return { folder, accounts, charge };
}

const minuteMs = 60_000;

/** As if it had not been heard of since. */
const isUnheard = (holder: string) =>
  database.prisma.quotaHolder.update({
    where: { id: holder },
    data: { heardAt: new Date(Date.now() - lostAfterMs - minuteMs) },
  });

/** Makes a quota whole, as `resetQuota` does. @returns what counts as used then. */
const reset = (quotaId: string): Promise<number> =>
  database.transaction(async (tx) => {
    const quota = await lockQuota(tx, quotaId, now);
    if (!quota) throw new Error("no such quota");
    await dropLostLeases(tx, quota);
    const used = await unusedOfLeases(tx, quota);
    await tx.quota.update({ where: { id: quotaId }, data: { used } });
    return used;
  });

/** A process that has used some of several quotas and then is gone, without a word to the database. */
async function killed(dataDir: string, quotas: readonly string[], used: number) {
  const { accounts, folder, charge } = await openAccounts(dataDir);
  for (const quotaId of quotas) for (let call = 0; call < used; call++) await charge(quotaId, 1);
  accounts.abandon();
  return join(dataDir, "quota-leases", folder.holder);
}

describe("what a killed process has used", () => {
  test("is settled by the next one on its data folder, to the unit, and what it held comes back", async () => {
    const dataDir = newDataDir();
    const quotas = [await addQuota(database, now, { limit: 3_200 }), await addQuota(database, now, { limit: 64 })];
    // Two of them, which are settled in one go.
    const left = [await killed(dataDir, quotas, 7), await killed(dataDir, quotas, 2)];
    expect(await usedOf(database, quotas[0] ?? "")).toBe(196);
    const next = await openAccounts(dataDir);
    await next.accounts.adopt();
    for (const quotaId of quotas) expect(await usedOf(database, quotaId)).toBe(9);
    for (const folder of left) expect(existsSync(folder)).toBe(false);
    expect(await database.prisma.quotaLease.count({ where: { quotaId: { in: quotas } } })).toBe(0);
    await next.accounts.stop();
    expect(readdirSync(join(dataDir, "quota-leases"))).toEqual([]);
  });

  test("counts as all that it held, when the machine was started anew since: the file may lack the last of it", async () => {
    const dataDir = newDataDir();
    const quotaId = await addQuota(database, now, { limit: 3_200 });
    const left = await killed(dataDir, [quotaId], 7);
    writeFileSync(join(left, "machine"), "another-start pid:[1]");
    const next = await openAccounts(dataDir);
    await next.accounts.adopt();
    expect(await usedOf(database, quotaId)).toBe(100);
    expect(existsSync(left)).toBe(false);
    await next.accounts.stop();
  });

  test("is nothing, when it was killed between the grant and its first use", async () => {
    const dataDir = newDataDir();
    const quotaId = await addQuota(database, now, { limit: 3_200 });
    const left = await killed(dataDir, [], 0);
    const holder = left.split("/").at(-1) ?? "";
    const asked = {
      quotaId,
      holder,
      lease: null,
      newLeaseId: randomBytes(16).toString("hex"),
      costs: [5],
      free: 0,
      now,
    };
    await database.transaction((tx) => acquire(tx, asked));
    expect(await usedOf(database, quotaId)).toBe(100);
    const next = await openAccounts(dataDir);
    await next.accounts.adopt();
    expect(await usedOf(database, quotaId)).toBe(0);
    await next.accounts.stop();
  });

  test("is left alone while the process lives", async () => {
    const dataDir = newDataDir();
    const quotaId = await addQuota(database, now, { limit: 3_200 });
    const living = await openAccounts(dataDir);
    await living.charge(quotaId, 3);
    const next = await openAccounts(dataDir);
    await next.accounts.adopt();
    expect(await usedOf(database, quotaId)).toBe(100);
    expect(await living.charge(quotaId, 3)).toBe(true);
    await living.accounts.stop();
    expect(await usedOf(database, quotaId)).toBe(6);
    await next.accounts.stop();
  });
});

describe("a process in another container, whose number means nothing here", () => {
  const limit = 3_200;
  /** Holds 100 and has used 10. Its heart, as that of a paused process, was not heard for longer than anybody waits. */
  async function paused() {
    const dataDir = newDataDir();
    const quotaId = await addQuota(database, now, { limit });
    const it = await openAccounts(dataDir);
    expect(await it.charge(quotaId, 10)).toBe(true);
    const path = join(dataDir, "quota-leases", it.folder.holder, "keyplane.lock");
    const elsewhere = { ...(JSON.parse(readFileSync(path, "utf8")) as object), realm: "another container" };
    const pause = (): void => {
      // A new content each time: the one that it knows is not looked at by its heart.
      writeFileSync(path, JSON.stringify(elsewhere));
      const twoMinutesAgo = new Date(Date.now() - 2 * minuteMs);
      utimesSync(path, twoMinutesAgo, twoMinutesAgo);
    };
    pause();
    const other = await openAccounts(dataDir);
    cleanups.push(async () => {
      for (const { accounts } of [it, other]) await accounts.stop();
    });
    return { dataDir, quotaId, it, other, pause };
  }

  test("keeps what it holds while it was only paused, and both admit no more than there is", async () => {
    const { quotaId, it, other } = await paused();
    await other.accounts.adopt();
    expect(await usedOf(database, quotaId)).toBe(100);
    // It goes on, and the other one uses all that it can get.
    let admitted = 10;
    while (await other.charge(quotaId, 1)) admitted += 1;
    while (await it.charge(quotaId, 1)) admitted += 1;
    expect(admitted).toBe(limit);
  });

  test("loses it when it was lost, and uses none of it when it comes back", async () => {
    const { dataDir, quotaId, it, other, pause } = await paused();
    await isUnheard(it.folder.holder);
    pause();
    await other.accounts.adopt();
    expect(await usedOf(database, quotaId)).toBe(10);
    expect(existsSync(join(dataDir, "quota-leases", it.folder.holder))).toBe(false);
    // What takes it for alive by its own clock hears otherwise when it says that it lives.
    await it.accounts.sweep();
    expect(it.accounts.get(quotaId).look(1, now)).toBe("unknown");
    expect(await usedOf(database, quotaId)).toBe(10);
  });

  test("is found by others also when it is lost for good after it has come back", async () => {
    const { dataDir, quotaId, it, other, pause } = await paused();
    const lose = async (): Promise<void> => {
      await isUnheard(it.folder.holder);
      pause();
      await other.accounts.adopt();
    };
    await lose();
    await it.accounts.sweep();
    expect(await it.charge(quotaId, 10)).toBe(true);
    await it.folder.file.written;
    expect(existsSync(join(dataDir, "quota-leases", it.folder.holder, "used"))).toBe(true);
    expect(await usedOf(database, quotaId)).toBeGreaterThan(20);
    await lose();
    expect(await usedOf(database, quotaId)).toBe(20);
  });

  test("is not waited for by one that stops", async () => {
    const dataDir = newDataDir();
    // Each would be watched for 15 seconds, because its heart has beaten a moment ago.
    for (const holder of ["a", "b", "c", "d"]) {
      const folder = join(dataDir, "quota-leases", holder.repeat(32));
      mkdirSync(folder, { recursive: true });
      const lock = { pid: 1, realm: "another container", since: "", token: holder };
      writeFileSync(join(folder, "keyplane.lock"), JSON.stringify(lock));
    }
    const { accounts } = await openAccounts(dataDir);
    const adopted = accounts.adopt();
    const begun = performance.now();
    await accounts.stop();
    await adopted;
    expect(performance.now() - begun).toBeLessThan(50_000);
  });
});

describe("a process that is killed, and the next one on its data folder", () => {
  const limit = 100;

  /** How much both admit together. @param isWritten false: the mechanism, switched off: what is used stands in the process's memory only. */
  async function admittedByBoth(isWritten: boolean): Promise<number> {
    const dataDir = newDataDir();
    const quotaId = await addQuota(database, now, { limit });
    const first = await openAccounts(dataDir);
    if (!isWritten) first.folder.file.use = () => {};
    let admitted = 0;
    while (admitted < limit / 2 && (await first.charge(quotaId, 1))) admitted += 1;
    first.accounts.abandon();
    const next = await openAccounts(dataDir);
    await next.accounts.adopt();
    while (await next.charge(quotaId, 1)) admitted += 1;
    await next.accounts.stop();
    return admitted;
  }

  test("admit no more than there is; without what the first one wrote they would", async () => {
    expect(await admittedByBoth(true)).toBe(limit);
    expect(await admittedByBoth(false)).toBeGreaterThan(limit);
  });
});

describe("a disk without room", () => {
  test("fails calls, and takes nothing of a quota, nor from what was used before", async () => {
    const { accounts, folder, charge } = await openAccounts(newDataDir());
    const [before, quotaId] = [
      await addQuota(database, now, { limit: 3_200 }),
      await addQuota(database, now, { limit: 3_200 }),
    ];
    await charge(before, 5);
    const begin = vi.spyOn(folder.file, "begin").mockImplementation(() => {
      throw new Error("ENOSPC");
    });
    for (let call = 0; call < 20; call++) await expect(accounts.ask(quotaId, 1)).rejects.toThrow("ENOSPC");
    expect(await usedOf(database, quotaId)).toBe(0);
    expect(await database.prisma.quotaLease.count({ where: { quotaId } })).toBe(0);
    begin.mockRestore();
    await charge(quotaId, 1);
    await accounts.stop();
    expect([await usedOf(database, before), await usedOf(database, quotaId)]).toEqual([5, 1]);
  });
});

describe("calls that cost more than is left", () => {
  test("take nothing that others could use, alone or beside calls that there is enough for", async () => {
    const [{ accounts }, other] = [await openAccounts(newDataDir()), await openAccounts(newDataDir())];
    const quotaId = await addQuota(database, now, { limit: 1_000 });
    await accounts.ask(quotaId, 1_500);
    expect(accounts.get(quotaId).look(1_500, now)).toBe("too little");
    expect(await usedOf(database, quotaId)).toBe(0);
    await Promise.all([1_500, 2, 999, 900, 98].map((cost) => accounts.ask(quotaId, cost)));
    // Of those that came together, 2, and then 900 and 98: 999 would have been too many.
    expect(await usedOf(database, quotaId)).toBe(1_000);
    await accounts.giveBack(quotaId);
    await other.accounts.ask(quotaId, 1);
    expect(other.accounts.get(quotaId).look(1, now)).toBe("enough");
  });
});

describe("leases", () => {
  test("of many quotas come back when nobody uses them, and keep a warm call from the database", async () => {
    const { accounts, charge } = await openAccounts(newDataDir());
    const quotas = await Promise.all(Array.from({ length: 30 }, () => addQuota(database, now, { limit: 1_000_000 })));
    for (let round = 0; round < 20; round++) for (const quotaId of quotas) expect(await charge(quotaId, 2)).toBe(true);
    expect(accounts.asked).toBe(30);
    expect(accounts.leases).toBe(30);
    await accounts.sweep();
    expect(accounts.leases).toBe(30);
    await accounts.sweep();
    expect(accounts.leases).toBe(0);
    for (const quotaId of quotas) expect(await usedOf(database, quotaId)).toBe(40);
    await accounts.stop();
  });

  test("are asked for together by all who wait, and two processes admit to the unit what there is", async () => {
    const quotaId = await addQuota(database, now, { limit: 100 });
    const processes = [await openAccounts(newDataDir()), await openAccounts(newDataDir())];
    const admitted = await Promise.all(
      Array.from({ length: 64 }, (_, index) => processes[index % 2]?.charge(quotaId, 2)),
    );
    expect(admitted.filter(Boolean)).toHaveLength(50);
    for (const { accounts } of processes) {
      expect(accounts.asked).toBeLessThan(10);
      await accounts.stop();
    }
    expect(await usedOf(database, quotaId)).toBe(100);
  });
});

describe("a grant of which only the answer was lost", () => {
  test("goes back at once, and no second one is asked for before", async () => {
    const quotaId = await addQuota(database, now, { limit: 3_200 });
    let isLost = false;
    let isAway = false;
    const unreliable: Database = Object.assign(Object.create(database) as Database, {
      transaction: async <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => {
        if (isAway) throw new Error("the database is away");
        const result = await database.transaction(work);
        if (!isLost) return result;
        isLost = false;
        throw new Error("the connection was lost");
      },
    });
    const { accounts, charge } = await openAccounts(newDataDir(), clock, unreliable);
    isLost = true;
    await expect(charge(quotaId, 1)).rejects.toThrow("the connection was lost");
    await accounts.settled();
    expect(await usedOf(database, quotaId)).toBe(0);
    isAway = true;
    await expect(charge(quotaId, 1)).rejects.toThrow("the database is away");
    for (let call = 0; call < 5; call++) {
      await expect(charge(quotaId, 1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
      expect(accounts.leases).toBe(1);
    }
    isAway = false;
    expect(await charge(quotaId, 1)).toBe(true);
    await accounts.stop();
    expect(await usedOf(database, quotaId)).toBe(1);
  });
});

describe("a quota that is reset", () => {
  const limit = 200;
  const index = fc.nat(1);
  const command = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ what: fc.constant("charge" as const), index, cost: fc.integer({ min: 1, max: 30 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ what: fc.constantFrom("sweep" as const, "hear" as const, "kill" as const), index }),
    },
    { weight: 2, arbitrary: fc.record({ what: fc.constant("reset" as const), isSaid: fc.boolean() }) },
  );

  test("is whole but for what was used since its holders last said so, and never admits more than there is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), async (commands) => {
        const quotaId = await addQuota(database, now, { limit });
        const dataDirs = [newDataDir(), newDataDir()];
        const both = await Promise.all(dataDirs.map((dataDir) => openAccounts(dataDir)));
        const at = (which: number) => both[which] as (typeof both)[number];
        /** What was admitted since the last reset, and how much of before it may still count. */
        let [admitted, kept] = [0, 0];
        /** What each has admitted since it last said how much. */
        const unsaid = [0, 0];
        for (const each of commands) {
          if (each.what === "charge") {
            if (await at(each.index).charge(quotaId, each.cost)) {
              admitted += each.cost;
              unsaid[each.index] = (unsaid[each.index] ?? 0) + each.cost;
            }
          } else if (each.what === "reset") {
            if (each.isSaid) {
              for (const { accounts } of both) {
                accounts.get(quotaId).isUsed = true;
                await accounts.sweep();
              }
              unsaid.fill(0);
            }
            await reset(quotaId);
            kept = (unsaid[0] ?? 0) + (unsaid[1] ?? 0);
            admitted = 0;
          } else if (each.what === "sweep") {
            await at(each.index).accounts.sweep();
          } else if (each.what === "hear") {
            at(each.index).accounts.forget(quotaId);
            await at(each.index).accounts.settled();
          } else {
            at(each.index).accounts.abandon();
            both[each.index] = await openAccounts(dataDirs[each.index] ?? "");
            await at(each.index).accounts.adopt();
          }
          expect(admitted).toBeLessThanOrEqual(limit);
        }
        for (const { accounts } of both) await accounts.stop();
        const used = await usedOf(database, quotaId);
        expect(used).toBeGreaterThanOrEqual(admitted);
        expect(used).toBeLessThanOrEqual(admitted + kept);
        expect(await database.prisma.quotaLease.count({ where: { quotaId } })).toBe(0);
      }),
      { numRuns: 12 },
    );
  });

  test("waits, where the same process holds it, for calls for which something of it is kept", async () => {
    const quotaId = await addQuota(database, now, { limit });
    const { accounts } = await openAccounts(newDataDir());
    await accounts.ask(quotaId, 5);
    const reservation = accounts.get(quotaId).reserve(5);
    let isBack = false;
    const back = accounts.giveBack(quotaId).then(() => {
      isBack = true;
    });
    for (let round = 0; round < 3; round++) await accounts.settled();
    expect(isBack).toBe(false);
    reservation.charge();
    await back;
    expect(await usedOf(database, quotaId)).toBe(5);
    expect(await reset(quotaId)).toBe(0);
    await accounts.stop();
  });
});

describe("a process that was cut off", () => {
  test("once between two times that it says that it lives keeps what it holds", async () => {
    let later = 0;
    const living = await openAccounts(newDataDir(), { now: () => now + later });
    const quotaId = await addQuota(database, now, { limit: 3_200 });
    expect(await living.charge(quotaId, 1)).toBe(true);
    later = 2 * saysEveryMs;
    expect(await living.charge(quotaId, 1)).toBe(true);
    await living.accounts.sweep();
    later = 4 * saysEveryMs;
    expect(await living.charge(quotaId, 1)).toBe(true);
    expect(living.accounts.asked).toBe(1);
    await living.accounts.stop();
  });

  test.for([
    ["by the clock", 1, 0],
    ["by the one that nobody can set", 0, 1],
  ] as const)(
    "for so long that its lease was dropped, %s, admits nothing from it when it comes back",
    async ([, byClock, bySteady]) => {
      const limit = 3_200;
      let cutOffFor = 0;
      const clocks = { now: () => now + byClock * cutOffFor, steady: () => 1_000 + bySteady * cutOffFor };
      const cutOff = await openAccounts(newDataDir(), clocks);
      const other = await openAccounts(newDataDir());
      const quotaId = await addQuota(database, now, { limit });
      expect(await cutOff.charge(quotaId, 1)).toBe(true);
      await isUnheard(cutOff.folder.holder);
      expect(await reset(quotaId)).toBe(0);
      expect(await other.charge(quotaId, limit)).toBe(true);
      // Until then it could use what it holds; nobody drops a lease so early.
      cutOffFor = usesForMs - 1;
      expect(cutOff.accounts.get(quotaId).look(1, clocks.now())).toBe("enough");
      cutOffFor = usesForMs;
      expect(await cutOff.charge(quotaId, 1)).toBe(false);
      for (const { accounts } of [cutOff, other]) await accounts.stop();
      // What it gives back is dropped already: nothing of it comes back a second time.
      expect(await usedOf(database, quotaId)).toBe(limit);
    },
  );

  test("and said that it lives since, does not use what it held before: it may have been dropped meanwhile", async () => {
    let cutOffFor = 0;
    const clocks = { now: () => now + cutOffFor };
    const cutOff = await openAccounts(newDataDir(), clocks);
    const quotaId = await addQuota(database, now, { limit: 3_200 });
    expect(await cutOff.charge(quotaId, 1)).toBe(true);
    cutOffFor = lostAfterMs;
    await cutOff.accounts.sweep();
    expect(cutOff.accounts.get(quotaId).look(1, clocks.now())).toBe("unknown");
    await cutOff.accounts.stop();
    expect(await usedOf(database, quotaId)).toBe(1);
  });

  test("keeps what it holds for as long as it says that it lives, and nobody takes it for lost", async () => {
    let later = 0;
    const clocks = { now: () => now + later };
    const living = await openAccounts(newDataDir(), clocks);
    const quotaId = await addQuota(database, now, { limit: 3_200 });
    for (let round = 0; round < 10; round++) {
      expect(await living.charge(quotaId, 1)).toBe(true);
      await isUnheard(living.folder.holder);
      await living.accounts.sweep();
      // What it has used since the last reset was said, and counts no more.
      expect(await reset(quotaId)).toBe(99 - round);
      later += saysEveryMs;
    }
    expect(living.accounts.asked).toBe(1);
    await living.accounts.stop();
    expect(await database.prisma.quotaHolder.count({ where: { id: living.folder.holder } })).toBe(0);
  });

  test("is forgotten when nothing is left of what it held", async () => {
    const quotaId = await addQuota(database, now, { limit: 3_200 });
    const lost = await openAccounts(newDataDir());
    await lost.charge(quotaId, 1);
    lost.accounts.abandon();
    const { holder } = lost.folder;
    await isUnheard(holder);
    const other = await openAccounts(newDataDir());
    const known = () => database.prisma.quotaHolder.count({ where: { id: holder } });
    await other.accounts.adopt();
    expect(await known()).toBe(1);
    await reset(quotaId);
    await other.accounts.adopt();
    expect(await known()).toBe(0);
    await other.accounts.stop();
  });
});

const servers = inject("postgresUrls");
/** That of this worker: its open transactions hold up no other one. */
const server = servers[Number(process.env.VITEST_POOL_ID) % servers.length] ?? null;

describe("two processes that ask at the same moment", () => {
  /** Both read before either has committed, where nothing keeps them from it. */
  async function askAtOnce(isLocked: boolean): Promise<{ used: number; limit: number }> {
    const name = `keyplane_test_${randomBytes(8).toString("hex")}`;
    const run = async (sql: string): Promise<void> => {
      const client = new Client({ connectionString: server ?? "" });
      await client.connect();
      try {
        await client.query(sql);
      } finally {
        await client.end();
      }
    };
    await run(`CREATE DATABASE ${name}`);
    cleanups.push(() => run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    const url = Object.assign(new URL(server ?? ""), { pathname: `/${name}` });
    const served = await openDatabase({ databaseUrl: url.href, dataDir: null });
    cleanups.push(() => served.close());
    const limit = 10;
    const quotaId = await addQuota(served, now, { limit });
    // The mechanism, switched off: the statement that locks the row does nothing.
    const through = (tx: Db): Db =>
      isLocked
        ? tx
        : new Proxy(tx, { get: (all, key) => (key === "$queryRaw" ? async () => [] : Reflect.get(all, key)) });
    const ask = (tx: Db, holder: string) =>
      acquire(through(tx), { quotaId, holder, lease: null, newLeaseId: holder, costs: [limit], free: 0, now });
    let second: Promise<unknown> = Promise.resolve();
    await served.transaction(async (tx) => {
      await ask(tx, "first");
      second = served.transaction((other) => ask(other, "second"));
      // The second one has read, or waits for the lock.
      await expect
        .poll(async () => {
          const waiting = await served.prisma.$queryRaw<unknown[]>`
            SELECT 1 FROM pg_stat_activity WHERE "datname" = ${name} AND "wait_event_type" = 'Lock'`;
          return waiting.length;
        })
        .toBe(1);
    });
    await second;
    const { used } = await served.prisma.quota.findUniqueOrThrow({ where: { id: quotaId } });
    return { used, limit };
  }

  test("get no more than there is; without the lock of the row they would", async ({ skip }) => {
    skip(server === null, "needs PostgreSQL: TEST_DATABASE=postgresql");
    const locked = await askAtOnce(true);
    expect(locked.used).toBe(locked.limit);
    const unlocked = await askAtOnce(false);
    expect(unlocked.used).toBeGreaterThan(unlocked.limit);
  });
});
