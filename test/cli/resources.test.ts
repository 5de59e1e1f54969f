import { afterAll, beforeAll } from "vitest";
import { day, describe, expect, hour, second, test, type World } from "../testkit/index.js";
import { builtCli, CliUser } from "./run-cli.js";

const users: CliUser[] = [];
beforeAll(async () => void (await builtCli()));
afterAll(() => {
  for (const user of users) user.leave();
});

/** Somebody with the root token of the world's server. */
function rootOf(world: World, environment: Record<string, string> = {}): CliUser {
  const user = new CliUser({ KEYPLANE_URL: world.url, KEYPLANE_TOKEN: world.server.rootToken, ...environment });
  users.push(user);
  return user;
}

const secretPattern = /^[a-z0-9]+_live_[0-9A-Za-z]{49}\n$/;

describe("from a tenant to a revoked key", () => {
  test("every step with people's output, and its secret alone on standard output", async ({ world }) => {
    const cli = rootOf(world);
    const slug = world.unique("cli");
    const email = `${slug}@example.com`;
    const tenant = await cli.run(["tenants", "create", "--slug", slug, "--name", "Acme Ltd", "--prefix", "acme"]);
    expect(tenant).toMatchObject({ code: 0, stderr: "" });
    expect(tenant.stdout).toMatch(new RegExp(`^slug +${slug}$`, "m"));
    const user = await cli.run(["users", "create", "--tenant", slug, "--email", email, "--name", "Ada", "--quiet"]);
    expect(user.stdout).toMatch(/^usr_\w+\n$/);

    const create = ["keys", "create", "--tenant", slug, "--owner", email, "--name", "Orders", "--scopes", "a,b"];
    const created = await cli.run(create);
    expect(created.stdout).toMatch(secretPattern);
    expect(created.stderr).toMatch(/^scopes +a, b$/m);
    expect(created.stderr).not.toContain(created.stdout.trim());
    const secret = created.stdout;

    const verified = await cli.run(["keys", "verify", "--scopes", "a"], secret);
    expect(verified).toMatchObject({ code: 0, stderr: "" });
    expect(verified.stdout).toMatch(/^valid {2}VALID/);
    expect(verified.stdout).toContain(`Ada <${email}>`);
    const lacking = await cli.run(["keys", "verify", "--scopes", "c"], secret);
    expect([lacking.code, lacking.stdout]).toEqual([10, expect.stringContaining("INSUFFICIENT_SCOPE")]);

    const listed = await cli.run(["keys", "list", "--tenant", slug]);
    const [head = "", row = ""] = listed.stdout.split("\n");
    expect(head).toMatch(/^ID +NAME +START +STATUS/);
    expect(row.indexOf("Orders")).toBe(head.indexOf("NAME"));
    expect(listed.stderr).toBe("1 in all.\n");
    const id = row.split(" ")[0] ?? "";

    world.clock.advance(second); // what happens in one moment has no order in the audit log
    const revoked = await cli.run(["keys", "revoke", id, "--reason", "left", "--yes"]);
    expect(revoked).toEqual({ code: 0, stdout: `Orders (${id}) is revoked.\n`, stderr: "" });
    const diagnosed = await cli.run(["keys", "diagnose"], secret);
    expect(diagnosed.code).toBe(10);
    expect(diagnosed.stdout).toMatch(/^revocation +failed .*left/m);
    expect(diagnosed.stdout).toMatch(/^Remedy 1: Create a key like this one\.$/m);
    const named = await cli.run(["keys", "diagnose", "--id", id, "--json"]);
    expect([named.code, JSON.parse(named.stdout).verdict.code]).toEqual([10, "REVOKED"]);

    const audit = await cli.json(["audit", "--target", id]);
    expect(audit.nodes.map((record: { action: string }) => record.action)).toEqual(["key.revoked", "key.created"]);
    for (const { stdout, stderr } of [verified, lacking, listed, diagnosed]) {
      expect(stdout + stderr).not.toContain(secret.trim());
    }
  });

  test("every change as one JSON document", async ({ world }) => {
    const cli = rootOf(world);
    const { tenant, owner, key, secret } = await world.tenantWithKey();
    const whose = ["--tenant", tenant.slug];
    expect(await cli.json(["tenants", "show", tenant.slug])).toMatchObject({
      id: tenant.id,
      policy: expect.anything(),
    });
    expect(await cli.json(["tenants", "suspend", tenant.slug, "--yes"])).toMatchObject({ status: "SUSPENDED" });
    expect(await cli.json(["tenants", "resume", tenant.id])).toMatchObject({ status: "ACTIVE" });
    expect(await cli.json(["users", "show", owner.email, ...whose])).toMatchObject({ id: owner.id });
    expect(await cli.json(["users", "disable", owner.id, "--yes"])).toMatchObject({ status: "DISABLED" });
    expect(await cli.json(["users", "enable", owner.id])).toMatchObject({ status: "ACTIVE" });
    expect(await cli.json(["keys", "disable", key.id, "--yes"])).toMatchObject({ status: "DISABLED" });
    expect(await cli.json(["keys", "enable", key.id])).toMatchObject({ status: "ACTIVE" });
    expect(await cli.json(["keys", "show", key.id])).toMatchObject({ id: key.id, start: key.start });
    const rotated = await cli.json(["keys", "rotate", key.id, "--overlap", "1h"]);
    expect(rotated).toMatchObject({ key: { id: key.id }, secret: expect.stringMatching(/_live_/) });
    expect(rotated.secret).not.toBe(secret);
    expect(await cli.json(["keys", "verify"], rotated.secret)).toMatchObject({ valid: true, code: "VALID" });
    // The program counts from its own clock, which the server's may be ahead of.
    const hours = Math.ceil((world.clock.now() - Date.now()) / 3_600_000) + 24;
    const token = await cli.json([
      "tokens",
      "create",
      "--name",
      "ci",
      "--role",
      "developer",
      ...whose,
      "--expires-in",
      `${hours}h`,
    ]);
    expect(token.managementToken).toMatchObject({
      role: "DEVELOPER",
      tenantId: tenant.id,
      expiresAt: expect.anything(),
    });
    const whoami = await new CliUser({ KEYPLANE_URL: world.url, KEYPLANE_TOKEN: token.secret }).json(["whoami"]);
    expect(whoami).toMatchObject({ id: token.managementToken.id, url: world.url });
    expect(await cli.json(["tokens", "revoke", token.managementToken.id, "--yes"])).toMatchObject({
      revokedAt: expect.anything(),
    });
    expect((await cli.json(["tokens", "list", ...whose])).nodes).toHaveLength(2);
    expect(await cli.json(["users", "delete", owner.id, "--yes"])).toMatchObject({ status: "DELETED" });
  });

  test("rules of a tenant and the rotation of a key are changed; what may refuse calls at once is asked for", async ({
    world,
  }) => {
    const cli = rootOf(world);
    const { tenant, owner, key, secret } = await world.tenantWithKey();
    const hook = ["--name", "Vault", "--address", "https://example.com/vault", "--for-rotations"];
    const { webhook } = await cli.json(["webhooks", "create", "--tenant", tenant.slug, ...hook]);
    const update = ["tenants", "update", tenant.slug];
    const rotation = ["--rotate-every", "90d", "--rotation-webhook", webhook.id];
    const rules = [...rotation, "--rotation-overlap", "1d", "--rotation-overdue", "warn", "--allowed-scopes", "a,b"];
    expect(await cli.json([...update, ...rules, "--name", "Acme"])).toMatchObject({
      name: "Acme",
      policy: {
        allowedScopes: ["a", "b"],
        rotateEveryMs: 90 * day,
        rotationOverdue: "WARN",
        rotationOverlapMs: day,
        rotationWebhookId: webhook.id,
      },
    });
    const nothing = ["--rotate-every", "none", "--rotation-webhook", "none", "--allowed-scopes", "any"];
    const addresses = ["--allowed-ips", "203.0.113.0/24", "--denied-ips", "203.0.113.7", "--yes"];
    expect(await cli.json([...update, ...nothing, ...addresses])).toMatchObject({
      allowedIps: ["203.0.113.0/24"],
      deniedIps: ["203.0.113.7"],
      policy: { allowedScopes: null, rotateEveryMs: null, rotationOverlapMs: day, rotationWebhookId: null },
    });
    const everywhere = ["--allowed-ips", "any", "--denied-ips", "none", "--yes"];
    expect(await cli.json([...update, ...everywhere])).toMatchObject({ allowedIps: [], deniedIps: [] });
    const strict = await cli.json([...update, "--rotation-overdue", "refuse", "--rotation-overlap", "none", "--yes"]);
    expect(strict.policy).toMatchObject({ rotationOverdue: "REFUSE", rotationOverlapMs: 0 });
    const refused = [
      ["--rotate-every", "1h"],
      ["--rotation-overdue", "refuse"],
      ["--denied-ips", "none"],
      ["--allowed-ips", "", "--yes"],
      [],
    ];
    const ended = await Promise.all(refused.map((options) => cli.run([...update, ...options])));
    expect(ended.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    expect(ended.map(({ stderr }) => /--yes|at least one|what to change/.exec(stderr)?.[0])).toEqual([
      "--yes",
      "--yes",
      "--yes",
      "at least one",
      "what to change",
    ]);

    const rotated = { rotateEveryMs: 90 * day, rotationWebhookId: webhook.id };
    expect(await cli.json(["keys", "update", key.id, ...rotation])).toMatchObject(rotated);
    const unset = ["--rotate-every", "none", "--rotation-webhook", "none"];
    expect(await cli.json(["keys", "update", key.id, ...unset])).toMatchObject({
      rotateEveryMs: null,
      rotationWebhookId: null,
    });
    const rulesOfKey = ["--rotation-overdue", "refuse", "--rotation-overlap", "2h"];
    expect(await cli.run(["keys", "update", key.id, ...rulesOfKey])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--yes"),
    });
    const ruled = { rotationOverdue: "REFUSE", rotationOverlapMs: 2 * hour };
    expect(await cli.json(["keys", "update", key.id, ...rulesOfKey, "--yes"])).toMatchObject(ruled);
    expect(await cli.json(["keys", "update", key.id, "--rotation-overlap", "none"])).toMatchObject({
      rotationOverdue: "REFUSE",
      rotationOverlapMs: 0,
    });
    const lax = ["--rotation-overdue", "default", "--rotation-overlap", "default"];
    expect(await cli.json(["keys", "update", key.id, ...lax])).toMatchObject({
      rotationOverdue: null,
      rotationOverlapMs: null,
    });
    const whose = ["keys", "create", "--tenant", tenant.slug, "--owner", owner.id];
    const made = [...whose, "--name", "Vaulted", ...rotation, ...rulesOfKey];
    expect((await cli.json(made)).key).toMatchObject({ ...rotated, ...ruled });
    const fresh = await cli.run(["keys", "rotate", key.id, "--on-first-use", "--overlap", "1h"]);
    expect(fresh.code).toBe(0);
    expect(fresh.stderr).not.toMatch(/^start /m);
    expect(fresh.stderr).toContain(`It waits for its first use: until then ${key.id} goes on with its old secret`);
    const shown = (await cli.run(["keys", "show", key.id])).stdout;
    expect(shown).toMatch(new RegExp(`^pendingSecret\\.start +${fresh.stdout.slice(0, key.start.length)}$`, "m"));
    expect(shown).toMatch(/^pendingSecret\.createdAt +\d{4}-[^T]+Z$/m);
    expect(shown).toMatch(/^pendingSecret\.overlapMs +1h$/m);
    for (const each of [secret, fresh.stdout.trim()]) expect((await world.verify(each)).code).toBe("VALID");
  });

  test("a rotation can leave the overlap to the tenant's policy; what may stop the old secret at once is asked for", async ({
    world,
  }) => {
    const cli = rootOf(world);
    const { tenant, key, secret } = await world.tenantWithKey();
    const rotate = ["keys", "rotate", key.id];
    for (const options of [[], ["--overlap", "none"], ["--overlap", "policy"]]) {
      expect(await cli.run([...rotate, ...options])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("--yes"),
      });
    }
    const policy = async (overlap: string) =>
      (await cli.json(["tenants", "update", tenant.slug, "--rotation-overlap", overlap])).policy.rotationOverlapMs;
    const byPolicy = async () => (await cli.json([...rotate, "--overlap", "policy", "--yes"])).key;
    expect(await policy("1d")).toBe(day);
    expect(await byPolicy()).toMatchObject({ previousSecretExpiresAt: world.clock.in(day) });
    expect((await world.verify(secret)).code).toBe("VALID");
    expect([await policy("none"), await policy("default")]).toEqual([0, null]);
    expect(await byPolicy()).toMatchObject({ previousSecretExpiresAt: world.clock.in(0) });
    expect((await world.verify(secret)).code).toBe("SUPERSEDED");
  });

  test("a developer rotates their own key, and nobody else's", async ({ world }) => {
    const { tenant, owner, key, secret } = await world.tenantWithKey();
    const other = await world.key(tenant.id, (await world.user(tenant.id)).id);
    const { token } = await world.userCaller(owner);
    const cli = rootOf(world, { KEYPLANE_TOKEN: token ?? "" });
    const rotated = await cli.run(["keys", "rotate", key.id, "--yes"]);
    expect(rotated).toMatchObject({ code: 0, stdout: expect.stringMatching(secretPattern) });
    expect((await world.verify(rotated.stdout.trim())).code).toBe("VALID");
    expect((await world.verify(secret)).code).toBe("SUPERSEDED");
    const refused = await cli.run(["keys", "rotate", other.key.id, "--yes"]);
    expect(refused).toMatchObject({ stdout: "", stderr: expect.stringContaining("keys:rotate") });
    expect(refused.code).not.toBe(0);
  });

  test("a key is changed, given away, deleted and brought back; its team's keys are listed", async ({ world }) => {
    const cli = rootOf(world);
    const { tenant, owner, key, secret } = await world.tenantWithKey();
    const whose = ["--tenant", tenant.slug];
    const team = await cli.json(["teams", "create", ...whose, "--name", "Payments"]);
    await cli.json(["teams", "add", team.id, "--user", owner.id]);
    const made = ["keys", "create", ...whose, "--owner", owner.email, "--name", "Ours", "--team", team.id];
    const ours = await cli.json(made);
    expect((await cli.run(["keys", "list", ...whose, "--team", team.id, "--quiet"])).stdout).toBe(`${ours.key.id}\n`);

    const changed = ["--name", "New", "--scopes", "a,b", "--expires-at", "2999-12-31", "--team", team.id];
    expect(await cli.json(["keys", "update", key.id, ...changed])).toMatchObject({
      name: "New",
      scopes: ["a", "b"],
      expiresAt: "2999-12-31T00:00:00.000Z",
      teamId: team.id,
    });
    const undone = await cli.json(["keys", "update", key.id, "--never-expires", "--team", ""]);
    expect(undone).toMatchObject({ name: "New", expiresAt: null, teamId: null });

    const bob = await world.user(tenant.id);
    const reissued = await cli.run(["keys", "reissue", key.id, ...whose, "--owner", bob.email, "--yes"]);
    expect([reissued.code, reissued.stdout]).toEqual([0, expect.stringMatching(/_live_[0-9A-Za-z]{49}\n$/)]);
    expect((await cli.run(["keys", "verify"], secret)).code).toBe(10);
    expect((await cli.run(["keys", "verify"], reissued.stdout)).stdout).toContain(`<${bob.email}>`);

    const deleted = await cli.run(["keys", "delete", key.id, "--yes"]);
    expect([deleted.code, deleted.stdout]).toEqual([0, expect.stringContaining(`keys restore ${key.id}`)]);
    expect(await cli.json(["keys", "restore", key.id])).toMatchObject({ id: key.id, status: "ACTIVE" });
    expect((await cli.run(["users", "invite", bob.email, ...whose])).stdout).toContain(`goes to ${bob.email}`);
  });

  test("a list comes in pages, as ids, and whole as lines of JSON", async ({ world }) => {
    const cli = rootOf(world);
    const { tenant, owner } = await world.tenantWithKey();
    for (let n = 0; n < 2; n++) await world.key(tenant.id, owner.id);
    const whose = ["keys", "list", "--tenant", tenant.id];
    const page = await cli.json([...whose, "--limit", "2"]);
    expect(page).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true }, nodes: [{}, {}] });
    const rest = await cli.run([...whose, "--after", page.pageInfo.endCursor, "--quiet"]);
    expect(rest).toMatchObject({ stdout: expect.stringMatching(/^key_\w+\n$/), stderr: "" });
    const all = (await cli.run([...whose, "--all", "--json"])).stdout.trim().split("\n");
    expect(all.map((line) => JSON.parse(line).tenantId)).toEqual(Array(3).fill(tenant.id));
    expect((await cli.run([...whose, "--limit", "2"])).stderr).toContain("2 of 3. The next: --after ");
  });
});

