import { afterAll, beforeAll } from "vitest";
import { describe, expect, ok, test, type World } from "../testkit/index.js";
import { builtCli, CliUser } from "./run-cli.js";

const users: CliUser[] = [];
beforeAll(async () => void (await builtCli()));
afterAll(() => {
  for (const user of users) user.leave();
});

function holderOf(world: World, token: string | null): CliUser {
  const user = new CliUser({ KEYPLANE_URL: world.url, KEYPLANE_TOKEN: token ?? "" });
  users.push(user);
  return user;
}

/** The commands that a diagnosis names, as a shell would read them. */
function commandsIn(stdout: string): string[][] {
  const lines = [...stdout.matchAll(/^ {2}Do: {4}keyplane (.+)$/gm)].map(([, line = ""]) => line);
  return lines.map((line) => [...line.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word));
}

describe("keys diagnose", () => {
  test("says of each remedy what it does, whom it is about, whether one may, and the command, which mends the key", async ({
    world,
  }) => {
    const cli = holderOf(world, world.server.rootToken);
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    ok(await admin.user("disableUser", { id: owner.id }));
    const outdated = ["--owner-name", "Ada Lovelace", "--owner-email", owner.email, "--owner-external-id", "4 2"];
    const diagnosed = await cli.run(["keys", "diagnose", ...outdated], secret);
    expect(diagnosed.code).toBe(10);
    expect(diagnosed.stdout).toMatch(/^Found: {3}Your system holds other details of the owner/m);
    expect(diagnosed.stdout).toContain(
      `Remedy 1: Enable the owner.
  Does:  ${owner.name} is active again, and so are all keys and tokens of this user.
  About: ${owner.id}
  May:   you may
  Do:    keyplane users enable ${owner.id}
`,
    );
    const commands = commandsIn(diagnosed.stdout);
    expect(commands).toEqual([
      ["users", "enable", owner.id],
      ["users", "update", owner.id, "--name", "Ada Lovelace", "--external-id", "4 2"],
    ]);
    for (const command of commands) expect((await cli.run(command)).code).toBe(0);
    const mended = await cli.run(["keys", "diagnose", "--id", key.id, ...outdated]);
    expect([mended.code, mended.stdout]).toEqual([0, expect.not.stringMatching(/Remedy|Found/)]);

    ok(await admin.user("disableUser", { id: owner.id }));
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    const { stdout } = await holderOf(world, developer.token).run(["keys", "diagnose"], secret);
    expect(stdout).toMatch(/^ {2}May: {3}not you\. A caller with users:disable/m);
  });

  test("tells the refused calls, and looks in the tenant that is named", async ({ world }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    ok(await admin.key("disableKey", { id: key.id }));
    await admin.verify(secret, { ip: "192.0.2.77", userAgent: "their-app/1.2" });
    await world.counted();
    const cli = holderOf(world, world.server.rootToken);
    const named = ["keys", "diagnose", "--id", key.id];
    expect((await cli.run([...named, "--tenant", tenant.slug])).stdout).toMatch(
      /^REFUSED AT .*\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +DISABLED +key +192\.0\.2\.77 .*their-app\/1\.2$/m,
    );
    const { tenant: other } = await world.tenantWithKey();
    const elsewhere = await cli.run([...named, "--tenant", other.slug]);
    expect([elsewhere.code, elsewhere.stdout]).toEqual([10, expect.stringContaining("NOT_FOUND")]);
  });

  test("asks for what the call costs, and every remedy is a command that does it", async ({ world }) => {
    const cli = holderOf(world, world.server.rootToken);
    const { owner, key, secret } = await world.tenantWithKey({ key: { allowedIps: ["192.0.2.1"] } });
    expect((await cli.run(["quotas", "set", owner.id, "--limit", "3"])).code).toBe(0);
    const call = ["keys", "diagnose", "--ip", "192.0.2.1", "--cost"];
    expect((await cli.run([...call, "3"], secret)).code).toBe(0);
    const dear = await cli.run([...call, "4"], secret);
    expect([dear.code, dear.stdout]).toEqual([10, expect.stringContaining("QUOTA_EXCEEDED")]);
    const topUp = commandsIn(dear.stdout)[0] ?? [];
    expect(topUp.slice(0, 3)).toEqual(["quotas", "top-up", owner.id]);
    expect((await cli.run(topUp)).code).toBe(0);
    expect((await cli.run([...call, "4"], secret)).code).toBe(0);

    const elsewhere = ["keys", "diagnose", "--ip", "203.0.113.9"];
    const [letIn = []] = commandsIn((await cli.run(elsewhere, secret)).stdout);
    expect(letIn).toEqual(["keys", "update", key.id, "--allowed-ips", "192.0.2.1,203.0.113.9"]);
    const { stdout } = await cli.run([...elsewhere, "--json"], secret);
    expect(JSON.parse(stdout).remedies[0]).toMatchObject({
      mutation: expect.stringContaining("mutation UpdateKey("),
      variables: { input: { id: key.id, allowedIps: ["192.0.2.1", "203.0.113.9"] } },
    });
    expect((await cli.run(letIn)).code).toBe(0);
    expect((await cli.run(elsewhere, secret)).code).toBe(0);
  });
});

