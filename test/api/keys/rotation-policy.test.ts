import { day, describe, expect, hour, minute, ok, test } from "../../testkit/index.js";
import { EventFollower } from "../../testkit/key-events.js";
import { readRecords } from "../../testkit/records.js";

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

const rulesOf = "query ($id: ID!) { key(id: $id) { rotateEveryMs rotationOverdue rotationOverlapMs } }";

describe("the rules of a key itself", () => {
  const says = [null, "WARN", "REFUSE"] as const;
  const both = says.flatMap((ofKey) => says.map((ofTenant) => [ofKey, ofTenant] as const));

  test.for(both)("an overdue key that says %s in a tenant that says %s", async ([own, ofTenant], { world }) => {
    const policy = { rotateEveryMs: day, ...(ofTenant && { rotationOverdue: ofTenant }) };
    const { admin, tenant, owner } = await world.tenantWithKey({ policy });
    const { key, secret } = await world.key(tenant.id, owner.id, { rotationOverdue: own });
    expect((await admin.query(rulesOf, { id: key.id })).key).toMatchObject({ rotationOverdue: own });
    expect(await world.verify(secret)).toMatchObject({ code: "VALID", hint: null });
    world.clock.advance(day);
    const isRefused = own === "REFUSE" || ofTenant === "REFUSE";
    const { code, hint } = await world.verify(secret);
    expect({ code, isWarned: hint !== null }).toEqual({
      code: isRefused ? "EXPIRED" : "VALID",
      isWarned: !isRefused,
    });
    const { verdict, findings } = await admin.diagnose({ keyId: key.id });
    expect([verdict.code, findings.map(({ code: each }: { code: string }) => each)]).toEqual([
      isRefused ? "EXPIRED" : "VALID",
      isRefused ? [] : ["ROTATION_OVERDUE"],
    ]);
    // Verifiers that decide by themselves are told what is not the default.
    const lines = await readRecords(admin, { keyIds: [key.id] });
    const told = (type: string) => lines.find((line) => line.type === type)?.["rotationOverdue"];
    expect([told("key"), told("tenant")]).toEqual(
      [own, ofTenant].map((each) => (each === "REFUSE" ? each : undefined)),
    );
  });

  test("count from the next verification on, and are told of and kept in the audit log as any change", async ({
    world,
  }) => {
    const { admin, key, secret } = await world.tenantWithKey({ policy: { rotateEveryMs: day } });
    const stream = await EventFollower.open(admin, { types: ["UPDATED"] });
    world.clock.advance(day);
    expect((await world.verify(secret)).code).toBe("VALID");
    ok(await admin.key("updateKey", { id: key.id, rotationOverdue: "REFUSE", rotationOverlapMs: hour }));
    expect(await stream.next()).toMatchObject({ type: "UPDATED", keyId: key.id });
    expect(await world.verify(secret)).toMatchObject({
      code: "EXPIRED",
      message: expect.stringContaining("it is to be refused when it is overdue"),
    });
    const set = { rotationOverdue: "REFUSE", rotationOverlapMs: hour };
    expect((await admin.query(rulesOf, { id: key.id })).key).toMatchObject(set);
    // What is so already changes nothing.
    ok(await admin.key("updateKey", { id: key.id, ...set }));
    world.clock.advance(minute);
    const at = world.clock.in(0);
    world.clock.advance(minute);
    ok(await admin.key("updateKey", { id: key.id, rotationOverdue: null, rotationOverlapMs: null }));
    expect(await stream.next()).toMatchObject({ type: "UPDATED", keyId: key.id });
    stream.close();
    expect((await world.verify(secret)).code).toBe("VALID");
    const { prisma } = world.server.keyplane.database;
    const records = await prisma.auditRecord.findMany({
      where: { targetId: key.id, action: "key.updated" },
      orderBy: { createdAt: "asc" },
    });
    const unset = { rotationOverdue: null, rotationOverlapMs: null };
    expect(records).toMatchObject([
      { before: unset, after: set },
      { before: set, after: unset },
    ]);
    // At the moment before it was refused, since it was due, by whoever made it so.
    const then = await admin.diagnose({ keyId: key.id, at });
    const expired = then.checks.find(({ code }: { code: string }) => code === "EXPIRED");
    expect([then.verdict.code, expired.by]).toEqual([
      "EXPIRED",
      records[0] && `${records[0].actorName} (${records[0].actorId})`,
    ]);
    expect((await admin.diagnose({ keyId: key.id })).verdict.code).toBe("VALID");
  });

  const overlaps = [null, 0, hour] as const;
  const bothOverlaps = overlaps.flatMap((ofKey) =>
    overlaps.map((ofTenant) => [ofKey, ofTenant && 2 * ofTenant] as const),
  );

  test.for(bothOverlaps)(
    "a rotation that leaves the overlap to the policy, of a key with %s and a tenant with %s ms",
    async ([own, ofTenant], { world }) => {
      const { admin, tenant, owner } = await world.tenantWithKey({ policy: { rotationOverlapMs: ofTenant } });
      const { key, secret } = await world.key(tenant.id, owner.id, { rotationOverlapMs: own });
      const expected = own ?? ofTenant ?? 0;
      const rotated = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: null }));
      expect(rotated.key.previousSecretExpiresAt).toBe(world.clock.in(expected));
      if (expected > 0) {
        world.clock.advance(expected - 1);
        expect((await world.verify(secret)).code).toBe("VALID");
        world.clock.advance(1);
      }
      expect((await world.verify(secret)).code).toBe("SUPERSEDED");
      const pending = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: null, activateOnFirstUse: true }));
      const { prisma } = world.server.keyplane.database;
      const waiting = await prisma.keySecret.findFirstOrThrow({ where: { keyId: key.id, isPending: true } });
      expect(Number(waiting.overlapMs)).toBe(expected);
      // What the caller says counts before any policy.
      expect(pending.secret).not.toBe(rotated.secret);
      const said = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: minute }));
      expect(said.key.previousSecretExpiresAt).toBe(world.clock.in(minute));
    },
  );

  test.for([
    ["rotationOverlapMs", -1],
    ["rotationOverlapMs", 2_147_483_648],
  ] as const)("%s: %d is refused with its place", async ([name, value], { world }) => {
    const { tenant, owner, key } = await world.tenantWithKey();
    const refused = { __typename: "InvalidInputError", issues: [{ path: [name] }] };
    expect(await world.root.key("updateKey", { id: key.id, [name]: value })).toMatchObject(refused);
    const input = { tenantId: tenant.id, ownerId: owner.id, name: "Key", [name]: value };
    expect(await world.root.keySecret("createKey", input)).toMatchObject(refused);
  });

  test("are not loosened or tightened by a caller that may not give the key's scopes", async ({ world }) => {
    const { tenant, key } = await world.tenantWithKey({ key: { scopes: ["orders:read"] } });
    const limited = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["other"] });
    for (const change of [{ rotationOverdue: "WARN" }, { rotationOverlapMs: hour }]) {
      const refused = { code: "FORBIDDEN", message: expect.stringContaining("orders:read") };
      expect(await limited.key("updateKey", { id: key.id, ...change })).toMatchObject(refused);
    }
  });
});