describe("usage", () => {
  test("is a table, a document, and an export", async ({ world }) => {
    const cli = rootOf(world);
    const { tenant, key, secret } = await world.tenantWithKey();
    await world.verify(secret, 2);
    await world.verify(secret, 1, { scopes: ["never"] });
    await world.counted();
    const window = ["--tenant", tenant.slug, "--from", world.clock.in(-3_600_000), "--to", world.clock.in(3_600_000)];
    const table = await cli.run(["usage", ...window, "--by", "key,code"]);
    expect(table.stdout.split("\n")[0]).toMatch(/^KEY +CODE +CALLS +VALID +REFUSED +COST$/);
    expect(table.stdout).toMatch(new RegExp(`^${key.id} +VALID +2 +2 +0 +2$`, "m"));
    expect(table.stdout).toMatch(new RegExp(`^${key.id} +INSUFFICIENT_SCOPE +1 +0 +1 +\\d`, "m"));
    expect(table.stderr).toContain("3 calls, 2 valid, 1 refused");
    const buckets = await cli.run(["usage", "query", ...window, "--bucket", "hour"]);
    expect(buckets.stdout).toMatch(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}Z +3 +2 +1/m);
    expect(await cli.json(["usage", ...window])).toMatchObject({ totals: { count: 3 } });
    const log = await cli.run(["usage", "export", "--kind", "events", "--format", "ndjson", ...window, "--refused"]);
    expect(JSON.parse(log.stdout)).toMatchObject({ code: "INSUFFICIENT_SCOPE", keyId: key.id });
    const csv = await cli.run(["usage", "export", "--kind", "usage", ...window, "--by", "code"]);
    expect(csv.stdout.trim().split("\n")).toHaveLength(3);
    const refused = await cli.run(["usage", "export", "--kind", "invalid-attempts", ...window]);
    expect(refused.stdout).toContain("INSUFFICIENT_SCOPE");
    const keys = ["usage", "export", "--kind", "keys", "--tenant", tenant.slug];
    expect(JSON.parse((await cli.run([...keys, "--format", "ndjson"])).stdout)).toMatchObject({ id: key.id });
    expect(await cli.run([...keys, "--last", "7d"])).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("events", () => {
  test("are followed as they happen, and go on behind the last cursor", async ({ world }) => {
    const cli = rootOf(world);
    const { tenant, key } = await world.tenantWithKey();
    const listed = await cli.run(["events", "list", "--tenant", tenant.id, "--quiet"]);
    const cursor = listed.stdout.trim().split("\n").at(-1) ?? "";
    const following = await cli.start(["events", "follow", "--tenant", tenant.id, "--after", cursor, "--json"]);
    await world.root.key("disableKey", { id: key.id });
    const [first = ""] = await following.lines(1);
    expect(JSON.parse(first)).toMatchObject({ type: "DISABLED", keyId: key.id });
    following.interrupt();
    expect(await following.ended).toMatchObject({ code: 0, stderr: "" });

    await world.root.key("enableKey", { id: key.id });
    const again = await cli.start(["events", "follow", "--tenant", tenant.id, "--after", JSON.parse(first).cursor]);
    const lines = await again.lines(2);
    expect(lines[0]).toMatch(/^WHEN +WHAT +KEY, USER OR TENANT/);
    expect(lines[1]).toMatch(new RegExp(`ENABLED +${key.id}`));
    again.interrupt();
    const { code, stderr } = await again.ended;
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Go on with: --after \S+\n$/)]);
  });
});

