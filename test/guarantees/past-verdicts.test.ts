import fc from "fast-check";
import { GraphqlFailure, mutate } from "../testkit/graphql.js";
import { describe, expect, minute, ok, test, type World } from "../testkit/index.js";

type Story = Awaited<ReturnType<typeof begin>>;

/** A key with a team, an owner with a role, and somebody else it can go to. */
async function begin(world: World) {
  const story = await world.tenantWithKey({ key: { scopes: ["a", "b"] } });
  const { tenant, owner, key, admin } = story;
  const next = await world.user(tenant.id);
  const api = await world.api(tenant.id, { versions: [{ name: "v1" }] });
  await admin.apiGrant("grantApiAccess", { apiId: api.id, keyId: key.id });
  const team = await world.team(tenant.id, [owner.id, next.id]);
  const role = await world.role(tenant.id);
  ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
  return { ...story, next, team, role, api };
}

/** The id of the key's access to the API, for those who decide about it; of none where the API is gone. */
async function grantOf({ key }: Story, world: World): Promise<string> {
  const document = "query ($filter: ApiGrantFilter) { apiGrants(first: 1, filter: $filter) { nodes { id } } }";
  const { apiGrants } = await world.root.query(document, { filter: { keyId: key.id } });
  return apiGrants.nodes[0]?.id ?? world.missingId("ApiGrant");
}

/** What may happen to a key, to its owner, its tenant, its owner's role and its team. Each may be refused, which is history, too. */
const changes: readonly ((story: Story, world: World) => Promise<unknown>)[] = [
  ({ admin, key }) => admin.key("disableKey", { id: key.id, reason: "pause" }),
  ({ admin, key }) => admin.key("enableKey", { id: key.id }),
  ({ admin, owner }) => admin.user("disableUser", { id: owner.id }),
  ({ admin, owner }) => admin.user("enableUser", { id: owner.id }),
  ({ tenant }, world) => world.root.tenant("suspendTenant", { id: tenant.id }),
  ({ tenant }, world) => world.root.tenant("resumeTenant", { id: tenant.id }),
  ({ admin, key }) => admin.key("updateKey", { id: key.id, scopes: ["b"] }),
  ({ admin, key }) => admin.key("updateKey", { id: key.id, scopes: ["a", "b"] }),
  ({ admin, key }, world) => admin.key("updateKey", { id: key.id, expiresAt: world.clock.in(3 * minute) }),
  ({ admin, key }) => admin.key("updateKey", { id: key.id, expiresAt: null }),
  ({ admin, key }) => admin.key("updateKey", { id: key.id, allowedIps: ["10.0.0.0/8"] }),
  ({ admin, key }) => admin.key("updateKey", { id: key.id, allowedIps: [], deniedIps: ["192.0.2.1"] }),
  ({ admin, owner }) => admin.user("updateUser", { id: owner.id, allowedIps: ["10.0.0.0/8"] }),
  ({ admin, owner }) => admin.user("updateUser", { id: owner.id, allowedIps: [] }),
  ({ admin, tenant }) => admin.tenant("updateTenant", { id: tenant.id, deniedIps: ["192.0.2.0/24"] }),
  ({ admin, tenant }) => admin.tenant("updateTenant", { id: tenant.id, deniedIps: [] }),
  ({ admin, key }) => admin.keySecret("rotateKey", { id: key.id, overlapMs: 4 * minute }),
  ({ admin, key, owner }) => admin.keySecret("reissueKey", { id: key.id, ownerId: owner.id }),
  ({ admin, key, next }) => admin.keySecret("reissueKey", { id: key.id, ownerId: next.id }),
  ({ admin, team }) => admin.team("updateTeam", { id: team.id, keyScopes: ["b"] }),
  ({ admin, team }) => admin.team("updateTeam", { id: team.id, keyScopes: null }),
  ({ admin, owner, role }) => admin.user("updateUser", { id: owner.id, customRoleId: role.id }),
  ({ admin, owner }) => admin.user("updateUser", { id: owner.id, customRoleId: null, name: "Ada" }),
  ({ admin, role }) => admin.role("updateRole", { id: role.id, keyScopes: [] }),
  ({ admin, role }) => admin.role("updateRole", { id: role.id, keyScopes: null }),
  ({ admin, key }) => admin.key("deleteKey", { id: key.id }),
  ({ admin, key }) => admin.key("restoreKey", { id: key.id }),
  ({ admin, key }) => admin.key("updateKey", { id: key.id, teamId: null }),
  async (story, world) =>
    story.admin.apiGrant("revokeApiAccess", { id: await grantOf(story, world), reason: "unpaid" }),
  async (story, world) => story.admin.apiGrant("approveApiAccess", { id: await grantOf(story, world) }),
  ({ admin, key, api }) => admin.apiGrant("requestApiAccess", { apiId: api.id, keyId: key.id, reason: "please" }),
  ({ admin, api }) => admin.api("updateApi", { id: api.id, access: "OPEN" }),
  ({ admin, api }) => admin.api("updateApi", { id: api.id, access: "GRANTED", versions: [] }),
  ({ admin, api }, world) =>
    admin.api("updateApi", { id: api.id, versions: [{ name: "v1", retiredAt: world.clock.in(2 * minute) }] }),
  ({ admin, api }) => admin.api("deleteApi", { id: api.id }),
];

