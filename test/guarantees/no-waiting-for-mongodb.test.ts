import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedMongo } from "@keyplane/embedded-mongo";
import { afterAll, beforeAll } from "vitest";
import { freezableProxy } from "../../packages/server/src/testing/freezable-proxy.js";
import { openTestMongo, type TestMongo } from "../../packages/server/src/testing/mongo.js";
import { withDatabase } from "../../packages/server/src/testing/mongo-url.js";
import { openTestDatabase } from "../testkit/database.js";
import { DatabaseWatch } from "../testkit/database-watch.js";
import { Caller, describe, expect, ok, startServer, test, World } from "../testkit/index.js";

describe("while MongoDB is away", () => {
  let mongo: TestMongo;
  beforeAll(async () => {
    mongo = await openTestMongo();
  });
  afterAll(() => mongo.close());

  /** A database of its own on the MongoDB of these tests. */
  const urlOf = (server: string): string =>
    withDatabase(server, mongo.db("away").databaseName, { directConnection: "true" });

  test("verification goes on and asks no database, questions are refused in words of their own, and usage is counted once, later", async () => {
    const database = await openTestDatabase();
    const dataDir = mkdtempSync(join(tmpdir(), "keyplane-away-"));
    const environment = { KEYPLANE_DATA_DIR: dataDir, KEYPLANE_ROOT_TOKEN: "root-token-of-the-test-of-mongodb" };
    // Nobody listens there any more.
    const gone = await freezableProxy("mongodb://127.0.0.1:1");
    await gone.close();
    const server = await startServer({ ...environment, MONGODB_URL: gone.url }, { database });
    const world = new World(server);
    // Callers who do not wait until everything is counted.
    const root = new Caller(server.url, server.rootToken);
    const { tenant, key, secret } = await world.tenantWithKey();
    expect(await root.verify(secret)).toMatchObject({ code: "VALID" });

    const watch = new DatabaseWatch(server);
    for (let time = 0; time < 99; time++) expect(await root.verify(secret)).toMatchObject({ code: "VALID" });
    expect(watch.asked).toEqual([]);
    watch.stop();
    const events = Array.from({ length: 5 }, () => ({ id: world.unique(), keyId: key.id, at: world.clock.in(0) }));
    for (let time = 0; time < 2; time++) expect(ok(await root.recordUsage(events)).accepted).toBe(5);

    // As TIMEOUT would be, an answer after 20 seconds and more.
    await expect(root.usage(world.around(tenant.id))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringMatching(/MongoDB.*Verification goes on, and usage waits on disk/),
    });
    const exported = await root.export("usage-events", { tenantId: tenant.id });
    expect([exported.status, JSON.parse(exported.text).errors[0].extensions.code]).toEqual([503, "UNAVAILABLE"]);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect((await world.metrics()).get("keyplane_usage_store_connected")).toBe(0);
    expect((await world.metrics()).get("keyplane_usage_spool_bytes")).toBeGreaterThan(10_000);
    await server.stop();

    const again = await startServer(
      { ...environment, MONGODB_URL: urlOf(mongo.url) },
      { database, clock: world.clock },
    );
    const count = async () =>
      (await new World(again).root.usage(world.around(tenant.id), "totals { count }")).totals.count;
    await expect.poll(count).toBe(105);
    // The reporter, who has not heard that all was taken, sends it once more.
    const reporter = new Caller(again.url, again.rootToken);
    expect(ok(await reporter.recordUsage(events)).accepted).toBe(5);
    expect(await count()).toBe(105);
    const lastUsed = "query ($id: ID!) { key(id: $id) { lastUsedAt } }";
    await again.stop();
    const third = await startServer(environment, { database, clock: world.clock });
    const { key: read } = await new Caller(third.url, third.rootToken).query(lastUsed, { id: key.id });
    expect(read.lastUsedAt).toBe(world.clock.in(0));
    await third.stop();
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  test("a MongoDB that comes only after the server has started is found, and usage is counted", async () => {
    const gone = await freezableProxy("mongodb://127.0.0.1:1");
    const port = Number(new URL(gone.url).port);
    await gone.close();
    const server = await startServer({ MONGODB_URL: gone.url });
    const world = new World(server);
    const { tenant, secret } = await world.tenantWithKey();
    await world.root.verify(secret);
    // By now a first attempt to connect has failed for good.
    await expect(world.root.usage(world.around(tenant.id))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(world.root.usage(world.around(tenant.id))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const late = await startEmbeddedMongo({ dataDir: undefined, port });
    const count = () =>
      world.root.usage(world.around(tenant.id), "totals { count }").then(
        ({ totals }) => totals.count,
        () => -1,
      );
    await expect.poll(count, { timeout: 90_000 }).toBe(1);
    await server.stop();
    await late.close();
  });

  test("a MongoDB that falls silent holds up no verification; when it speaks again, every call is there once", async () => {
    const proxy = await freezableProxy(mongo.url);
    const server = await startServer({ MONGODB_URL: urlOf(proxy.url) });
    const world = new World(server);
    const { tenant, secret } = await world.tenantWithKey();
    await world.verify(secret, 10);
    const total = async () => (await world.root.usage(world.around(tenant.id), "totals { count }")).totals.count;
    expect(await total()).toBe(10);
    proxy.freeze();
    const root = new Caller(server.url, server.rootToken);
    const watch = new DatabaseWatch(server);
    for (let time = 0; time < 50; time++) expect(await root.verify(secret)).toMatchObject({ code: "VALID" });
    expect(watch.asked).toEqual([]);
    watch.stop();
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    proxy.thaw();
    expect(await total()).toBe(60);
    await server.stop();
    await proxy.close();
  });

  test("a full spool refuses reports, which can be sent again, and never a verification; what is lost is told", async () => {
    const gone = await freezableProxy("mongodb://127.0.0.1:1");
    await gone.close();
    const server = await startServer({ MONGODB_URL: gone.url, KEYPLANE_USAGE_SPOOL_BYTES: "1048576" });
    const world = new World(server);
    const root = new Caller(server.url, server.rootToken);
    const { key, secret } = await world.tenantWithKey();
    const events = Array.from({ length: 2_000 }, () => ({ keyId: key.id, userAgent: "x".repeat(256) }));
    expect(ok(await root.recordUsage(events)).accepted).toBe(2_000);
    expect(await root.recordUsage(events)).toMatchObject({
      __typename: "LimitReachedError",
      code: "LIMIT_REACHED",
      message: expect.stringContaining("send them again later"),
    });
    // Smaller ones fill what is left; then nothing goes in any more.
    const one = { keyId: key.id, userAgent: "x".repeat(256) };
    for (let size = 512; size >= 1; size /= 2) {
      for (;;) {
        const result = await root.recordUsage(Array.from({ length: size }, () => one));
        if (result.code) break;
      }
    }
    for (let time = 0; time < 5; time++) expect(await root.verify(secret)).toMatchObject({ code: "VALID" });
    const metrics = await world.metrics();
    expect(metrics.get("keyplane_usage_lost_total")).toBeGreaterThanOrEqual(1);
    expect(server.logs.filter((line) => line.includes("usage of verifications is lost"))).toHaveLength(1);
    await server.stop();
  });
});