describe("a command that cannot be done", () => {
  const cases: readonly (readonly [name: string, args: readonly string[], code: number, words: string])[] = [
    ["for a wrong option", ["keys", "list", "--colour"], 2, "unknown option '--colour'"],
    ["for a mistyped command", ["keys", "lst"], 2, "Did you mean list?"],
    ["for an option that is missing", ["users", "create"], 2, "--email"],
    ["for a value that is none", ["users", "list", "--role", "king"], 2, "admin, developer, guest"],
    ["for no command", [], 2, "Usage: keyplane"],
    ["because nobody can be asked", ["keys", "revoke", "key_x", "--reason", "x"], 2, "--yes"],
    ["for an empty key", ["keys", "verify"], 2, "No key was given"],
    ["for an address that is none", ["whoami", "--url", "nowhere"], 2, "url is no address"],
    ["for what the server does not accept", ["tenants", "create", "--slug", "A B", "--name", "x"], 2, "slug:"],
    ["for an id that is not there", ["keys", "show", "key_missing"], 5, "key_missing"],
    ["for a tenant that is not there", ["users", "list", "--tenant", "no-such-tenant"], 5, "no-such-tenant"],
    ["when nobody listens", ["whoami", "--url", "http://127.0.0.1:9"], 69, "cannot be reached"],
  ];
  test.for(cases)("%s ends with words and its code", async ([, args, code, words], { world }) => {
    const ended = await rootOf(world).run(args);
    expect(ended).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(words) });
  });

  test("says once what is wrong with a value", async ({ world }) => {
    const { stderr } = await rootOf(world).run(["tenants", "create", "--slug", "A B", "--name", "x"]);
    const [, sentence = ""] = /^ {2}slug: (.+)$/m.exec(stderr) ?? [];
    expect(sentence).not.toBe("");
    expect(stderr.split(sentence)).toHaveLength(2);
  });

  test("says so as JSON where JSON is asked for", async ({ world }) => {
    const cli = rootOf(world);
    const { tenant } = await world.tenant();
    const taken = await cli.run(["tenants", "create", "--slug", tenant.slug, "--name", "x", "--json"]);
    expect([taken.code, taken.stdout, JSON.parse(taken.stderr)]).toMatchObject([
      6,
      "",
      { error: { code: "CONFLICT", exit: "CONFLICT", docsUrl: expect.stringContaining("CONFLICT".toLowerCase()) } },
    ]);
    const mistyped = await cli.run(["keys", "lst", "--json"]);
    expect([mistyped.code, JSON.parse(mistyped.stderr)]).toMatchObject([2, { error: { exit: "USAGE" } }]);
  });

  test("because of who one is", async ({ world }) => {
    const guest = await world.caller("GUEST");
    const forbidden = await new CliUser({ KEYPLANE_URL: world.url, KEYPLANE_TOKEN: guest.token ?? "" }).run([
      "keys",
      "list",
    ]);
    expect([forbidden.code, forbidden.stderr]).toEqual([4, expect.stringContaining("Request: req_")]);
    const wrong = rootOf(world, { KEYPLANE_TOKEN: "wrong" });
    expect(await wrong.run(["whoami"])).toMatchObject({ code: 3, stderr: expect.stringContaining("keyplane sign-in") });
    const nobody = rootOf(world, { KEYPLANE_TOKEN: "" });
    expect(await nobody.run(["whoami"])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("Nobody is signed in"),
    });
  });

  test("a secret among the arguments is refused, and repeated nowhere", async ({ world }) => {
    const { secret } = await world.tenantWithKey();
    const cli = rootOf(world);
    for (const args of [
      ["keys", "verify", secret],
      ["keys", "list", `--search=${secret}`],
      [secret],
      ["whoami", "--token", world.server.rootToken],
    ]) {
      const { code, stdout, stderr } = await cli.run(args);
      expect(code).toBe(2);
      expect(stdout + stderr).not.toContain(args.at(-1)?.slice(-20));
      if (args.includes(secret)) expect(stderr).toContain("keyplane keys verify < key.txt");
    }
  });
});
