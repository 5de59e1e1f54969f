import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { describe, expect, startServer, type TestServer, test, World } from "../testkit/index.js";
import { root, succeed, tool } from "./program.js";

/** The examples go by the real clock, so their server must not be one whose clock another test has moved. */
let server: TestServer;
let world: World;
beforeAll(async () => {
  server = await startServer();
  world = new World(server);
});
afterAll(() => server.stop());

function example(name: string, env: Record<string, string>): Promise<string> {
  const path = join(root, "packages/sdk/examples", name);
  const access = { KEYPLANE_URL: server.url, KEYPLANE_TOKEN: server.rootToken };
  return succeed(process.execPath, ["--conditions=source", "--import", tool.tsx, path], root, { ...access, ...env });
}

describe("the examples of usage", () => {
  test("record-usage.ts hands over what its API did, and says so", async () => {
    const { tenant, key } = await world.tenantWithKey();
    expect(await example("record-usage.ts", { KEY_ID: key.id })).toBe(
      "desserts\nreward\nwarts\n3 calls taken, 0 rejected, 0 dropped\n",
    );
    const { totals } = await world.root.usage(world.around(tenant.id));
    expect(totals).toMatchObject({ count: 3 });
  });

  test("usage-report.ts prints a month by key, in the month of the time zone", async () => {
    const { tenant, owner, key, secret } = await world.tenantWithKey({ key: { name: "Orders" } });
    const other = await world.key(tenant.id, owner.id, { name: "A key with a long name" });
    await world.verify(secret, 3, { cost: 40 });
    await world.verify(secret, 1, { scopes: ["none"] });
    await world.verify(other.secret, 2, { cost: 1 });
    await world.root.usage(world.around(tenant.id)); // waits until all is counted
    // In UTC+14 and UTC-11 it may be another month than here, so the report is asked for in UTC.
    const month = new Date(server.clock.now()).toISOString().slice(0, 7);
    const lines = (await example("usage-report.ts", { TENANT: tenant.id, MONTH: month, TIME_ZONE: "UTC" })).split("\n");
    const width = Math.max(key.id.length, other.key.id.length);
    expect(lines[0]).toMatch(new RegExp(`^${month} in UTC: ${month}-01T00:00:00.000Z to `));
    expect(lines.slice(1, 5)).toEqual([
      `${"key".padEnd(width)}  name                    calls  cost`,
      `${key.id.padEnd(width)}  Orders                      3   120`,
      `${other.key.id.padEnd(width)}  A key with a long name      2     2`,
      `${"total".padEnd(width)}                              5   122`,
    ]);
    expect(lines[5]).toMatch(/^Calls after .* are not all counted yet\.$/);
  });

  test("usage-report.ts knows when a month begins where clocks change on its first day", async () => {
    const { tenant } = await world.tenantWithKey();
    const window = async (month: string, zone: string): Promise<string> => {
      const report = await example("usage-report.ts", { TENANT: tenant.id, MONTH: month, TIME_ZONE: zone });
      return report.split("\n")[0] ?? "";
    };
    expect(await window("2026-11", "America/New_York")).toBe(
      "2026-11 in America/New_York: 2026-11-01T04:00:00.000Z to 2026-12-01T05:00:00.000Z",
    );
    expect(await window("2026-10", "Australia/Lord_Howe")).toBe(
      "2026-10 in Australia/Lord_Howe: 2026-09-30T13:30:00.000Z to 2026-10-31T13:00:00.000Z",
    );
  });
});
