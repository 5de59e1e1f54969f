import { day, describe, expect, hour, minute, ok, test, type World } from "../../testkit/index.js";

// biome-ignore lint/suspicious/noExplicitAny: what the API answers
const checkOf = (diagnosis: any, code: string) => diagnosis.checks.find((each: any) => each.code === code);

/** An administrator of a tenant with a name in the audit log. */
async function named(world: World, tenantId: string, name: string) {
  return { name, caller: await world.caller("ADMIN", { tenantId, name }) };
}

describe("who has superseded a secret", () => {
  test("is whoever made the change that took its place, not whoever rotated last", async ({ world }) => {
    const { tenant, key, secret } = await world.tenantWithKey();
    const [ann, bob] = [await named(world, tenant.id, "Ann"), await named(world, tenant.id, "Bob")];
    world.clock.advance(day);
    const since = world.clock.in(0);
    const { secret: second } = ok(await ann.caller.keySecret("rotateKey", { id: key.id }));
    world.clock.advance(day);
    ok(await bob.caller.keySecret("rotateKey", { id: key.id }));
    const first = checkOf(await bob.caller.diagnose({ key: secret }), "SUPERSEDED");
    expect(first).toMatchObject({ outcome: "FAILED", since, by: expect.stringMatching(/^Ann /) });
    expect(checkOf(await bob.caller.diagnose({ key: second }), "SUPERSEDED").by).toMatch(/^Bob /);
  });

  test("of one that waited is whoever prepared the next one", async ({ world }) => {
    const { tenant, key } = await world.tenantWithKey();
    const [ann, bob] = [await named(world, tenant.id, "Ann"), await named(world, tenant.id, "Bob")];
    ok(await ann.caller.keySecret("rotateKey", { id: key.id }));
    world.clock.advance(minute);
    const { secret: waiting } = ok(
      await ann.caller.keySecret("rotateKey", { id: key.id, activateOnFirstUse: true, overlapMs: hour }),
    );
    world.clock.advance(minute);
    const since = world.clock.in(0);
    ok(await bob.caller.keySecret("rotateKey", { id: key.id, activateOnFirstUse: true, overlapMs: hour }));
    const dropped = checkOf(await bob.caller.diagnose({ key: waiting }), "SUPERSEDED");
    expect(dropped).toMatchObject({ outcome: "FAILED", since, by: expect.stringMatching(/^Bob /) });
  });

  test("is nobody where the record is missing", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    world.clock.advance(minute);
    ok(await admin.keySecret("rotateKey", { id: key.id }));
    world.clock.advance(minute);
    const { prisma } = world.server.keyplane.database;
    await prisma.auditRecord.deleteMany({ where: { targetId: key.id, action: "key.rotated" } });
    ok(await admin.keySecret("rotateKey", { id: key.id }));
    expect(checkOf(await admin.diagnose({ key: secret }), "SUPERSEDED")).toMatchObject({ outcome: "FAILED", by: null });
  });
});

describe("since when a rule refuses", () => {
  test("an overdue key: since the rule was made, where the key was overdue by then", async ({ world }) => {
    const { tenant, key, secret } = await world.tenantWithKey({ policy: { rotateEveryMs: 10 * day } });
    const ann = await named(world, tenant.id, "Ann");
    world.clock.advance(15 * day);
    const before = world.clock.in(0);
    world.clock.advance(5 * day);
    const since = world.clock.in(0);
    ok(await ann.caller.key("updateKey", { id: key.id, rotationOverdue: "REFUSE" }));
    world.clock.advance(day);
    const diagnosis = await ann.caller.diagnose({ key: secret });
    const expected = { outcome: "FAILED", since, by: expect.stringMatching(/^Ann /) };
    expect(checkOf(diagnosis, "EXPIRED")).toMatchObject(expected);
    expect((await ann.caller.diagnose({ key: secret, at: before })).verdict.code).toBe("VALID");

    // What comes later, while it is refused already, began nothing.
    const bob = await named(world, tenant.id, "Bob");
    ok(await bob.caller.key("updateKey", { id: key.id, rotateEveryMs: 5 * day }));
    world.clock.advance(minute);
    ok(await bob.caller.tenant("updateTenant", { id: tenant.id, policy: { rotationOverdue: "REFUSE" } }));
    world.clock.advance(minute);
    expect(checkOf(await bob.caller.diagnose({ key: secret }), "EXPIRED")).toMatchObject(expected);
  });

  test("an overdue key: since a shorter interval", async ({ world }) => {
    const { tenant, key, secret } = await world.tenantWithKey({
      policy: { rotateEveryMs: 90 * day, rotationOverdue: "REFUSE" },
      key: { rotateEveryMs: 80 * day },
    });
    const ann = await named(world, tenant.id, "Ann");
    world.clock.advance(20 * day);
    const since = world.clock.in(0);
    ok(await ann.caller.key("updateKey", { id: key.id, rotateEveryMs: 10 * day }));
    world.clock.advance(minute);
    ok(await world.root.tenant("updateTenant", { id: tenant.id, policy: { rotateEveryMs: 60 * day } }));
    world.clock.advance(day);
    const check = checkOf(await ann.caller.diagnose({ key: secret }), "EXPIRED");
    expect(check).toMatchObject({ outcome: "FAILED", since, by: expect.stringMatching(/^Ann /) });
  });

  test("a version of an API that was retired as of a day before", async ({ world }) => {
    const { tenant, secret } = await world.tenantWithKey();
    const ann = await named(world, tenant.id, "Ann");
    const { id, slug } = await world.api(tenant.id, { access: "OPEN", versions: [{ name: "v1" }, { name: "v2" }] });
    world.clock.advance(10 * day);
    const since = world.clock.in(0);
    const retired = { name: "v1", retiredAt: world.clock.in(-5 * day) };
    ok(await ann.caller.api("updateApi", { id, versions: [retired, { name: "v2" }] }));
    world.clock.advance(day);
    ok(await world.root.api("updateApi", { id, versions: [retired, { name: "v2" }, { name: "v3" }] }));
    const check = checkOf(await ann.caller.diagnose({ key: secret, api: `${slug}@v1` }), "API_RETIRED");
    expect(check).toMatchObject({ outcome: "FAILED", since, by: expect.stringMatching(/^Ann /) });
  });
});

describe("a key that will be refused for its age", () => {
  test("is not said to last for ever", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey({ key: { rotateEveryMs: 10 * day, rotationOverdue: "REFUSE" } });
    const { evidence } = checkOf(await admin.diagnose({ keyId: key.id }), "EXPIRED");
    expect(evidence).toContain(new Date(Date.parse(key.createdAt) + 10 * day).toISOString());
    ok(await admin.key("updateKey", { id: key.id, rotationOverdue: "WARN" }));
    const warned = checkOf(await admin.diagnose({ keyId: key.id }), "EXPIRED");
    expect(warned.evidence).toBe("It never expires.");
  });
});
