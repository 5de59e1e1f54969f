import { day, describe, expect, ok, strangeIds, test } from "../../testkit/index.js";
import { leakOf, policyMutation } from "../../testkit/lifecycle.js";

const document = `query ($tenantId: ID!) { keyHygiene(tenantId: $tenantId) {
  tenantId at score keys disabledLeaks checks { check affected weight lost advice sampleKeys { id } } } }`;

describe("keyHygiene", () => {
  test("counts what is wrong, names keys and says what to do; a tenant without keys has 100", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const report = async () => (await admin.query(document, { tenantId: tenant.id })).keyHygiene;
    const before = await report();
    expect(before).toMatchObject({ tenantId: tenant.id, score: 100, keys: 0 });
    expect(before.checks.map(({ check }: { check: string }) => check)).toEqual([
      "LEAKED",
      "SHARED",
      "IDLE",
      "NEVER_EXPIRES",
      "OLD_SECRET",
      "OWNER_GONE",
    ]);

    const [owner, gone] = [await world.user(tenant.id), await world.user(tenant.id)];
    const expiresAt = world.clock.in(3_000 * day);
    const eternal = await world.key(tenant.id, owner.id);
    await world.key(tenant.id, owner.id, { expiresAt });
    const orphan = await world.key(tenant.id, gone.id, { expiresAt });
    const leaked = await world.key(tenant.id, owner.id, { expiresAt });
    const revoked = await world.key(tenant.id, owner.id);
    ok(await admin.key("revokeKey", { id: revoked.key.id, reason: "x" }));
    await leakOf(admin, leaked.secret);
    ok(await admin.user("disableUser", { id: gone.id }));
    const now = await report();
    // 35 for the leak, 10 / 4 for the eternal one, 10 / 4 for the orphan.
    expect(now).toMatchObject({ keys: 4, disabledLeaks: 0, score: Math.floor(100 - 35 - 10 / 4 - 10 / 4) });
    const of = (check: string) => now.checks.find((each: { check: string }) => each.check === check);
    expect(of("LEAKED")).toMatchObject({ affected: 1, weight: 35, lost: 35, sampleKeys: [{ id: leaked.key.id }] });
    expect(of("NEVER_EXPIRES")).toMatchObject({ affected: 1, lost: 2.5, sampleKeys: [{ id: eternal.key.id }] });
    expect(of("OWNER_GONE")).toMatchObject({ affected: 1, sampleKeys: [{ id: orphan.key.id }] });
    expect(of("IDLE")).toMatchObject({
      affected: 0,
      lost: 0,
      sampleKeys: [],
      advice: expect.stringContaining("unusedSince"),
    });
    ok(await admin.key("disableKey", { id: leaked.key.id }));
    expect(await report()).toMatchObject({ keys: 3, disabledLeaks: 1, score: Math.floor(100 - 10 / 3 - 10 / 3) });
    ok(await admin.key("deleteKey", { id: leaked.key.id }));
    expect(await report()).toMatchObject({ keys: 3, disabledLeaks: 0 });
  });

  test("idle is what the policy calls so, else 90 days; a secret is old after 365", async ({ world }) => {
    const { tenant, admin } = await world.tenantWithKey();
    const lost = async () =>
      Object.fromEntries(
        (await admin.query(document, { tenantId: tenant.id })).keyHygiene.checks.map(
          (each: { check: string; affected: number }) => [each.check, each.affected],
        ),
      );
    world.clock.advance(10 * day);
    expect(await lost()).toMatchObject({ IDLE: 0, OLD_SECRET: 0 });
    ok(await policyMutation(admin, { tenantId: tenant.id, idleAfterDays: 10, idleAction: "IGNORE" }));
    expect(await lost()).toMatchObject({ IDLE: 1, OLD_SECRET: 0 });
    world.clock.advance(355 * day);
    expect(await lost()).toMatchObject({ IDLE: 1, OLD_SECRET: 1 });
  });

  test("is about what the caller may see; another tenant answers as a missing one", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    await world.key(tenant.id, (await world.user(tenant.id)).id);
    const person = await world.userCaller(owner);
    const { keyHygiene } = await person.query(document, { tenantId: tenant.id });
    expect(keyHygiene.keys).toBe(1);
    expect(JSON.stringify(keyHygiene)).toContain(key.id);
    const theirs = await world.tenantWithKey();
    for (const id of [theirs.tenant.id, world.missingId("Tenant"), ...strangeIds("Tenant")]) {
      expect(await admin.query(document, { tenantId: id })).toEqual({ keyHygiene: null });
    }
    const guest = await world.caller("GUEST", { tenantId: tenant.id });
    await expect(guest.query(document, { tenantId: tenant.id })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(world.anonymous.query(document, { tenantId: tenant.id })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});
