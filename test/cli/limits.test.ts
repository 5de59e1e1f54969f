import { afterAll, beforeAll } from "vitest";
import { describe, expect, ok, test, type World } from "../testkit/index.js";
import { loseServer } from "../testkit/lost-server.js";
import { builtCli, CliUser } from "./run-cli.js";

const users: CliUser[] = [];
beforeAll(async () => void (await builtCli()));
afterAll(() => {
  for (const user of users) user.leave();
});

function rootOf(world: World): CliUser {
  const user = new CliUser({ KEYPLANE_URL: world.url, KEYPLANE_TOKEN: world.server.rootToken });
  users.push(user);
  return user;
}

describe("limits", () => {
  test("are set on a key and an API, shown with what is left, and taken away", async ({ world }) => {
    const cli = rootOf(world);
    const { tenant, key, secret } = await world.tenantWithKey();
    const api = await world.api(tenant.id, { access: "OPEN" });
    const rates = ["--rate", "per-second=20/1s,per-hour=5000/1h:burst=500:cost", "--rate", "b=7/1d"];
    expect((await cli.json(["limits", "set", key.id, ...rates])).rateLimits).toMatchObject([
      { name: "per-second", limit: 20, windowMs: 1_000, burst: null, unit: "REQUESTS" },
      { name: "per-hour", limit: 5_000, windowMs: 3_600_000, burst: 500, unit: "COST" },
      { name: "b", limit: 7, windowMs: 86_400_000 },
    ]);
    expect((await cli.run(["limits", "set", api.id, "--rate", "all=3/1m"])).stdout).toMatch(/^all +3 +1m/m);
    expect((await cli.run(["keys", "verify", "--api", api.slug], secret)).code).toBe(0);
    const shown = await cli.run(["limits", "show", api.id]);
    expect(shown.stdout).toMatch(/^all +3 +1m +REQUESTS +2$/m);
    expect(await cli.json(["limits", "show", key.id])).toMatchObject({ rateLimits: [{}, {}, {}], quota: null });
    const asked = await cli.run(["limits", "set", key.id, "--none"]);
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining("--yes")]);
    expect(await cli.run(["limits", "set", key.id, "--none", "--yes"])).toMatchObject({ code: 0, stdout: "" });
    // A script's empty variable takes nothing away; the word for that is --none, which asks.
    expect((await cli.run(["limits", "set", key.id, "--rate", "a=7/1d"])).code).toBe(0);
    for (const wrong of ["", ",", "a", "a=x/1m", "a=1/1x", "a=1/1m:burst", "a=1/1m:hot"]) {
      expect(await cli.run(["limits", "set", key.id, "--rate", wrong])).toMatchObject({ code: 2, stdout: "" });
    }
    expect((await cli.json(["limits", "show", key.id])).rateLimits).toMatchObject([{ name: "a" }]);
    expect((await cli.run(["limits", "show", "key_missing"])).code).toBe(5);
  });
});

describe("quotas", () => {
  test("are set, topped up, reset and taken away, and their history tells of it", async ({ world }) => {
    const cli = rootOf(world);
    const { owner, secret } = await world.tenantWithKey();
    const set = ["quotas", "set", owner.id, "--limit", "3", "--refill", "monthly", "--time-zone", "Europe/Berlin"];
    expect(await cli.json(set)).toMatchObject({ targetId: owner.id, limit: 3, refill: "MONTHLY", used: 0 });
    await world.verify(secret, 2);
    expect((await cli.run(["limits", "show", owner.id])).stdout).toMatch(/^Quota: 2 of 3 used, 1 left, MONTHLY/m);
    world.clock.advance(1_000);
    const toppedUp = await cli.run(["quotas", "top-up", owner.id, "--amount", "5", "--reason", "order 4711"]);
    expect(toppedUp.stdout).toBe(`${owner.id} has used 2 of 8.\n`);
    world.clock.advance(1_000);
    expect(await cli.json(["quotas", "reset", owner.id])).toMatchObject({ used: 0, toppedUp: 5 });
    const history = await cli.run(["quotas", "history", owner.id]);
    expect(
      history.stdout
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => line.split(/ {2,}/)[1]),
    ).toEqual(["RESET", "TOPPED_UP", "SET"]);
    expect(history.stdout).toContain("order 4711");
    expect((await cli.run(["quotas", "show", owner.id])).stdout).toMatch(/^limit +3$/m);
    expect((await cli.run(["quotas", "remove", owner.id])).code).toBe(2);
    world.clock.advance(1_000);
    const removed = await cli.run(["quotas", "remove", owner.id, "--yes"]);
    expect(removed.stdout).toBe(`${owner.id} has no quota any more.\n`);
    expect((await cli.run(["quotas", "show", owner.id])).code).toBe(5);
    // What has happened to it can still be read.
    const later = await cli.json(["quotas", "history", owner.id]);
    expect(later.nodes.map(({ type }: { type: string }) => type)).toEqual(["REMOVED", "RESET", "TOPPED_UP", "SET"]);
  });

  test("are shown with the servers that hold parts of them, and with what to do about lost ones", async ({ world }) => {
    const cli = rootOf(world);
    const { owner, secret } = await world.tenantWithKey();
    const { quota } = ok(await world.root.quota("setQuota", { targetId: owner.id, limit: 3_200 }));
    await world.verify(secret);
    const notLost = await cli.run(["quotas", "show", owner.id]);
    expect(notLost.stdout).toMatch(/^[0-9a-f]{32} +100 .* no$/m);
    expect(notLost.stderr).toBe("");
    const { database } = world.server.keyplane;
    const { holder } = await loseServer({ database, clock: world.clock }, quota.id, 1);
    const { stdout, stderr } = await cli.run(["quotas", "show", owner.id]);
    expect(stdout).toMatch(new RegExp(`^${holder} +96 .* yes$`, "m"));
    expect(stderr).toContain(`Lost servers hold 96 of it`);
    expect(stderr).toContain(`keyplane quotas top-up ${owner.id} --amount 96`);
    expect((await cli.run(["limits", "show", owner.id])).stderr).toContain("Lost servers hold 96 of it");
    const { leases } = await cli.json(["quotas", "show", owner.id]);
    expect(leases).toMatchObject([{ holder, isLost: true }, { isLost: false }]);
    expect((await cli.json(["quotas", "reset", owner.id])).leases).toEqual([]);
  });
});

