import { type Caller, day, describe, expect, hour, minute, ok, test, type World } from "../../testkit/index.js";
import { findingsOf, leakOf, policyMutation } from "../../testkit/lifecycle.js";

// biome-ignore lint/suspicious/noExplicitAny: what the API answers
const mutationsOf = ({ remedies }: any): string[] =>
  remedies.map(({ mutation }: { mutation: string }) => /(\w+)\(input: \$input\)/.exec(mutation)?.[1] ?? "");
// biome-ignore lint/suspicious/noExplicitAny: what the API answers
const codesOf = ({ findings }: any): string[] => findings.map(({ code }: { code: string }) => code);

/** Has the tenant's policy look at its keys, until it has found something about one. */
async function found(caller: Caller, policy: Record<string, unknown>, keyId: string, kind: string): Promise<void> {
  ok(await policyMutation(caller, policy));
  await expect.poll(() => findingsOf(caller, { keyId, kind })).toHaveLength(1);
}

/** A key that nobody has used for 31 days, where 30 are too many. */
async function idleKey(world: World) {
  const told = await world.tenantWithKey();
  world.clock.advance(31 * day);
  const policy = { tenantId: told.tenant.id, idleAfterDays: 30, idleAction: "REMIND" };
  await found(told.admin, policy, told.key.id, "IDLE");
  return told;
}

async function endlessKey(world: World, options: Parameters<World["tenantWithKey"]>[0] = {}) {
  const told = await world.tenantWithKey(options);
  const policy = { tenantId: told.tenant.id, neverExpiringAction: "REMIND" };
  await found(told.admin, policy, told.key.id, "NEVER_EXPIRES");
  return told;
}

