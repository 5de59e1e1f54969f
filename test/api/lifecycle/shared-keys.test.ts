import { afterAll, beforeAll } from "vitest";
import { type Caller, day, describe, expect, hour, minute, ok, startServer, test, World } from "../../testkit/index.js";
import { EventFollower } from "../../testkit/key-events.js";
import { callsFrom, findingMutation, findingsOf, policyMutation, shareKey } from "../../testkit/lifecycle.js";
import { mailsTo } from "../sessions/mailbox.js";

// A server of its own: a look is at all tenants of one, and there are thousands on the shared one.
let world: World;
beforeAll(async () => {
  world = new World(await startServer());
});
afterAll(() => world.server.stop());

async function use(world: World, admin: Caller, calls: readonly Record<string, unknown>[]) {
  expect(ok(await admin.recordUsage(calls)).rejected).toEqual([]);
  await world.server.keyplane.recording.settle();
  await world.counted();
}

/** Lets a look pass. `by` tells that it has: a key that it must have found. */
async function look(world: World, admin: Caller, by: string) {
  world.clock.advance(16 * minute);
  const found = async () => (await findingsOf(admin, { keyId: by, kind: "SHARED" })).length;
  await expect.poll(found).toBeGreaterThan(0);
}

const evidenceDocument = `query ($keyId: ID!) { keyFindings(filter: { keyId: $keyId }) { nodes {
  id kind lastAt samples { addresses networks userAgents }
  evidence { windowHours addresses networks userAgents maxAddresses maxNetworks maxUserAgents } } } }`;
const diagnose = async (admin: Caller, keyId: string) =>
  (await admin.diagnose({ keyId })).findings.map(({ code }: { code: string }) => code);

