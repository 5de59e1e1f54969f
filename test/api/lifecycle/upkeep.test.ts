import { day, describe, expect, hour, idsOf, ok, readPage, test } from "../../testkit/index.js";
import { EventFollower } from "../../testkit/key-events.js";
import { findingsOf, policyMutation } from "../../testkit/lifecycle.js";

describe("keys that the policy does not want", () => {
  test("idle ones are reminded of once, then disabled after the time of grace; used ones are left alone", async ({
    world,
  }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    const used = await world.key(tenant.id, owner.id);
    const policy = { tenantId: tenant.id, idleAfterDays: 30, idleAction: "DISABLE", graceDays: 7 };
    const stream = await EventFollower.open(admin, { types: ["IDLE", "DISABLED"] });
    world.clock.advance(29 * day);
    await world.server.keyplane.database.prisma.key.update({
      where: { id: used.key.id },
      data: { lastUsedAt: new Date(world.clock.now()) },
    });
    ok(await policyMutation(admin, policy));
    world.clock.advance(day + hour);
    expect(await stream.next()).toMatchObject({ type: "IDLE", keyId: key.id, reason: "unused for 30 days" });
    expect(await findingsOf(admin)).toMatchObject([{ kind: "IDLE", keyId: key.id, action: "NONE" }]);
    expect((await world.verify(secret)).code).toBe("VALID");
    // That was a use: what is idle begins anew.
    await world.counted();
    const { prisma } = world.server.keyplane.database;
    await prisma.key.update({ where: { id: key.id }, data: { lastUsedAt: new Date(world.clock.now()) } });
    world.clock.advance(2 * hour);
    await expect.poll(() => findingsOf(admin, { open: true })).toEqual([]);
    world.clock.advance(30 * day);
    for (const _ of [used, key]) expect((await stream.next()).type).toBe("IDLE");
    world.clock.advance(7 * day);
    const disabled = [await stream.next(), await stream.next()];
    expect(disabled.map(({ type }) => type)).toEqual(["DISABLED", "DISABLED"]);
    expect(disabled.map(({ keyId }) => keyId).sort()).toEqual([key.id, used.key.id].sort());
    stream.close();
    expect(await world.verify(secret)).toMatchObject({
      code: "DISABLED",
      message: expect.stringContaining("unused for 30 days"),
    });
    const document = `query ($id: ID!) { auditLog(filter: { targetId: $id, action: "key.disabled" }) { nodes { actorType actorId reason } } }`;
    expect((await admin.query(document, { id: key.id })).auditLog.nodes).toEqual([
      { actorType: "system", actorId: "lifecycle", reason: "unused for 30 days" },
    ]);
    // A person who enables it is not overruled.
    ok(await admin.key("enableKey", { id: key.id }));
    const { nextSweepAt } = await prisma.lifecyclePolicy.findUniqueOrThrow({ where: { tenantId: tenant.id } });
    world.clock.advance(2 * hour);
    const next = async () =>
      (await prisma.lifecyclePolicy.findUniqueOrThrow({ where: { tenantId: tenant.id } })).nextSweepAt;
    await expect.poll(next).not.toEqual(nextSweepAt);
    expect((await world.verify(secret)).code).toBe("VALID");
  });

  test("never-expiring ones are listed and reminded of, until they get an expiry", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const expiring = await world.key(tenant.id, owner.id, { expiresAt: world.clock.in(400 * day) });
    expect(idsOf(await readPage(admin, "keys", { filter: { expires: false } }))).toEqual([key.id]);
    expect(idsOf(await readPage(admin, "keys", { filter: { expires: true } }))).toEqual([expiring.key.id]);
    const stream = await EventFollower.open(admin, { types: ["NEVER_EXPIRES"] });
    const revoked = await world.key(tenant.id, owner.id);
    ok(await policyMutation(admin, { tenantId: tenant.id, neverExpiringAction: "REMIND" }));
    const reminded = [await stream.next(), await stream.next()].map(({ keyId }) => keyId);
    expect(reminded.sort()).toEqual([key.id, revoked.key.id].sort());
    stream.close();
    const told = async (keyId: string) => (await admin.diagnose({ keyId })).findings;
    expect(await told(key.id)).toMatchObject([
      { code: "KEY_NEVER_EXPIRES", message: expect.stringMatching(/Set one with updateKey\.$/) },
    ]);
    // Of a revoked one that is nothing to do.
    ok(await admin.key("revokeKey", { id: revoked.key.id, reason: "not needed" }));
    expect(await told(revoked.key.id)).toEqual([]);
    ok(await admin.key("updateKey", { id: key.id, expiresAt: world.clock.in(300 * day) }));
    world.clock.advance(2 * hour);
    await expect.poll(() => findingsOf(admin, { open: true })).toEqual([]);
    expect(await findingsOf(admin, { keyId: key.id })).toMatchObject([
      { kind: "NEVER_EXPIRES", resolvedBy: "lifecycle" },
    ]);
  });
});
