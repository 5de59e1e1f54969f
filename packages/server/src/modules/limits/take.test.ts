import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { createId, type RateLimitState } from "@keyplane/schema";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Database, openDatabase } from "../../platform/database/index.js";
import { type CountedRule, Held, type Limited } from "../../platform/limited.js";
import { createLogger } from "../../platform/logger.js";
import { lostAfterMs } from "./lib/lease-times.js";
import { QuotaAccounts } from "./quotas/quota-accounts.js";
import { UseFolder } from "./quotas/use-folder.js";
import { MemoryLimiter } from "./rate/memory-limiter.js";
import { createTake, isExceeded, type LimitStates, type SharedCharge, type SharedLimiter, type Take } from "./take.js";
import { addQuota, usedOf } from "./test-helpers/stored-quota.js";

const logger = createLogger("error");
const now = Date.parse("2026-11-22T18:00:00Z");
const clock = { time: now, now: () => clock.time };
const dataDir = mkdtempSync(join(tmpdir(), "keyplane-take-"));
let database: Database;

beforeAll(async () => {
  database = await openDatabase({ databaseUrl: null, dataDir: null });
});
afterAll(async () => {
  await database.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Rate limits that are counted elsewhere: what is asked for is answered when the test says so, in whatever order. */
class SlowLimiter implements SharedLimiter {
  readonly asked: { readonly admit: () => void; readonly refuse: () => void; readonly fail: () => void }[] = [];

  /** How many calls it has charged, without those that were given back. */
  charged = 0;

  take(rules: readonly CountedRule[]): Promise<SharedCharge> {
    return new Promise((resolve, reject) => {
      const answer = (exceeded: boolean) => () => {
        if (!exceeded) this.charged += 1;
        const giveBack = async (): Promise<void> => {
          if (!exceeded) this.charged -= 1;
        };
        resolve({ states: statesOf(rules, exceeded), giveBack });
      };
      this.asked.push({ admit: answer(false), refuse: answer(true), fail: () => reject(new Error("went away")) });
    });
  }

  async look(rules: readonly CountedRule[]): Promise<readonly RateLimitState[]> {
    return statesOf(rules, false);
  }
}

function statesOf(rules: readonly CountedRule[], exceeded: boolean): RateLimitState[] {
  return rules.map(({ name, limit, target }) => {
    return { name, limit, target, remaining: exceeded ? 0 : limit, resetAt: now, retryAt: null, exceeded };
  });
}

const rule: CountedRule = {
  name: "per-minute",
  limit: 10,
  windowMs: 60_000,
  burst: null,
  unit: "REQUESTS",
  target: "KEY",
  countedAs: "test/per-minute",
};

/** What became of a call. */
type Outcome = "ADMITTED" | "RATE_LIMITED" | "QUOTA_EXCEEDED" | "GIVEN_UP" | "FAILED" | "TRIED_TOO_OFTEN";

/** Some quotas, the calls that use them, and what they have used by the test's own count. */
async function storyOf(limits: readonly number[]) {
  const targets = limits.map(() => createId("Key"));
  const quotas = await Promise.all(
    limits.map((limit, index) => addQuota(database, now, { limit, targetId: targets[index] ?? "" })),
  );
  const accounts = new QuotaAccounts({ database, clock, logger, folder: await UseFolder.open(dataDir) });
  const shared = new SlowLimiter();
  const take: Take = createTake({ memory: new MemoryLimiter(10), quotas: accounts, shared, clock });
  const used = limits.map(() => 0);
  const admitted = { ofLimited: 0 };
  const fits = (of: readonly number[], cost: number): boolean =>
    of.every((index) => (used[index] ?? 0) + cost <= (limits[index] ?? 0));

  /** As a verification does: everything is decided anew whenever time has passed. */
  async function call(of: readonly number[], cost: number, isLimited: boolean, isGivenUp: boolean): Promise<Outcome> {
    const limited: Limited[] = of.map((index, place) => ({
      id: targets[index] ?? "",
      rules: isLimited && place === 0 ? [rule] : [],
      quotaId: quotas[index] ?? "",
      held: new Held(),
    }));
    for (let attempt = 0; attempt < 20; attempt++) {
      const taken = take(limited, cost, clock.now());
      if (!(taken instanceof Promise)) return ended(taken, of, cost, isLimited);
      const kept = await taken.catch(() => "FAILED" as const);
      if (kept === "FAILED") return kept;
      if (kept === null) continue;
      // What the caller asks meanwhile takes time, too.
      await turn();
      if (isGivenUp) {
        kept.release();
        return "GIVEN_UP";
      }
      const states = kept.charge();
      if (states) return ended(states, of, cost, isLimited);
    }
    return "TRIED_TOO_OFTEN";
  }

  function ended(states: LimitStates, of: readonly number[], cost: number, isLimited: boolean): Outcome {
    if (!isExceeded(states)) {
      if (isLimited) admitted.ofLimited += 1;
      for (const index of of) used[index] = (used[index] ?? 0) + cost;
      return "ADMITTED";
    }
    if (!states.quota?.exceeded) return "RATE_LIMITED";
    // The guarantee: nobody is refused for what is only kept for others.
    expect(fits(of, cost)).toBe(false);
    return "QUOTA_EXCEEDED";
  }

  return { quotas, accounts, shared, used, admitted, call };
}

/** Answers one that is asked, or lets something else happen. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constantFrom("admit", "refuse", "fail"), nth: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("forget" as const), nth: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("sweep" as const), nth: fc.nat(0) }) },
);
const schedule = fc.record({
  limits: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 3 }),
  calls: fc.array(
    fc.record({
      of: fc.uniqueArray(fc.nat(2), { minLength: 1, maxLength: 3 }),
      cost: fc.integer({ min: 0, max: 12 }),
      isLimited: fc.boolean(),
      isGivenUp: fc.constantFrom(false, false, false, true),
      steps: fc.array(step, { maxLength: 3 }),
    }),
    { minLength: 5, maxLength: 40 },
  ),
  last: fc.array(step, { maxLength: 60 }),
});

describe("while rate limits are asked for elsewhere", () => {
  test("no quota is passed, a refused call costs nothing, nobody is refused for what is kept for others, and all are answered", async () => {
    await fc.assert(
      fc.asyncProperty(schedule, async ({ limits, calls, last }) => {
        const { quotas, accounts, shared, used, admitted, call } = await storyOf(limits);
        const carryOut = async ({ type, nth }: { type: string; nth: number }): Promise<void> => {
          if (type === "forget") accounts.forget(quotas[nth % quotas.length] ?? "");
          else if (type === "sweep") void accounts.sweep();
          else {
            const [answered] = shared.asked.splice(nth % Math.max(1, shared.asked.length), 1);
            answered?.[type as "admit" | "refuse" | "fail"]();
          }
          await turn();
        };
        const outcomes: Promise<Outcome>[] = [];
        for (const { of, cost, isLimited, isGivenUp, steps } of calls) {
          const known = of.filter((index) => index < limits.length);
          outcomes.push(call(known.length > 0 ? known : [0], cost, isLimited, isGivenUp));
          for (const each of steps) await carryOut(each);
        }
        for (const each of last) await carryOut(each);
        let isOver = false;
        const all = Promise.all(outcomes).finally(() => {
          isOver = true;
        });
        while (!isOver) await carryOut({ type: "admit", nth: 0 });
        await all;
        for (const [index, limit] of limits.entries()) expect(used[index]).toBeLessThanOrEqual(limit);
        await accounts.stop();
        // Charged is what was admitted, to the unit.
        expect(await Promise.all(quotas.map((id) => usedOf(database, id)))).toEqual(used);
        expect(shared.charged).toBe(admitted.ofLimited);
      }),
      { numRuns: 25 },
    );
  });

  test("whoever would have enough without what is kept for another waits, and is admitted when that one is refused", async () => {
    const { accounts, shared, call } = await storyOf([10]);
    const first = call([0], 7, true, false);
    await expect.poll(() => shared.asked.length).toBe(1);
    const second = call([0], 7, true, false);
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(await Promise.race([first, second, "nobody is answered"])).toBe("nobody is answered");
    expect(shared.asked).toHaveLength(1);
    shared.asked.pop()?.refuse();
    expect(await first).toBe("RATE_LIMITED");
    await expect.poll(() => shared.asked.length).toBe(1);
    shared.asked.pop()?.admit();
    expect(await second).toBe("ADMITTED");
    await accounts.stop();
  });

  test("whoever would have enough only without it is refused as soon as it is used", async () => {
    const { accounts, shared, call } = await storyOf([10]);
    const first = call([0], 7, true, false);
    await expect.poll(() => shared.asked.length).toBe(1);
    const second = call([0], 7, false, false);
    for (let turns = 0; turns < 20; turns++) await turn();
    shared.asked.pop()?.admit();
    expect([await first, await second]).toEqual(["ADMITTED", "QUOTA_EXCEEDED"]);
    await accounts.stop();
  });

  test("those who wait for one quota keep nobody from another one that they share", async () => {
    const { accounts, shared, call } = await storyOf([1, 1_000]);
    const first = call([0, 1], 1, true, false);
    await expect.poll(() => shared.asked.length).toBe(1);
    const waiting = [call([0, 1], 1, true, false), call([0, 1], 1, true, false)];
    expect(await call([1], 1, false, false)).toBe("ADMITTED");
    shared.asked.pop()?.admit();
    expect(await first).toBe("ADMITTED");
    expect(await Promise.all(waiting)).toEqual(["QUOTA_EXCEEDED", "QUOTA_EXCEEDED"]);
    await accounts.stop();
  });

  test("what was kept by a process that others may have taken for lost meanwhile is not charged: the lease may be gone", async () => {
    const { quotas, accounts, shared, used, call } = await storyOf([10]);
    const cutOff = call([0], 7, true, false);
    await expect.poll(() => shared.asked.length).toBe(1);
    // It was suspended; another one has dropped its lease, and used all of the quota.
    clock.time += lostAfterMs;
    await database.prisma.quotaLease.deleteMany({ where: { quotaId: quotas[0] ?? "" } });
    used[0] = 10;
    shared.asked.pop()?.admit();
    expect(await cutOff).toBe("QUOTA_EXCEEDED");
    // Nor is it charged to the rate limits, which had let it pass.
    expect(shared.charged).toBe(0);
    await accounts.stop();
  });
});
