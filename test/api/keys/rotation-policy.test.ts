import { day, describe, expect, hour, ok, test } from "../../testkit/index.js";
import { EventFollower } from "../../testkit/key-events.js";

const rotationOf =
  "query ($id: ID!) { key(id: $id) { rotateEveryMs rotateBy status tenant { policy { rotateEveryMs rotationOverdue rotationOverlapMs } } } }";

describe("a rotation policy", () => {
  test("reminds 30, 7 and 1 days before, tells when it is overdue, each once; a rotation begins anew", async ({
    world,
  }) => {
    const { admin, key } = await world.tenantWithKey({ policy: { rotateEveryMs: 40 * day } });
    const by = world.clock.in(40 * day);
    const stream = await EventFollower.open(admin, { types: ["ROTATION_DUE", "ROTATION_OVERDUE"] });
    expect((await admin.query(rotationOf, { id: key.id })).key).toMatchObject({ rotateEveryMs: null, rotateBy: by });
    for (const ms of [10 * day, 23 * day, 6 * day]) {
      world.clock.advance(ms);
      const told = { type: "ROTATION_DUE", keyId: key.id, reason: `has to be rotated by ${by}` };
      expect(await stream.next()).toMatchObject(told);
    }
    world.clock.advance(day);
    expect(await stream.next()).toMatchObject({ type: "ROTATION_OVERDUE", keyId: key.id });
    ok(await admin.keySecret("rotateKey", { id: key.id }));
    world.clock.advance(10 * day);
    expect((await stream.next()).type).toBe("ROTATION_DUE");
    stream.close();
  });

  test("an overdue key warns, or is refused until it is rotated, as the policy says from now on", async ({ world }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey({ policy: { rotateEveryMs: 2 * day } });
    expect(await world.verify(secret)).toMatchObject({ code: "VALID", hint: null });
    world.clock.advance(2 * day);
    expect(await world.verify(secret)).toMatchObject({ code: "VALID", hint: expect.stringContaining("rotateKey") });
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { rotationOverdue: "REFUSE" } }));
    expect(await world.verify(secret)).toMatchObject({
      code: "EXPIRED",
      message: expect.stringContaining("had to get a new secret by"),
    });
    expect((await admin.query(rotationOf, { id: key.id })).key.status).toBe("ACTIVE");
    const ask = "query ($input: DiagnoseKeyInput!) { diagnoseKey(input: $input) { remedies { code mutation } } }";
    const { remedies } = (await admin.query(ask, { input: { keyId: key.id } })).diagnoseKey;
    expect(remedies[0]).toMatchObject({ code: "EXPIRED", mutation: expect.stringContaining("rotateKey") });
    const rotated = ok(await admin.keySecret("rotateKey", { id: key.id }));
    expect(await world.verify(rotated.secret)).toMatchObject({ code: "VALID", hint: null });
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { rotateEveryMs: null } }));
    world.clock.advance(100 * day);
    expect(await world.verify(rotated.secret)).toMatchObject({ code: "VALID", hint: null });
  });

  test("a key may have a shorter time than its tenant, never a longer one", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey({
      policy: { rotateEveryMs: 10 * day, rotationOverdue: "REFUSE" },
    });
    const short = await world.key(tenant.id, owner.id, { rotateEveryMs: day });
    const long = await world.key(tenant.id, owner.id, { rotateEveryMs: 20 * day });
    const byOf = async (id: string) => (await admin.query(rotationOf, { id })).key.rotateBy;
    expect(await byOf(short.key.id)).toBe(world.clock.in(day));
    expect(await byOf(long.key.id)).toBe(world.clock.in(10 * day));
    world.clock.advance(day);
    expect((await world.verify(short.secret)).code).toBe("EXPIRED");
    expect((await world.verify(long.secret)).code).toBe("VALID");
    ok(await admin.key("updateKey", { id: short.key.id, rotateEveryMs: null }));
    expect((await world.verify(short.secret)).code).toBe("VALID");
  });

  test("a changed policy is told of at once: what is overdue by it, and no reminder that has passed", async ({
    world,
  }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const stream = await EventFollower.open(admin, { types: ["ROTATION_DUE", "ROTATION_OVERDUE"] });
    world.clock.advance(5 * day);
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { rotateEveryMs: 6 * day + hour } }));
    world.clock.advance(2 * hour);
    expect(await stream.next()).toMatchObject({ type: "ROTATION_DUE", keyId: key.id });
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { rotateEveryMs: 3 * day } }));
    expect((await stream.next()).type).toBe("ROTATION_OVERDUE");
    stream.close();
  });

  test("that a key is overdue is told once for each secret, however often its rotation is planned anew", async ({
    world,
  }) => {
    const { tenant, admin, key } = await world.tenantWithKey({ policy: { rotateEveryMs: 3 * day } });
    const { prisma } = world.server.keyplane.database;
    const settled = () =>
      expect.poll(() => prisma.keyRotation.count({ where: { keyId: key.id, dueAt: null } })).toBe(1);
    const told = () => prisma.event.count({ where: { keyId: key.id, type: "ROTATION_OVERDUE" } });
    world.clock.advance(3 * day);
    await settled();
    expect(await told()).toBe(1);
    for (const rotateEveryMs of [2 * day, null, 2 * day]) {
      ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { rotateEveryMs } }));
      await settled();
    }
    ok(await admin.key("updateKey", { id: key.id, rotateEveryMs: day }));
    await settled();
    expect(await told()).toBe(1);
    ok(await admin.keySecret("rotateKey", { id: key.id }));
    world.clock.advance(day);
    await settled();
    expect(await told()).toBe(2);
  });

  test("a key that had expired and is extended is reminded of, told and rotated as any other", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey({ policy: { rotateEveryMs: 40 * day } });
    const { key } = await world.key(tenant.id, owner.id, { expiresAt: world.clock.in(5 * day) });
    const types = ["ROTATION_DUE", "ROTATION_OVERDUE"];
    const stream = await EventFollower.open(admin, { types, keyIds: [key.id] });
    // The reminder comes due, and is not told of an expired key.
    world.clock.advance(10 * day);
    const { prisma } = world.server.keyplane.database;
    const plannedNow = { keyId: key.id, dueAt: { lte: new Date(world.clock.now()) } };
    await expect.poll(() => prisma.keyRotation.count({ where: plannedNow })).toBe(0);
    ok(await admin.key("updateKey", { id: key.id, expiresAt: world.clock.in(100 * day) }));
    world.clock.advance(23 * day);
    expect(await stream.next()).toMatchObject({ type: "ROTATION_DUE", keyId: key.id });
    world.clock.advance(7 * day);
    expect(await stream.next()).toMatchObject({ type: "ROTATION_OVERDUE", keyId: key.id });
    stream.close();
  });

  test("the overlap of a rotation that leaves it to the policy is the policy's", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey({ policy: { rotationOverlapMs: hour } });
    ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: null }));
    expect((await world.verify(secret)).code).toBe("VALID");
    world.clock.advance(hour);
    expect((await world.verify(secret)).code).toBe("SUPERSEDED");
  });

  test.for([
    ["rotateEveryMs", hour - 1],
    ["rotationOverlapMs", -1],
  ] as const)("policy.%s: %d is refused with its place", async ([name, value], { world }) => {
    const { tenant, admin } = await world.tenant();
    expect(await admin.tenant("updateTenant", { id: tenant.id, policy: { [name]: value } })).toMatchObject({
      __typename: "InvalidInputError",
      issues: [{ path: ["policy", name] }],
    });
    const { key } = await world.tenantWithKey();
    expect(await world.root.key("updateKey", { id: key.id, rotateEveryMs: 1 })).toMatchObject({
      issues: [{ path: ["rotateEveryMs"] }],
    });
  });
});
