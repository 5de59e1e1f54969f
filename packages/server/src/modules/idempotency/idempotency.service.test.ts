import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Database, openDatabase } from "../../platform/database/index.js";
import { createSecretBox } from "../../platform/secret-box.js";
import type { Principal } from "../auth/index.js";
import { createIdempotency, recordKeptMs, secretKeptMs } from "./idempotency.service.js";

let database: Database;
beforeAll(async () => {
  database = await openDatabase({ databaseUrl: null, dataDir: null });
});
afterAll(() => database.close());

const principal = { id: "tok_test" } as Principal;

/** A day with nothing remembered. */
async function begin() {
  await database.prisma.idempotencyRecord.deleteMany();
  let now = Date.parse("2030-01-01T00:00:00Z");
  const clock = { now: () => now };
  const secretBox = createSecretBox(randomBytes(32));
  const idempotency = createIdempotency({ database, clock, secretBox });
  const attempt = { operation: "createKey", idempotencyKey: randomBytes(8).toString("hex"), input: {} };
  return {
    ...idempotency,
    advance: (ms: number) => {
      now += ms;
    },
    create: (secret?: string) =>
      idempotency.once(
        principal,
        attempt,
        (work) => database.transaction(work),
        async () => ({ targetId: "key_test", ...(secret === undefined ? {} : { secret }) }),
      ),
    records: () => database.prisma.idempotencyRecord.findMany(),
  };
}

describe("the sweep of idempotency records", () => {
  test("removes a secret after ten minutes and the record after a day, and nothing before", async () => {
    const { advance, create, records, sweep } = await begin();
    await create("first secret");
    advance(secretKeptMs - 1);
    await sweep();
    expect(await create("second secret")).toEqual({ targetId: "key_test", secret: "first secret", isRepeat: true });

    advance(1);
    await sweep();
    expect(await records()).toMatchObject([{ hasSecret: true, sealedSecret: null }]);
    await expect(create("second secret")).rejects.toThrow("its secret is no longer kept");

    advance(recordKeptMs - secretKeptMs - 1);
    await sweep();
    expect(await records()).toHaveLength(1);
    advance(1);
    await sweep();
    expect(await records()).toEqual([]);
    expect(await create("second secret")).toEqual({ targetId: "key_test", secret: "second secret" });
  });

  test("is not needed for a secret to be over: an unswept one is not answered either", async () => {
    const { advance, create, records } = await begin();
    await create("first secret");
    advance(secretKeptMs);
    expect(await records()).toMatchObject([{ hasSecret: true, sealedSecret: expect.any(Uint8Array) }]);
    await expect(create("second secret")).rejects.toThrow("its secret is no longer kept");
  });

  test("an attempt that fails leaves no record, so that it can be made again", async () => {
    const { create, once, records } = await begin();
    const attempt = { operation: "createKey", idempotencyKey: "failing", input: {} };
    const fails = once(
      principal,
      attempt,
      (work) => database.transaction(work),
      () => Promise.reject(new Error("the work failed")),
    );
    await expect(fails).rejects.toThrow("the work failed");
    expect(await records()).toEqual([]);
    expect(await create()).toEqual({ targetId: "key_test" });
  });
});