describe("whose limits", () => {
  test("may be named by a user's e-mail address and a tenant's slug, as in every other command", async ({ world }) => {
    const cli = rootOf(world);
    const { tenant, owner } = await world.tenantWithKey();
    const ofUser = [owner.email, "--tenant", tenant.slug];
    expect(await cli.json(["quotas", "set", ...ofUser, "--limit", "3"])).toMatchObject({ targetId: owner.id });
    expect(await cli.json(["quotas", "set", tenant.slug, "--limit", "9"])).toMatchObject({ targetId: tenant.id });
    expect(await cli.json(["quotas", "top-up", ...ofUser, "--amount", "2"])).toMatchObject({ toppedUp: 2 });
    expect(await cli.json(["quotas", "reset", tenant.slug])).toMatchObject({ targetId: tenant.id });
    expect(await cli.json(["quotas", "show", ...ofUser])).toMatchObject({ limit: 3 });
    expect((await cli.json(["quotas", "history", tenant.slug])).nodes).toHaveLength(2);
    expect((await cli.json(["limits", "set", ...ofUser, "--rate", "a=7/1d"])).rateLimits).toMatchObject([
      { name: "a" },
    ]);
    expect(await cli.json(["limits", "show", tenant.slug])).toMatchObject({ quota: { limit: 9 } });
    expect((await cli.run(["quotas", "remove", ...ofUser, "--yes"])).code).toBe(0);
    for (const nobody of ["nobody@acme.example", "no-such-tenant"]) {
      const { code, stderr } = await cli.run(["quotas", "set", nobody, "--tenant", tenant.slug, "--limit", "1"]);
      expect([code, stderr]).toEqual([5, expect.stringContaining(nobody)]);
    }
  });
});

describe("lifecycle", () => {
  test("a leaked key is reported, found, dealt with, and costs the tenant points meanwhile", async ({ world }) => {
    const cli = rootOf(world);
    const { tenant, key, secret } = await world.tenantWithKey();
    const whose = ["--tenant", tenant.slug];
    const policy = ["policies", "update", ...whose, "--leak-action", "notify", "--idle-after-days", "30"];
    expect(await cli.json(policy)).toMatchObject({ id: tenant.id, leakAction: "NOTIFY", idleAfterDays: 30 });
    expect(await cli.json(["policies", "update", ...whose, "--never-idle"])).toMatchObject({ idleAfterDays: null });
    const bounds = ["--shared-max-user-agents", "none", "--shared-max-networks", "7", "--shared-max-addresses", "none"];
    expect(await cli.json(["policies", "update", ...whose, ...bounds])).toMatchObject({
      sharedMaxUserAgents: null,
      sharedMaxNetworks: 7,
      sharedMaxAddresses: null,
    });
    expect((await cli.run(["policies", "show", ...whose])).stdout).toMatch(/^leakAction +NOTIFY$/m);
    expect((await cli.run(["policies", "update", ...whose])).code).toBe(2);
    // What stops keys by itself is asked for, also where only the rules of an action change that is set already.
    const stops = [
      ["--leak-action", "revoke"],
      ["--leak-action", "disable"],
      ["--idle-action", "disable"],
      ["--never-expiring-action", "disable"],
      ["--shared-action", "disable"],
    ];
    for (const each of stops) {
      const asked = await cli.run(["policies", "update", ...whose, ...each]);
      expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining("--yes")]);
    }
    const disabling = ["policies", "update", ...whose, "--shared-action", "disable", "--yes"];
    expect(await cli.json(disabling)).toMatchObject({ sharedAction: "DISABLE", leakAction: "NOTIFY" });
    for (const rule of ["--shared-max-networks", "--grace-days"]) {
      expect((await cli.run(["policies", "update", ...whose, rule, "1"])).code).toBe(2);
    }
    expect((await cli.run(["policies", "update", ...whose, "--idle-after-days", "9"])).code).toBe(0);
    expect((await cli.run(["policies", "update", ...whose, "--shared-action", "remind"])).code).toBe(0);

    const report = ["keys", "report", "--place", "https://example.com/paste/1", "--source", "a scanner"];
    const finding = await cli.json(report, secret);
    expect(finding).toMatchObject({ kind: "LEAKED", keyId: key.id, action: "NONE" });
    const findings = ["findings", "list", ...whose, "--kind", "leaked", "--open"];
    expect((await cli.run([...findings, "--quiet"])).stdout).toBe(`${finding.id}\n`);
    const hygiene = await cli.json(["tenants", "hygiene", tenant.slug]);
    expect(hygiene.score).toBeLessThan(100);
    expect((await cli.run(["tenants", "hygiene", tenant.slug])).stdout).toMatch(/^LEAKED +1 +35 of 35/m);

    const resolved = await cli.run(["findings", "resolve", finding.id, "--reason", "rotated"]);
    expect(resolved.stdout).toBe(`${finding.id} is resolved.\n`);
    expect((await cli.run([...findings, "--quiet"])).stdout).toBe("");
    expect(await cli.json(["tenants", "hygiene", tenant.id])).not.toMatchObject({ score: hygiene.score });
  });
});