describe("keys resolve", () => {
  test("shows the plan, then creates the right user and gives them the key, whose new secret stands alone", async ({
    world,
  }) => {
    const cli = holderOf(world, world.server.rootToken);
    const { admin, owner, key, secret } = await world.tenantWithKey({ key: { scopes: ["orders:read"] } });
    ok(await admin.user("deleteUser", { id: owner.id }));
    const right = [
      "--email",
      owner.email,
      "--name",
      "Ada Lovelace",
      "--external-id",
      world.unique(),
      "--role",
      "guest",
    ];
    const resolve = ["keys", "resolve", ...right, "--scopes", "orders:read"];
    const plan = await cli.run([...resolve, "--id", key.id, "--dry-run"]);
    expect(plan).toMatchObject({ code: 0, stderr: "This is the plan: nothing was changed.\n" });
    expect(plan.stdout).toMatch(/^STEP +OUTCOME +WHAT\nIDENTIFY +not needed .+\nVERIFY +done .+/);
    expect(plan.stdout).toMatch(/^Changes: .*name none -> Ada Lovelace/m);
    expect(await cli.run(resolve, secret)).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") });
    expect((await world.verify(secret)).code).toBe("OWNER_NOT_FOUND");

    const done = await cli.run([...resolve, "--yes"], secret);
    expect([done.code, done.stdout]).toEqual([0, expect.stringMatching(/^\w+_live_[0-9A-Za-z]{49}\n$/)]);
    expect(done.stderr).toMatch(/^REISSUE +done /m);
    expect(done.stderr).toMatch(/^valid {2}VALID/m);
    expect(done.stderr + plan.stdout).not.toContain(done.stdout.trim());
    const verdict = await world.verify(done.stdout.trim());
    expect(verdict).toMatchObject({ code: "VALID", owner: { name: "Ada Lovelace", email: owner.email } });
    expect((await world.verify(secret)).code).toBe("SUPERSEDED");
  });

  test("ends with the code of a refused key when the test is refused, and when the plan is blocked", async ({
    world,
  }) => {
    const cli = holderOf(world, world.server.rootToken);
    const { admin, tenant, owner, key, secret } = await world.tenantWithKey();
    const resolve = ["keys", "resolve", "--start", key.start, "--yes"];
    const lacking = await cli.run([...resolve, "--scopes", "never"]);
    expect([lacking.code, lacking.stdout]).toEqual([10, expect.stringMatching(/^TEST +failed .*INSUFFICIENT_SCOPE/m)]);
    const strict = await cli.run([...resolve, "--scopes", "never", "--reissue", "--require-valid"]);
    expect([strict.code, strict.stderr]).toEqual([6, expect.stringContaining("nothing is changed")]);
    expect((await world.verify(secret)).code).toBe("VALID");

    ok(await admin.user("disableUser", { id: owner.id }));
    const blocked = await cli.run([...resolve, "--dry-run"]);
    expect([blocked.code, blocked.stdout]).toEqual([10, expect.stringMatching(/^Blocked: /m)]);
    const absent = await cli.run([...resolve, "--email", "nobody@example.com", "--existing-only"]);
    expect([absent.code, absent.stdout]).toEqual([5, ""]);
    const enabled = await cli.json([...resolve, "--enable-disabled", "--reissue"]);
    expect(enabled).toMatchObject({ dryRun: false, key: { id: key.id }, verdict: { valid: true } });
    expect((await world.verify(enabled.secret)).code).toBe("VALID");

    const right = await world.user(tenant.id);
    const given = await cli.run([...resolve.slice(0, 2), "--id", key.id, "--user", right.id, "--yes", "--quiet"]);
    expect(given).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/^\w+_live_[0-9A-Za-z]{49}\n$/) });
    const kept = await cli.run([...resolve.slice(0, 2), "--id", key.id, "--yes", "--quiet"]);
    expect(kept).toEqual({ code: 0, stderr: "", stdout: `${key.id}\n` });
    expect(await cli.run([...resolve, "--id", key.id])).toMatchObject({ code: 2, stdout: "" });
  });
});
