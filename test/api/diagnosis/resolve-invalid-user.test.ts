import { keyFields, userFields, verdictFields } from "../../testkit/caller.js";
import { mutate } from "../../testkit/graphql.js";
import { type Caller, describe, expect, minute, ok, test } from "../../testkit/index.js";

const selection = `dryRun steps { name outcome mutation detail changes { field before after } }
  key { ${keyFields} } user { ${userFields} } secret verdict { ${verdictFields} }`;
const resolve = (caller: Caller, input: Record<string, unknown>) =>
  mutate(caller.url, caller.token, "resolveInvalidUser", input, selection);
const outcomes = ({ steps }: { steps: { outcome: string }[] }) => steps.map(({ outcome }) => outcome);

describe("resolveInvalidUser", () => {
  test("a key whose owner was deleted goes to a new user with the right details, and works", async ({ world }) => {
    const { admin, key, owner, secret } = await world.tenantWithKey({ key: { scopes: ["orders:read"] } });
    ok(await admin.user("deleteUser", { id: owner.id }));
    expect(await world.verify(secret)).toMatchObject({ code: "OWNER_NOT_FOUND" });

    const user = { email: owner.email, name: "Ada Lovelace", externalId: world.unique() };
    const input = { key: secret, user, test: { scopes: ["orders:read"] } };
    const result = ok(await resolve(admin, input));
    expect(outcomes(result)).toEqual(["NOT_NEEDED", "DONE", "NOT_NEEDED", "DONE", "DONE"]);
    expect(result.steps.map(({ mutation }: { mutation: string }) => mutation)).toEqual([
      null,
      "createUser",
      null,
      "reissueKey",
      null,
    ]);
    expect(result).toMatchObject({ dryRun: false, user, key: { id: key.id }, verdict: { valid: true } });
    expect(await world.verify(result.secret)).toMatchObject({ valid: true, owner: { externalId: user.externalId } });
    expect(await world.verify(secret)).toMatchObject({ code: "SUPERSEDED" });
  });

  test("a text with several keys is refused, and none of them is reissued", async ({ world }) => {
    const { admin, tenant, owner, key, secret } = await world.tenantWithKey();
    const { secret: other } = await world.key(tenant.id, owner.id);
    const result = await resolve(admin, { key: `KEY=${secret}\nOTHER_KEY=${other}\n`, reissue: true });
    expect(result).toMatchObject({ code: "INVALID_INPUT", message: expect.stringContaining("There are 2 keys in it") });
    for (const each of [secret, other]) expect(await world.verify(each)).toMatchObject({ valid: true });
    const again = ok(await resolve(admin, { key: `KEY=${secret}\nKEY=${secret}\n` }));
    expect(again.key.id).toBe(key.id);
  });

  test("a plan says what would be done and changes nothing; the run does just that", async ({ world }) => {
    const { admin, tenant, key, secret, owner } = await world.tenantWithKey();
    ok(await admin.user("disableUser", { id: owner.id }));
    const right = await world.user(tenant.id);
    const input = { keyId: key.id, user: { id: right.id, name: "Grace" } };
    const trace = () =>
      admin.query("{ auditLog { totalCount } users { nodes { id name } } keys { nodes { id start } } }");
    const before = await trace();
    const plan = ok(await resolve(admin, { ...input, dryRun: true }));
    expect(await trace()).toEqual(before);
    expect(plan).toMatchObject({ dryRun: true, secret: null, verdict: { valid: true }, user: { id: right.id } });
    expect(outcomes(plan)).toEqual(["NOT_NEEDED", "NOT_NEEDED", "DONE", "DONE", "DONE"]);
    expect(plan.steps[2]).toMatchObject({ mutation: "updateUser", changes: [{ field: "name", after: "Grace" }] });
    expect(await world.verify(secret)).toMatchObject({ code: "OWNER_DISABLED" });

    const result = ok(await resolve(admin, input));
    expect(outcomes(result)).toEqual(outcomes(plan));
    const { detail: _, ...planned } = plan.steps[2];
    expect(result.steps[2]).toMatchObject(planned);
    const said = ({ steps }: typeof plan) => steps.map(({ detail }: { detail: string }) => detail);
    expect(said(plan).slice(2, 4)).toEqual(["Would change: name.", expect.stringContaining("would belong to")]);
    expect(said(result).slice(2, 4)).toEqual(["Changed: name.", expect.stringContaining("has a new secret")]);
    expect(await world.verify(result.secret)).toMatchObject({ valid: true, owner: { id: right.id, name: "Grace" } });
  });

  test("each step leaves the audit record and the event of its own mutation, in one request", async ({ world }) => {
    const { admin, key, owner } = await world.tenantWithKey();
    ok(await admin.user("disableUser", { id: owner.id }));
    world.clock.advance(minute);
    ok(
      await resolve(admin, { keyId: key.id, user: { id: owner.id, name: "Ada" }, enableDisabled: true, reissue: true }),
    );
    const { auditLog } = await admin.query("{ auditLog(first: 3) { nodes { action requestId } } }");
    const actions = auditLog.nodes.map(({ action }: { action: string }) => action).sort();
    expect(actions).toEqual(["key.reissued", "user.enabled", "user.updated"]);
    expect(new Set(auditLog.nodes.map(({ requestId }: { requestId: string }) => requestId)).size).toBe(1);
  });

  test("when a later step cannot be made, none is", async ({ world }) => {
    const { admin, tenant, key, secret, owner } = await world.tenantWithKey();
    const team = await world.team(tenant.id, [owner.id]);
    ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
    const email = `${world.unique()}@example.com`;
    const input = { keyId: key.id, user: { email, name: "New" } };
    expect(await resolve(admin, input)).toMatchObject({ code: "CONFLICT" });
    const { users } = await admin.query("{ users { nodes { email } } }");
    expect(JSON.stringify(users)).not.toContain(email);
    expect(await world.verify(secret)).toMatchObject({ valid: true });
    const plan = ok(await resolve(admin, { ...input, dryRun: true }));
    expect(outcomes(plan)).toEqual(["NOT_NEEDED", "DONE", "NOT_NEEDED", "BLOCKED", "NOT_REACHED"]);
    expect(plan).toMatchObject({ verdict: null, secret: null });
  });

  test("a test that would be refused is a failed one, in the plan already", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey({ key: { scopes: ["orders:read"] } });
    const input = { keyId: key.id, reissue: true, test: { scopes: ["orders:write"] } };
    for (const dryRun of [true, false]) {
      const { steps, verdict } = ok(await resolve(admin, { ...input, dryRun }));
      expect(steps[4]).toMatchObject({
        name: "TEST",
        outcome: "FAILED",
        detail: expect.stringMatching(/orders:write/),
      });
      expect(verdict).toMatchObject({ valid: false, code: "INSUFFICIENT_SCOPE" });
    }
  });

  test("the test is the call that diagnoseKey would look at: with API, address and limits, of which nothing is taken", async ({
    world,
  }) => {
    const { admin, tenant, owner, key, secret } = await world.tenantWithKey();
    const { id: apiId, slug } = await world.api(tenant.id);
    ok(await admin.quota("setQuota", { targetId: owner.id, limit: 5 }));
    ok(await admin.setRateLimits(key.id, [{ name: "few", limit: 2, windowMs: minute }]));
    const codes = async (call: Record<string, unknown>) => {
      const { verdict } = await admin.diagnose({ keyId: key.id, ...call });
      for (const dryRun of [true, false]) {
        const { steps, verdict: tested } = ok(await resolve(admin, { keyId: key.id, test: call, dryRun }));
        expect({ ...tested, requestId: "" }).toEqual({ ...verdict, requestId: "" });
        expect(steps[4].outcome).toBe(verdict.valid ? "DONE" : "FAILED");
      }
      return verdict.code;
    };
    expect(await codes({ api: slug })).toBe("API_NOT_GRANTED");
    ok(await admin.apiGrant("grantApiAccess", { apiId, keyId: key.id }));
    expect(await codes({ api: slug })).toBe("VALID");
    expect(await codes({ api: `${slug}@v9` })).toBe("API_NOT_GRANTED");
    expect(await codes({ cost: 6 })).toBe("QUOTA_EXCEEDED");
    for (let time = 0; time < 3; time++) expect(await codes({ cost: 5 })).toBe("VALID");
    await world.verify(secret);
    expect(await world.verify(secret)).toMatchObject({ valid: true, quota: { used: 2 } });
    expect(await codes({})).toBe("RATE_LIMITED");
    world.clock.advance(minute);
    await world.server.keyplane.database.prisma.key.update({ where: { id: key.id }, data: { environment: "TEST" } });
    expect(await codes({})).toBe("WRONG_ENVIRONMENT");
    await world.server.keyplane.database.prisma.key.update({ where: { id: key.id }, data: { environment: "LIVE" } });
    await world.verify(secret, 2);
    const refused = await resolve(admin, { keyId: key.id, test: { cost: 0 }, requireValid: true });
    expect(refused).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("RATE_LIMITED") });
  });

  test("a custom role and address lists are given as createUser and updateUser give them; the plan says so", async ({
    world,
  }) => {
    const { admin, tenant, key, owner } = await world.tenantWithKey({ key: { scopes: ["orders:read"] } });
    const role = await world.role(tenant.id, { keyScopes: [] });
    const ip = "192.0.2.7";
    ok(await admin.user("deleteUser", { id: owner.id }));
    const rules = { customRoleId: role.id, allowedIps: ["192.0.2.0/24"], deniedIps: [ip] };
    const input = { keyId: key.id, user: { email: owner.email, ...rules }, test: { scopes: ["orders:read"], ip } };
    const read = async (id: string) =>
      (await admin.query("query ($id: ID!) { user(id: $id) { customRoleId allowedIps deniedIps } }", { id })).user;
    const shown = [
      { field: "customRoleId", before: null, after: role.id },
      { field: "allowedIps", before: null, after: "192.0.2.0/24" },
      { field: "deniedIps", before: null, after: ip },
    ];
    const plan = ok(await resolve(admin, { ...input, dryRun: true }));
    const run = ok(await resolve(admin, input));
    for (const { steps, verdict } of [plan, run]) {
      expect(steps[1]).toMatchObject({ mutation: "createUser", changes: expect.arrayContaining(shown) });
      expect(steps[4]).toMatchObject({ outcome: "FAILED" });
      expect(verdict).toMatchObject({ code: "INSUFFICIENT_SCOPE" });
    }
    expect(await read(run.user.id)).toEqual(rules);
    expect((await admin.diagnose({ keyId: key.id, ip })).verdict.code).toBe("IP_NOT_ALLOWED");

    // The same again changes nothing; null and empty lists take them away.
    expect(ok(await resolve(admin, input)).steps[2]).toMatchObject({ outcome: "NOT_NEEDED", changes: [] });
    const none = { customRoleId: null, allowedIps: [], deniedIps: [] };
    const without = { ...input, user: { email: owner.email, ...none } };
    const taken = ok(await resolve(admin, { ...without, dryRun: true }));
    expect(taken.steps[2]).toMatchObject({
      mutation: "updateUser",
      detail: "Would change: customRoleId, allowedIps, deniedIps.",
      changes: shown.map(({ field, after }) => ({ field, before: after, after: null })),
    });
    expect(taken.verdict).toMatchObject({ valid: true });
    expect(await read(run.user.id)).toEqual(rules);
    expect(ok(await resolve(admin, without)).verdict).toMatchObject({ valid: true });
    expect(await read(run.user.id)).toEqual(none);
  });

  test("a custom role and address lists have the rules, and need the permissions, of createUser and updateUser", async ({
    world,
  }) => {
    const [{ admin, tenant, key, owner }, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const own = await world.role(tenant.id);
    const foreign = await world.role(theirs.tenant.id);
    const as = (caller: Caller, user: Record<string, unknown>) => resolve(caller, { keyId: key.id, user });
    for (const who of [{ id: owner.id }, { email: `${world.unique()}@example.com` }]) {
      const missing = await as(admin, { ...who, customRoleId: world.missingId("CustomRole") });
      expect(missing).toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining("role") });
      expect(await as(admin, { ...who, customRoleId: foreign.id })).toEqual(missing);
      expect(await as(admin, { ...who, allowedIps: ["10.0.0.0/8", "no address"] })).toMatchObject({
        code: "INVALID_INPUT",
        issues: [{ path: ["user", "allowedIps", "1"] }],
      });
      // Of the permissions that the role gives, the caller has not all.
      const permissions = ["KEYS_REISSUE", "USERS_CREATE", "USERS_UPDATE", "USERS_READ", "TENANTS_READ"];
      const narrow = await world.caller("ADMIN", { tenantId: tenant.id, permissions });
      expect(await as(narrow, { ...who, role: "GUEST", customRoleId: own.id })).toMatchObject({ code: "FORBIDDEN" });
    }
    // Whoever lets keys come from elsewhere grants all that they can do.
    const bounded = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["orders:read"] });
    expect(await as(bounded, { id: owner.id, allowedIps: ["10.0.0.0/8"] })).toMatchObject({ code: "FORBIDDEN" });
    expect(await as(bounded, { id: owner.id, allowedIps: [] })).toMatchObject({
      __typename: expect.stringMatching(/Payload$/),
    });
  });

  test("a test that would be refused leaves everything as it is where that is asked for", async ({ world }) => {
    const { admin, key, secret, owner } = await world.tenantWithKey();
    const input = { keyId: key.id, user: { name: "Ada" }, test: { scopes: ["orders:write"] }, requireValid: true };
    const idempotencyKey = world.unique();
    expect(await resolve(admin, { ...input, reissue: true, idempotencyKey })).toMatchObject({
      code: "CONFLICT",
      message: expect.stringMatching(/INSUFFICIENT_SCOPE.*orders:write/),
    });
    expect(await world.verify(secret)).toMatchObject({ valid: true, owner: { name: owner.name } });
    const plan = ok(await resolve(admin, { ...input, dryRun: true }));
    expect(plan.steps[4]).toMatchObject({ name: "TEST", outcome: "BLOCKED", detail: expect.stringContaining("scope") });
    const right = { ...input, test: {}, reissue: true, idempotencyKey: world.unique() };
    expect(ok(await resolve(admin, right))).toMatchObject({ verdict: { valid: true }, user: { name: "Ada" } });
  });

  test("a plan names no id and no start that the run will not have", async ({ world }) => {
    const { admin, tenant, key } = await world.tenantWithKey();
    const input = { keyId: key.id, user: { email: `${world.unique()}@example.com` } };
    const plan = ok(await resolve(admin, { ...input, dryRun: true }));
    const ids = JSON.stringify(plan).match(/(?:usr|kp_live)_\w+/g) ?? [];
    const { users } = await admin.query("{ users { nodes { id } } }");
    const known = [...users.nodes.map(({ id }: { id: string }) => id), key.start];
    expect(ids.filter((id) => !known.includes(id))).toEqual([]);
    expect(plan.steps[1].changes[0]).toEqual({ field: "id", before: null, after: "new" });
    expect(plan.steps[3].changes).toEqual([
      { field: "ownerId", before: key.owner.id, after: "new" },
      { field: "start", before: key.start, after: "new" },
    ]);
    expect(plan.verdict).toMatchObject({ valid: true, owner: null, tenantId: tenant.id, key: { start: key.start } });
    const run = ok(await resolve(admin, input));
    expect(run.verdict).toMatchObject({ owner: { id: run.user.id }, key: { start: run.key.start } });
  });

  test("a retry has the first answer and no second effect", async ({ world }) => {
    const { admin, key, owner } = await world.tenantWithKey();
    ok(await admin.user("deleteUser", { id: owner.id }));
    const input = { keyId: key.id, user: { email: owner.email }, idempotencyKey: world.unique() };
    const first = ok(await resolve(admin, input));
    const again = ok(await resolve(admin, input));
    const comparable = ({ verdict, ...rest }: typeof first) => ({ ...rest, verdict: { ...verdict, requestId: "" } });
    expect(comparable(again)).toEqual(comparable(first));
    const other = await resolve(admin, { ...input, user: { email: `${world.unique()}@example.com` } });
    expect(other).toMatchObject({ code: "CONFLICT" });
  });

  test("a user of another tenant, and a key of one, are as missing ones", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const foreign = await resolve(ours.admin, { keyId: ours.key.id, user: { id: theirs.owner.id } });
    expect(foreign).toEqual(await resolve(ours.admin, { keyId: ours.key.id, user: { id: world.missingId("User") } }));
    expect(foreign).toMatchObject({ code: "NOT_FOUND" });
    for (const which of [{ keyId: theirs.key.id }, { key: theirs.secret }, { start: theirs.key.start }]) {
      expect(await resolve(ours.admin, which)).toMatchObject({ code: "NOT_FOUND" });
    }
    // Somebody with the same address elsewhere is not the one.
    ok(await world.root.user("deleteUser", { id: ours.owner.id }));
    const input = { keyId: ours.key.id, user: { email: theirs.owner.email }, createMissing: false };
    expect(await resolve(ours.admin, input)).toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("No user with this e-mail address"),
    });
    expect(await resolve(ours.admin, { keyId: ours.key.id })).toMatchObject({ code: "CONFLICT" });
    for (const [createMissing, advice] of [
      [true, "Give an email, too"],
      [false, "Check the external id"],
    ] as const) {
      const unknown = { keyId: ours.key.id, user: { externalId: world.unique() }, createMissing };
      expect(await resolve(ours.admin, unknown)).toMatchObject({ message: expect.stringContaining(advice) });
    }
    expect(await resolve(world.root, { ...input, user: { id: theirs.owner.id } })).toMatchObject({ code: "NOT_FOUND" });
  });

  test("a key that belongs to the right user keeps its secret, unless a new one is asked for", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    for (const more of [{ dryRun: true }, { idempotencyKey: world.unique() }, { user: { name: "Renamed" } }]) {
      const kept = ok(await resolve(admin, { keyId: key.id, ...more }));
      const update = "user" in more ? "DONE" : "NOT_NEEDED";
      expect(outcomes(kept)).toEqual(["NOT_NEEDED", "NOT_NEEDED", update, "NOT_NEEDED", "DONE"]);
      expect(kept).toMatchObject({ secret: null, key: { start: key.start }, verdict: { valid: true } });
    }
    expect(await world.verify(secret)).toMatchObject({ valid: true });
    const anew = ok(await resolve(admin, { keyId: key.id, reissue: true }));
    expect(await world.verify(anew.secret)).toMatchObject({ valid: true });
    expect(await world.verify(secret)).toMatchObject({ code: "SUPERSEDED" });
  });

  test("a disabled user is enabled only when that is asked for", async ({ world }) => {
    const { admin, key, secret, owner } = await world.tenantWithKey();
    ok(await admin.user("disableUser", { id: owner.id }));
    const refused = await resolve(admin, { keyId: key.id });
    expect(refused).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("enableDisabled") });
    const result = ok(await resolve(admin, { keyId: key.id, enableDisabled: true }));
    expect(result.steps[3]).toMatchObject({ name: "REISSUE", outcome: "NOT_NEEDED", mutation: null });
    expect(await world.verify(secret)).toMatchObject({ valid: true });
    expect(result.steps[1]).toMatchObject({ mutation: "enableUser", outcome: "DONE" });
    expect(result.verdict.valid).toBe(true);
  });

  test("the limit of keys of the new owner counts", async ({ world }) => {
    const { admin, tenant, key } = await world.tenantWithKey({ policy: { maxKeysPerUser: 1 } });
    const full = await world.user(tenant.id);
    await world.key(tenant.id, full.id);
    expect(await resolve(admin, { keyId: key.id, user: { id: full.id } })).toMatchObject({ code: "LIMIT_REACHED" });
  });

  test("each step needs the permission of its own mutation", async ({ world }) => {
    const { tenant, key, owner } = await world.tenantWithKey();
    const permissions = ["KEYS_REISSUE", "KEYS_READ", "USERS_READ", "TENANTS_READ"];
    const narrow = await world.caller("ADMIN", { tenantId: tenant.id, permissions });
    const anew = { keyId: key.id, user: { email: `${world.unique()}@example.com` } };
    expect(await resolve(narrow, anew)).toMatchObject({ code: "FORBIDDEN" });
    expect(await resolve(narrow, { keyId: key.id, user: { name: "Another" } })).toMatchObject({ code: "FORBIDDEN" });
    expect(ok(await resolve(narrow, { keyId: key.id, user: { id: owner.id } }))).toMatchObject({
      verdict: { valid: true },
    });
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    await expect(resolve(developer, { keyId: key.id })).resolves.toMatchObject({ code: "FORBIDDEN" });
    await expect(resolve(world.anonymous, { keyId: key.id })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("inputs that make no sense are refused with what to do", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    for (const input of [{}, { keyId: key.id, start: key.start }, { keyId: key.id, idempotencyKey: "" }]) {
      expect(await resolve(admin, input)).toMatchObject({ code: "INVALID_INPUT" });
    }
    expect(await resolve(admin, { keyId: key.id, user: { email: "no address" } })).toMatchObject({
      code: "INVALID_INPUT",
    });
  });
});