describe("shared keys", () => {
  test("are told of once, with the numbers, by a finding, an event and a mail; once resolved, what was before does not count", async () => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    const next = await world.key(tenant.id, owner.id);
    const stream = await EventFollower.open(admin, { types: ["SHARED"] });
    await use(world, admin, callsFrom(world, key.id, 40));
    world.clock.advance(16 * minute);
    const reason = "it was used from 40 addresses in 40 networks with 40 user agents within 24 hours";
    expect(await stream.next()).toMatchObject({ type: "SHARED", keyId: key.id, userId: owner.id, reason });

    const read = async (caller: Caller) => (await caller.query(evidenceDocument, { keyId: key.id })).keyFindings.nodes;
    const [finding] = await read(admin);
    expect(finding.evidence).toEqual({
      windowHours: 24,
      addresses: 40,
      networks: 40,
      userAgents: 40,
      maxAddresses: null,
      maxNetworks: 30,
      maxUserAgents: 15,
    });
    expect(finding.samples.addresses).toHaveLength(5);
    expect(finding.samples.networks[0]).toMatch(/^203\.0\.\d+\.0\/24$/);
    expect(finding.samples.userAgents[0]).toMatch(/^program\//);
    const { prisma } = world.server.keyplane.database;
    const records = await prisma.auditRecord.findMany({ where: { targetId: finding.id } });
    expect(JSON.stringify(records)).toContain('"networks":40');
    expect(JSON.stringify(records)).not.toContain("203.0.");
    await expect.poll(() => mailsTo(world.server, owner.email)[0]?.text).toContain("40 addresses");
    expect(mailsTo(world.server, owner.email)[0]?.text).not.toContain("203.0.");
    expect((await world.verify(secret)).code).toBe("VALID");
    expect(await diagnose(admin, key.id)).toEqual(["KEY_SHARED"]);
    const hygiene = `query ($id: ID!) { keyHygiene(tenantId: $id) { checks { check affected sampleKeys { id } } } }`;
    expect((await admin.query(hygiene, { id: tenant.id })).keyHygiene.checks).toContainEqual({
      check: "SHARED",
      affected: 1,
      sampleKeys: [{ id: key.id }],
    });

    // Still so: the same finding, nobody is told again.
    await use(world, admin, callsFrom(world, next.key.id, 40));
    await look(world, admin, next.key.id);
    expect((await stream.next()).keyId).toBe(next.key.id);
    expect(await findingsOf(admin, { keyId: key.id })).toMatchObject([{ id: finding.id, reports: 1 }]);

    ok(await findingMutation(admin, "resolveKeyFinding", { id: finding.id, reason: "rotated" }));
    expect(await diagnose(admin, key.id)).toEqual([]);
    expect((await read(admin))[0].samples).toBeNull();
    world.clock.advance(hour);
    await use(world, admin, callsFrom(world, key.id, 20, { at: world.clock.in(0) }));
    const another = await world.key(tenant.id, owner.id);
    await use(world, admin, callsFrom(world, another.key.id, 40));
    await look(world, admin, another.key.id);
    expect((await stream.next()).keyId).toBe(another.key.id);
    expect(await findingsOf(admin, { keyId: key.id, open: true })).toEqual([]);
    await use(world, admin, callsFrom(world, key.id, 40, { at: world.clock.in(0) }));
    world.clock.advance(16 * minute);
    expect((await stream.next()).keyId).toBe(key.id);
    stream.close();
    ok(await admin.key("revokeKey", { id: key.id, reason: "shared" }));
    world.clock.advance(16 * minute);
    await expect.poll(() => findingsOf(admin, { keyId: key.id, open: true })).toEqual([]);
  });

  test("only known places of accepted calls within the window count, by each tenant's own bounds", async () => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    const make = async () => (await world.key(tenant.id, owner.id)).key.id;
    const bounds = { sharedRule: "ANY", sharedMaxAddresses: 3, sharedMaxNetworks: null, sharedMaxUserAgents: 3 };
    ok(await policyMutation(admin, { tenantId: tenant.id, ...bounds, sharedWindowHours: 2 }));
    const [unknown, refused, old, atBound, alike, byAgent, byAddress] = await Promise.all(
      Array.from({ length: 7 }, make),
    );
    const calls = (id = "", count = 10, more = {}) => callsFrom(world, id, count, more);
    const subnet = "2001:db8:0:1:";
    await use(world, admin, [
      ...calls(unknown, 10, { ip: null, userAgent: null }),
      ...calls(refused, 10, { code: "EXPIRED" }),
      ...calls(old, 10, { at: world.clock.in(-3 * hour) }),
      ...calls(atBound, 3),
      // One site's privacy addresses, and a mapped address beside the same as IPv4.
      ...calls(alike).map((call, index) => ({
        ...call,
        ip: `${subnet}${index}::1`.replace("::1", ":0:0:1"),
        userAgent: "x",
      })),
      { ...calls(alike, 1)[0], ip: "::ffff:192.0.2.1", userAgent: "x" },
      { ...calls(alike, 1)[0], ip: "192.0.2.1", userAgent: "x" },
      ...calls(byAgent, 4, { ip: "192.0.2.1" }),
      ...calls(byAddress, 4, { userAgent: "x" }),
    ]);
    const theirs = await world.tenantWithKey();
    await use(world, theirs.admin, callsFrom(world, theirs.key.id, 10));
    const ignoring = await world.tenantWithKey();
    ok(await policyMutation(ignoring.admin, { tenantId: ignoring.tenant.id, sharedAction: "IGNORE" }));
    await use(world, ignoring.admin, callsFrom(world, ignoring.key.id, 100));
    await look(world, admin, byAgent as string);
    await look(world, admin, byAddress as string);
    const found = await findingsOf(admin, { kind: "SHARED" });
    expect(found.map(({ keyId }: { keyId: string }) => keyId).sort()).toEqual([byAgent, byAddress].sort());
    for (const other of [theirs, ignoring]) expect(await findingsOf(other.admin)).toEqual([]);
  });

  test("are left alone once the secret that others had has stopped, also while the finding is open; not before that", async () => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const bounds = { sharedAction: "DISABLE", graceDays: 1, sharedWindowHours: 72 };
    ok(await policyMutation(admin, { tenantId: tenant.id, ...bounds }));
    const make = async () => (await world.key(tenant.id, owner.id)).key.id;
    const [overlapping, waiting] = [await make(), await make()];
    const shared = [key.id, overlapping, waiting];
    await use(
      world,
      admin,
      shared.flatMap((id) => callsFrom(world, id, 40)),
    );
    world.clock.advance(16 * minute);
    await expect.poll(async () => (await findingsOf(admin)).length).toBe(shared.length);

    const { secret } = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: 0 }));
    ok(await admin.keySecret("rotateKey", { id: overlapping, overlapMs: 3 * day }));
    // The second takes the place of the first, which nobody has used: the secret that others have works on.
    for (const overlapMs of [0, 0]) {
      ok(await admin.keySecret("rotateKey", { id: waiting, overlapMs, activateOnFirstUse: true }));
    }
    world.clock.advance(day);
    // Whoever is found by a look may be found before others of the same look; the one before it is over then.
    for (const by of [await make(), await make()]) {
      await use(world, admin, callsFrom(world, by, 40));
      await look(world, admin, by);
    }
    expect(await findingsOf(admin, { keyId: key.id })).toMatchObject([{ action: "NONE", resolvedAt: null }]);
    expect((await world.verify(secret)).code).toBe("VALID");
    for (const id of [overlapping, waiting]) {
      await expect.poll(async () => (await findingsOf(admin, { keyId: id }))[0].action).toBe("DISABLED");
    }
  });

  test("a finding of before the secret that others had has stopped asks for no other one, only to be resolved", async () => {
    const { admin, key } = await world.tenantWithKey();
    await shareKey(world, admin, key.id);
    const { secret } = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: hour }));
    const remedies = async () =>
      (await admin.diagnose({ key: secret })).remedies.map(
        ({ mutation }: { mutation: string }) => /(\w+)\(input: \$input\)/.exec(mutation)?.[1],
      );
    expect(await remedies()).toEqual(["rotateKey", "resolveKeyFinding"]);
    world.clock.advance(hour);
    expect(await remedies()).toEqual(["resolveKeyFinding"]);
  });

  test("are disabled after the time of grace where the policy says so; places are for those who see single calls", async () => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    ok(await policyMutation(admin, { tenantId: tenant.id, sharedAction: "DISABLE", graceDays: 2 }));
    const stream = await EventFollower.open(admin, { types: ["SHARED", "DISABLED"] });
    await use(world, admin, callsFrom(world, key.id, 40));
    world.clock.advance(16 * minute);
    expect((await stream.next()).type).toBe("SHARED");
    world.clock.advance(2 * day);
    await use(world, admin, callsFrom(world, key.id, 40));
    world.clock.advance(16 * minute);
    expect(await stream.next()).toMatchObject({ type: "DISABLED", reason: expect.stringContaining("40 networks") });
    stream.close();
    expect((await world.verify(secret)).code).toBe("DISABLED");
    expect(await findingsOf(admin)).toMatchObject([{ kind: "SHARED", action: "DISABLED" }]);

    const reader = await world.caller("DEVELOPER", { tenantId: tenant.id, permissions: ["KEYS_READ"] });
    expect(await findingsOf(reader)).toMatchObject([{ keyId: key.id }]);
    await expect(reader.query(evidenceDocument, { keyId: key.id })).rejects.toMatchObject({ code: "FORBIDDEN" });
    const person = await world.userCaller(owner);
    const seen = (await person.query(evidenceDocument, { keyId: key.id })).keyFindings.nodes;
    expect(seen[0].samples.addresses).toHaveLength(5);
  });
});
