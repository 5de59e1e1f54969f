import { type Caller, describe, expect, ok, test, type World } from "../../testkit/index.js";

/** A tenant with a key, an API, and callers who may ask and decide. */
async function story(world: World) {
  const all = await world.tenantWithKey({ key: { scopes: ["orders:read"] } });
  const developer = await world.caller("DEVELOPER", { tenantId: all.tenant.id });
  const api = await world.api(all.tenant.id);
  return { ...all, developer, api, both: { apiId: api.id, keyId: all.key.id } };
}

const change = async (caller: Caller, name: string, input: Record<string, unknown>) =>
  ok(await caller.apiGrant(name, input)).apiGrant;

describe("access to an API", () => {
  test("is requested by a developer, waits, and is approved by an administrator", async ({ world }) => {
    const { tenant, admin, developer, both } = await story(world);
    const asked = await change(developer, "requestApiAccess", { ...both, reason: "for the new shop" });
    expect(asked).toMatchObject({
      id: expect.stringMatching(/^grt_/),
      tenantId: tenant.id,
      ...both,
      status: "PENDING",
      requestReason: "for the new shop",
      decidedBy: null,
      decidedAt: null,
    });
    expect(await change(developer, "requestApiAccess", both)).toEqual(asked);
    const { apiGrants } = await admin.query(
      "{ apiGrants(first: 10, filter: { status: PENDING }) { nodes { id api { slug } key { name } } } }",
    );
    expect(apiGrants.nodes).toMatchObject([{ id: asked.id, key: { name: "Key" } }]);
    world.clock.advance(1_000);
    const given = await change(admin, "approveApiAccess", { id: asked.id, reason: "fine" });
    expect(given).toMatchObject({
      status: "GRANTED",
      requestReason: "for the new shop",
      decisionReason: "fine",
      decidedAt: world.clock.in(0),
    });
    expect(await change(admin, "approveApiAccess", { id: asked.id })).toEqual(given);
    expect(await change(developer, "requestApiAccess", both)).toEqual(given);
  });

  test("is refused with a reason, and can be asked for again", async ({ world }) => {
    const { admin, developer, both } = await story(world);
    const { id } = await change(developer, "requestApiAccess", both);
    expect(await change(admin, "refuseApiAccess", { id, reason: "not yet" })).toMatchObject({
      status: "REFUSED",
      decisionReason: "not yet",
    });
    expect(await admin.apiGrant("revokeApiAccess", { id, reason: "x" })).toMatchObject({ code: "CONFLICT" });
    expect(await change(developer, "requestApiAccess", both)).toMatchObject({ id, status: "PENDING", decidedBy: null });
  });

  test("is given at once, and taken away", async ({ world }) => {
    const { admin, both, key } = await story(world);
    const given = await change(admin, "grantApiAccess", both);
    expect(given).toMatchObject({ status: "GRANTED", requestedBy: null });
    expect(await admin.apiGrant("refuseApiAccess", { id: given.id, reason: "x" })).toMatchObject({ code: "CONFLICT" });
    const { id } = given;
    expect(await change(admin, "revokeApiAccess", { id, reason: "abuse" })).toMatchObject({ id, status: "REVOKED" });
    const { auditLog, keyEvents } = await admin.query(
      "query ($keyIds: [ID!]) { auditLog(first: 100) { nodes { action targetId reason } } keyEvents(first: 100, keyIds: $keyIds) { nodes { type } } }",
      { keyIds: [key.id] },
    );
    const records = auditLog.nodes.filter(({ targetId }: { targetId: string }) => targetId === id);
    expect(records).toHaveLength(2);
    expect(records).toContainEqual({ action: "api_grant.revoked", targetId: id, reason: "abuse" });
    expect(keyEvents.nodes.map(({ type }: { type: string }) => type)).toEqual(["CREATED", "UPDATED", "UPDATED"]);
  });

  test("a repetition with the same idempotencyKey changes nothing", async ({ world }) => {
    const { admin, both } = await story(world);
    const input = { ...both, idempotencyKey: world.unique() };
    const first = await change(admin, "grantApiAccess", input);
    expect(await change(admin, "grantApiAccess", input)).toEqual(first);
  });

  test("is not for revoked or deleted keys, nor asked of open APIs", async ({ world }) => {
    const { tenant, admin, developer, owner, api, both } = await story(world);
    const open = await world.api(tenant.id, { access: "OPEN" });
    const conflict = { code: "CONFLICT" };
    expect(await developer.apiGrant("requestApiAccess", { ...both, apiId: open.id })).toMatchObject(conflict);
    const other = await world.key(tenant.id, owner.id);
    ok(await admin.key("revokeKey", { id: other.key.id, reason: "x" }));
    const dead = { apiId: api.id, keyId: other.key.id };
    expect(await admin.apiGrant("grantApiAccess", dead)).toMatchObject(conflict);
    expect(await developer.apiGrant("requestApiAccess", dead)).toMatchObject(conflict);
  });

  test("of another tenant's key or API is as of none", async ({ world }) => {
    const [ours, theirs] = [await story(world), await story(world)];
    const { id } = await change(theirs.admin, "grantApiAccess", theirs.both);
    const missing = { code: "NOT_FOUND" };
    for (const caller of [ours.admin, world.root]) {
      for (const mixed of [
        { apiId: theirs.api.id, keyId: ours.key.id },
        { apiId: ours.api.id, keyId: theirs.key.id },
      ]) {
        expect(await caller.apiGrant("grantApiAccess", mixed)).toMatchObject(missing);
        expect(await caller.apiGrant("requestApiAccess", mixed)).toMatchObject(missing);
      }
    }
    for (const name of ["approveApiAccess", "refuseApiAccess", "revokeApiAccess"]) {
      expect(await ours.admin.apiGrant(name, { id, reason: "x" })).toMatchObject(missing);
    }
    const document = "query ($id: ID!) { apiGrant(id: $id) { id } apiGrants(first: 9) { nodes { id } } }";
    expect(await ours.admin.query(document, { id })).toEqual({ apiGrant: null, apiGrants: { nodes: [] } });
  });

  test("is decided by those who may, and seen with the keys that one sees", async ({ world }) => {
    const { tenant, admin, developer, owner, both } = await story(world);
    const { id } = await change(developer, "requestApiAccess", both);
    const forbidden = { code: "FORBIDDEN" };
    expect(await developer.apiGrant("grantApiAccess", both)).toMatchObject(forbidden);
    for (const name of ["approveApiAccess", "refuseApiAccess", "revokeApiAccess"]) {
      expect(await developer.apiGrant(name, { id, reason: "x" })).toMatchObject(forbidden);
    }
    const narrow = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["a"] });
    expect(await narrow.apiGrant("approveApiAccess", { id })).toMatchObject(forbidden);
    expect(await narrow.apiGrant("grantApiAccess", both)).toMatchObject(forbidden);
    const guest = await world.caller("GUEST", { tenantId: tenant.id });
    expect(await guest.apiGrant("requestApiAccess", both)).toMatchObject(forbidden);
    const find = async (caller: Caller) =>
      (await caller.query("query ($id: ID!) { apiGrant(id: $id) { id } }", { id })).apiGrant;
    const [person, stranger] = [await world.userCaller(owner), await world.userCaller(await world.user(tenant.id))];
    expect([await find(admin), await find(person), await find(stranger)]).toEqual([{ id }, { id }, null]);
    expect(await stranger.apiGrant("requestApiAccess", both)).toMatchObject({ code: "NOT_FOUND" });
    await expect(find(world.anonymous)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("without a reason is not refused or taken away: whoever asked reads it", async ({ world }) => {
    const { admin, both } = await story(world);
    const { id } = await change(admin, "grantApiAccess", both);
    for (const name of ["refuseApiAccess", "revokeApiAccess"]) {
      const refused = await admin.apiGrant(name, { id, reason: " " });
      expect(refused).toMatchObject({ code: "INVALID_INPUT", issues: [{ path: ["reason"] }] });
    }
  });
});