describe("a key without an end, which the policy does not want", () => {
  test("gets one by the remedy as it is given, of which the diagnosis knows at once", async ({ world }) => {
    const { admin, tenant, key, secret } = await endlessKey(world);
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { defaultLifetimeMs: 40 * day } }));
    const { remedies, findings, verdict } = await admin.diagnose({ keyId: key.id });
    expect([findings, verdict.code]).toMatchObject([[{ code: "KEY_NEVER_EXPIRES" }], "VALID"]);
    const expiresAt = world.clock.in(40 * day);
    expect(remedies).toMatchObject([
      { code: "VALID", permitted: true, variables: { input: { id: key.id, expiresAt } } },
    ]);
    expect(remedies[0].effect).toContain(expiresAt);
    ok(await admin.remedy(remedies[0]));
    expect(await admin.diagnose({ keyId: key.id })).toMatchObject({ findings: [], remedies: [] });
    expect(await world.verify(secret)).toMatchObject({ valid: true, key: { expiresAt } });
    world.clock.advance(40 * day);
    expect(await world.verify(secret)).toMatchObject({ code: "EXPIRED" });
  });

  test("gets one once, where something else gives it one already", async ({ world }) => {
    const { admin, tenant, key } = await endlessKey(world);
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { maxLifetimeMs: 10 * day, rotateEveryMs: day } }));
    world.clock.advance(2 * day);
    const diagnosis = await admin.diagnose({ keyId: key.id });
    expect(codesOf(diagnosis)).toEqual(["KEY_NEVER_EXPIRES", "ROTATION_OVERDUE"]);
    expect(mutationsOf(diagnosis)).toEqual(["updateKey", "rotateKey"]);
    for (const remedy of diagnosis.remedies) ok(await admin.remedy(remedy));
    expect(await admin.diagnose({ keyId: key.id })).toMatchObject({ findings: [], remedies: [] });
  });

  test("is told of while it is disabled, and no more once it is revoked; a past moment has what was so then", async ({
    world,
  }) => {
    const { admin, key } = await endlessKey(world);
    ok(await admin.key("disableKey", { id: key.id }));
    const disabled = await admin.diagnose({ keyId: key.id });
    expect([codesOf(disabled), mutationsOf(disabled)]).toEqual([["KEY_NEVER_EXPIRES"], ["enableKey", "updateKey"]]);
    const at = world.clock.in(0);
    world.clock.advance(minute);
    ok(await admin.key("updateKey", { id: key.id, expiresAt: world.clock.in(day) }));
    expect(codesOf(await admin.diagnose({ keyId: key.id }))).toEqual([]);
    expect(codesOf(await admin.diagnose({ keyId: key.id, at }))).toEqual(["KEY_NEVER_EXPIRES"]);
    ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
    expect(codesOf(await admin.diagnose({ keyId: key.id }))).toEqual([]);
  });

  test("is mended only by who may give what the key can do", async ({ world }) => {
    const { tenant, key } = await endlessKey(world, { key: { scopes: ["orders:read"] } });
    const narrow = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["orders:list"] });
    const { remedies } = await narrow.diagnose({ keyId: key.id });
    expect(remedies).toMatchObject([{ permitted: false, permittedTo: expect.stringContaining("orders:read") }]);
    expect(await narrow.remedy(remedies[0])).toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("an idle key", () => {
  test("is disabled or revoked by the remedies as they are given, of which the diagnosis knows at once", async ({
    world,
  }) => {
    for (const [place, code] of ["DISABLED", "REVOKED"].entries()) {
      const { admin, key, secret } = await idleKey(world);
      const diagnosis = await admin.diagnose({ keyId: key.id });
      expect([codesOf(diagnosis), diagnosis.verdict.code]).toEqual([["KEY_IDLE"], "VALID"]);
      expect(mutationsOf(diagnosis)).toEqual(["disableKey", "revokeKey"]);
      const remedy = diagnosis.remedies[place];
      expect(remedy).toMatchObject({ permitted: true, effect: expect.stringContaining(key.createdAt) });
      ok(await admin.remedy(remedy));
      expect(codesOf(await admin.diagnose({ keyId: key.id }))).toEqual([]);
      const verdict = await world.verify(secret);
      expect(verdict).toMatchObject({ code, message: expect.stringContaining(`unused since ${key.createdAt}`) });
    }
  });

  test("that somebody has used since is idle no more; at a moment before it was", async ({ world }) => {
    const { admin, key } = await idleKey(world);
    const at = world.clock.in(0);
    world.clock.advance(minute);
    await world.server.keyplane.database.prisma.key.update({
      where: { id: key.id },
      data: { lastUsedAt: new Date(world.clock.now()) },
    });
    expect(await admin.diagnose({ keyId: key.id })).toMatchObject({ findings: [], remedies: [] });
    expect(codesOf(await admin.diagnose({ keyId: key.id, at }))).toEqual(["KEY_IDLE"]);
  });

  test("of which something else is to be mended is needed by somebody: it is not to be ended", async ({ world }) => {
    const { admin, key, secret } = await idleKey(world);
    const scoped = await admin.diagnose({ keyId: key.id, scopes: ["orders:read"] });
    expect([codesOf(scoped), mutationsOf(scoped)]).toEqual([["KEY_IDLE"], ["updateKey"]]);
    await leakOf(world.root, secret);
    const leaked = await admin.diagnose({ keyId: key.id });
    expect(mutationsOf(leaked)).toEqual(["rotateKey", "resolveKeyFinding"]);
    world.clock.advance(hour);
  });
});