/** Limits that are never reached: what was used of them at a past moment is not kept. */
const limitChanges: typeof changes = [
  ({ admin, key }) => admin.setRateLimits(key.id, [{ name: "wide", limit: 1_000, windowMs: minute }]),
  ({ admin, key }) => admin.setRateLimits(key.id, []),
  ({ admin, owner }) => admin.setRateLimits(owner.id, [{ name: "wide", limit: 1_000, windowMs: minute }]),
  ({ admin, key }) => admin.quota("setQuota", { targetId: key.id, limit: 1_000 }),
  ({ admin, key }) => admin.quota("topUpQuota", { targetId: key.id, amount: 5 }),
  ({ admin, key }) => admin.quota("removeQuota", { targetId: key.id }),
  ({ admin, owner }) => admin.quota("setQuota", { targetId: owner.id, limit: 1_000 }),
];

/** Lets something happen that the present state may refuse; anything else that goes wrong fails the test. */
async function attempt(what: Promise<unknown>): Promise<void> {
  // A suspended tenant's own callers are refused as a whole.
  const result = await what.catch((error: unknown) => {
    if (error instanceof GraphqlFailure && error.code === "UNAUTHENTICATED") return null;
    throw error;
  });
  const { code } = (result ?? {}) as { readonly code?: string };
  expect([undefined, "CONFLICT", "NOT_FOUND"]).toContain(code);
}

/** Lets a history happen, and then asks for each of its moments. @returns the verdicts that were given. */
async function comparePast(world: World, pool: typeof changes, history: readonly number[]) {
  const story = await begin(world);
  const asked = { scopes: ["a"], ip: "192.0.2.1", api: `${story.api.slug}@v1` };
  const given: { at: string; verdict: Record<string, unknown> }[] = [];
  for (const which of history) {
    world.clock.advance(minute);
    await attempt(pool[which]?.(story, world) ?? Promise.reject(new Error("there is no such change")));
    given.push({ at: world.clock.in(0), verdict: await world.verify(story.secret, 1, asked) });
  }
  world.clock.advance(10 * minute);
  for (const { at, verdict } of given) {
    const diagnosis = await world.root.diagnose({ key: story.secret, ...asked, at });
    const isLimited = verdict.quota !== null || (verdict.rateLimits as unknown[]).length > 0;
    const same = { at, ...verdict, requestId: "", rateLimits: [], quota: null };
    expect({ at, ...diagnosis.verdict, requestId: "" }).toEqual(same);
    const findings = diagnosis.findings.map(({ code }: { code: string }) => code);
    expect(findings).not.toContain("HISTORY_INCOMPLETE");
    if (isLimited) expect(findings).toContain("LIMITS_NOT_KNOWN");
  }
  return given.map(({ verdict }) => verdict);
}

describe("diagnoseKey of past moments", () => {
  test("at each moment of a random history it gives the verdict that was given then, word for word", async ({
    world,
  }) => {
    const histories = fc.array(fc.nat({ max: changes.length - 1 }), { minLength: 5, maxLength: 11 });
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        // It begins with a disablement, so that something has happened whatever comes.
        const [first] = await comparePast(world, changes, [0, ...history]);
        expect(first?.code).toBe("DISABLED");
      }),
      { numRuns: 5 },
    );
  });

  test("also where limits came, changed and went meanwhile, of which it says what it cannot know", async ({
    world,
  }) => {
    const pool = [...limitChanges, ...changes];
    // Each of the limits' changes, and something else now and then.
    const histories = fc.tuple(
      fc.shuffledSubarray([...limitChanges.keys()], { minLength: 5 }),
      fc.array(fc.nat({ max: pool.length - 1 }), { minLength: 2, maxLength: 5 }),
    );
    await fc.assert(
      fc.asyncProperty(histories, async ([limits, others]) => {
        const mixed = limits.flatMap((each, place) => [each, ...others.slice(place, place + 1)]);
        // It begins with a limit, so that there is one whatever comes.
        const [first] = await comparePast(world, pool, [0, ...mixed]);
        expect(first).toMatchObject({ code: "VALID", rateLimits: [{ name: "wide" }] });
      }),
      { numRuns: 3 },
    );
  });

  test("and where a key was quarantined and released meanwhile", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const { prisma } = world.server.keyplane.database;
    world.clock.advance(minute);
    const now = new Date(world.clock.now());
    // As an integrity check leaves it; a whole check would meet what other tests have spoiled.
    const before = await prisma.key.findUniqueOrThrow({ where: { id: key.id } });
    const change = { quarantinedAt: now, quarantinedReason: "tried", updatedAt: now };
    const after = await prisma.key.update({ where: { id: key.id }, data: change });
    const record = {
      id: world.missingId("AuditRecord"),
      tenantId: key.tenant.id,
      actorType: "system",
      actorId: "keyplane",
    };
    const of = {
      actorName: "Keyplane",
      action: "key.quarantined",
      targetType: "Key",
      targetId: key.id,
      requestId: "x",
    };
    const json = (row: object) => JSON.parse(JSON.stringify(row));
    await prisma.auditRecord.create({
      data: { ...record, ...of, before: json(before), after: json(after), createdAt: now },
    });
    const [then, later] = [world.clock.in(0), minute];
    world.clock.advance(later);
    ok(await mutate(world.url, admin.token, "releaseKey", { id: key.id, reason: "looked at" }, "key { id }"));
    world.clock.advance(later);
    const diagnosis = await admin.diagnose({ key: secret, at: then });
    expect(diagnosis).toMatchObject({ verdict: { code: "QUARANTINED" }, verdictNow: { code: "VALID" }, findings: [] });
    const check = diagnosis.checks.find(({ code }: { code: string }) => code === "QUARANTINED");
    expect(check).toMatchObject({ outcome: "FAILED", since: then, by: "Keyplane (keyplane)" });
    expect(check.evidence).toContain("tried");
  });
});
