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