describe("a deleted owner who was bounded", () => {
  test("is created anew with the same bounds by the remedy as it is given", async ({ world }) => {
    const { admin, tenant, owner, key } = await world.tenantWithKey({ key: { scopes: ["a", "b"] } });
    const role = await world.role(tenant.id, { keyScopes: ["a"] });
    const bounds = { customRoleId: role.id, allowedIps: ["192.0.2.0/24"], deniedIps: ["192.0.2.7"] };
    ok(await admin.user("updateUser", { id: owner.id, ...bounds }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    const call = { scopes: ["a"], ip: "192.0.2.1" };
    const { remedies } = await admin.diagnose({ keyId: key.id, ...call });
    expect(remedies).toMatchObject([{ permitted: true, variables: { input: { user: bounds } } }]);
    const { secret } = ok(await admin.remedy(remedies[0]));
    expect(await admin.verify(secret, call)).toMatchObject({ valid: true, scopes: ["a"] });
    expect(await admin.verify(secret, { ...call, ip: "192.0.2.7" })).toMatchObject({ code: "IP_NOT_ALLOWED" });
    expect(await admin.verify(secret, { ...call, ip: "198.51.100.1" })).toMatchObject({ code: "IP_NOT_ALLOWED" });
  });

  test("is offered no change of their own lists, which are history", async ({ world }) => {
    const { admin, owner, key } = await world.tenantWithKey();
    ok(await admin.user("updateUser", { id: owner.id, allowedIps: ["192.0.2.0/24"] }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    const ip = "198.51.100.1";
    const first = await admin.diagnose({ keyId: key.id, ip });
    expect(mutationsOf(first)).toEqual(["resolveInvalidUser"]);
    const { secret } = ok(await admin.remedy(first.remedies[0]));
    const next = await admin.diagnose({ keyId: key.id, ip });
    expect(mutationsOf(next)).toEqual(["updateUser"]);
    ok(await admin.remedy(next.remedies[0]));
    expect(await admin.verify(secret, { ip })).toMatchObject({ valid: true });
  });

  test("whose custom role was deleted, too, gets no role back that it stood before", async ({ world }) => {
    const { admin, tenant, owner, key } = await world.tenantWithKey();
    const role = await world.role(tenant.id);
    ok(await admin.user("updateUser", { id: owner.id, role: "ADMIN", customRoleId: role.id }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    ok(await admin.role("deleteRole", { id: role.id }));
    const { remedies } = await admin.diagnose({ keyId: key.id });
    expect(remedies).toMatchObject([{ permitted: true, permissions: ["KEYS_REISSUE", "USERS_CREATE"] }]);
    expect(remedies[0].variables.input.user).toEqual({ email: owner.email, name: owner.name });
    ok(await admin.remedy(remedies[0]));
    const { key: mended } = await admin.query(`{ key(id: "${key.id}") { owner { role } } }`);
    expect(mended.owner.role).toBe("DEVELOPER");
  });

  test("is not created anew by who may not give the role that counted", async ({ world }) => {
    const { admin, tenant, owner, key } = await world.tenantWithKey();
    ok(await admin.user("updateUser", { id: owner.id, role: "ADMIN" }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    const permissions = ["KEYS_DIAGNOSE", "KEYS_READ", "KEYS_REISSUE", "USERS_CREATE", "USERS_READ"];
    const narrow = await world.caller("ADMIN", { tenantId: tenant.id, permissions });
    const [remedy] = (await narrow.diagnose({ keyId: key.id })).remedies;
    expect(remedy).toMatchObject({ permitted: false, permittedTo: expect.stringContaining("You cannot give") });
    expect(remedy.variables.input.user.role).toBe("ADMIN");
    expect(await narrow.remedy(remedy)).toMatchObject({ code: "FORBIDDEN" });
    expect((await admin.diagnose({ keyId: key.id })).remedies).toMatchObject([{ permitted: true, permittedTo: null }]);
  });
});

describe("a deleted owner whose address another user has, who is disabled", () => {
  /** Somebody who may reissue keys, and whatever else. */
  const reissuer = (world: World, tenantId: string, more: readonly string[]) =>
    world.caller("ADMIN", {
      tenantId,
      permissions: ["KEYS_DIAGNOSE", "KEYS_READ", "KEYS_REISSUE", "USERS_CREATE", "USERS_READ", ...more],
    });

  async function anew(world: World, bounds: Record<string, unknown> = {}) {
    const told = await world.tenantWithKey();
    const { admin, tenant, owner } = told;
    ok(await admin.user("updateUser", { id: owner.id, role: "ADMIN", ...bounds }));
    await world.user(tenant.id, { role: "ADMIN" });
    ok(await admin.user("deleteUser", { id: owner.id }));
    const namesake = await world.user(tenant.id, { email: owner.email, name: "Ada again" });
    ok(await admin.user("disableUser", { id: namesake.id, reason: "on leave" }));
    return { ...told, namesake };
  }

  // biome-ignore lint/suspicious/noExplicitAny: what the API answers
  const resolving = ({ remedies }: any) =>
    remedies.find(({ mutation }: { mutation: string }) => mutation.includes("resolveInvalidUser("));

  test("is enabled by the remedy as it is given, and stays who they are", async ({ world }) => {
    const { admin, tenant, key, namesake } = await anew(world);
    const may = await reissuer(world, tenant.id, ["USERS_DISABLE"]);
    const remedy = resolving(await may.diagnose({ keyId: key.id }));
    expect(remedy).toMatchObject({ permitted: true, permissions: ["KEYS_REISSUE", "USERS_DISABLE"] });
    const mayNot = await reissuer(world, tenant.id, []);
    expect(resolving(await mayNot.diagnose({ keyId: key.id }))).toMatchObject({ permitted: false });
    const { secret } = ok(await may.remedy(remedy));
    expect(await admin.verify(secret)).toMatchObject({ valid: true, owner: { id: namesake.id } });
    const { user } = await admin.query(`{ user(id: "${namesake.id}") { role name status } }`);
    expect(user).toEqual({ role: "DEVELOPER", name: "Ada again", status: "ACTIVE" });
  });

  test("gets the key with what bounded the deleted one's keys, which is put on the key first", async ({ world }) => {
    const { admin, key, namesake } = await anew(world, { allowedIps: ["192.0.2.0/24"] });
    const diagnosis = await admin.diagnose({ keyId: key.id });
    const [bound] = diagnosis.remedies;
    expect(bound).toMatchObject({ variables: { input: { id: key.id, allowedIps: ["192.0.2.0/24"] } } });
    expect(resolving(diagnosis).variables.input.user).toEqual({ email: namesake.email });
    ok(await admin.remedy(bound));
    const { secret } = ok(await admin.remedy(resolving(diagnosis)));
    expect(await admin.verify(secret, { ip: "192.0.2.1" })).toMatchObject({ valid: true });
    expect(await admin.verify(secret, { ip: "198.51.100.1" })).toMatchObject({ code: "IP_NOT_ALLOWED" });
  });
});

describe("a deleted owner who was bounded, and whose address another user has", () => {
  /** What each call is answered with. */
  const answers = async (caller: Caller, secret: string, calls: readonly Record<string, unknown>[]) => {
    const codes = [];
    for (const call of calls) codes.push((await caller.verify(secret, call)).code);
    return codes;
  };

  async function bounded(world: World, ofKey: Record<string, unknown> = {}) {
    const told = await world.tenantWithKey({ key: { scopes: ["a", "b"], ...ofKey } });
    const { admin, tenant, owner } = told;
    const wide = await world.role(tenant.id, { permissions: ["USERS_READ", "USERS_UPDATE"], keyScopes: ["a"] });
    const lists = { allowedIps: ["192.0.2.0/24", "10.0.0.0/8"], deniedIps: ["192.0.2.7"] };
    ok(await admin.user("updateUser", { id: owner.id, customRoleId: wide.id, ...lists }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    const narrow = await world.role(tenant.id, { keyScopes: ["a", "c"] });
    const namesake = await world.user(tenant.id, { email: owner.email, name: "Ada again" });
    const own = { customRoleId: narrow.id, allowedIps: ["10.0.0.0/8"], deniedIps: ["10.6.6.6"] };
    ok(await admin.user("updateUser", { id: namesake.id, ...own }));
    return { ...told, namesake, own };
  }

  test("gives that one nothing that is not theirs, and the key no more than it had, by whichever remedy", async ({
    world,
  }) => {
    for (const mutation of ["reissueKey", "resolveInvalidUser"]) {
      const { admin, tenant, key, namesake, own } = await bounded(world);
      const other = await world.key(tenant.id, namesake.id, { scopes: ["a", "b"] });
      const calls = [
        { ip: "10.1.1.1", scopes: ["a"] },
        { ip: "192.0.2.1", scopes: ["a"] },
        { ip: "10.1.1.1", scopes: ["b"] },
        { ip: "10.6.6.6", scopes: ["a"] },
        { ip: "203.0.113.9", scopes: ["a"] },
      ];
      const before = await answers(admin, other.secret, calls);
      const { remedies } = await admin.diagnose({ keyId: key.id });
      expect(mutationsOf({ remedies })).toEqual(["updateKey", "reissueKey", "resolveInvalidUser"]);
      expect(remedies[0]).toMatchObject({
        variables: {
          input: { scopes: ["a"], allowedIps: ["192.0.2.0/24", "10.0.0.0/8"], deniedIps: ["192.0.2.7"] },
        },
        effect: expect.stringMatching(/It loses the scopes b\..*192\.0\.2\.0\/24, 10\.0\.0\.0\/8.*192\.0\.2\.7/),
      });
      expect(remedies[2].title).toMatch(/^Or /);
      ok(await admin.remedy(remedies[0]));
      const again = await admin.diagnose({ keyId: key.id });
      expect(mutationsOf(again)).toEqual(["reissueKey", "resolveInvalidUser"]);
      const remedy = remedies.find((each: { mutation: string }) => each.mutation.includes(`${mutation}(`));
      const { secret } = ok(await admin.remedy(remedy));
      expect(await answers(admin, other.secret, calls)).toEqual(before);
      const { user } = await admin.query(
        `{ user(id: "${namesake.id}") { customRoleId allowedIps deniedIps name email } }`,
      );
      expect(user).toEqual({ ...own, name: "Ada again", email: namesake.email });
      const refused = ["IP_NOT_ALLOWED", "INSUFFICIENT_SCOPE"];
      expect(await answers(admin, secret, calls.slice(0, 1))).toEqual(["VALID"]);
      for (const code of await answers(admin, secret, calls.slice(1))) expect(refused).toContain(code);
      ok(await admin.user("updateUser", { id: namesake.id, customRoleId: null, allowedIps: [], deniedIps: [] }));
      // What it could do before, and nothing else.
      expect(await answers(admin, secret, [...calls, { ip: "192.0.2.7", scopes: ["a"] }])).toEqual([
        "VALID",
        "VALID",
        "INSUFFICIENT_SCOPE",
        "VALID",
        "IP_NOT_ALLOWED",
        "IP_NOT_ALLOWED",
      ]);
    }
  });

  test("a key with lists of its own gets what both allow; nobody, where they allow nothing alike", async ({
    world,
  }) => {
    for (const [allowedIps, both] of [
      [
        ["192.0.2.0/28", "10.0.0.0/7", "198.51.100.1"],
        ["192.0.2.0/28", "10.0.0.0/8"],
      ],
      [["198.51.100.0/24"], ["0.0.0.0"]],
    ]) {
      const { admin, key } = await bounded(world, { allowedIps, deniedIps: ["10.9.9.9"] });
      const [remedy] = (await admin.diagnose({ keyId: key.id })).remedies;
      expect(remedy.variables.input).toMatchObject({ allowedIps: both, deniedIps: ["10.9.9.9", "192.0.2.7"] });
      ok(await admin.remedy(remedy));
    }
  });

  test("a call from elsewhere, and for more, is let in by the remedies in their order", async ({ world }) => {
    const { admin, key, namesake } = await bounded(world);
    ok(await admin.user("updateUser", { id: namesake.id, customRoleId: null, allowedIps: [], deniedIps: [] }));
    const call = { ip: "203.0.113.9", scopes: ["b"] };
    const { remedies } = await admin.diagnose({ keyId: key.id, ...call });
    expect(mutationsOf({ remedies })).toEqual([
      "updateKey",
      "reissueKey",
      "resolveInvalidUser",
      "updateKey",
      "updateKey",
    ]);
    let secret = "";
    for (const remedy of remedies.filter((each: { title: string }) => !each.title.startsWith("Or "))) {
      expect(remedy).toMatchObject({ permitted: true });
      secret = ok(await admin.remedy(remedy)).secret ?? secret;
    }
    expect(await admin.verify(secret, call)).toMatchObject({ valid: true });
  });
});
