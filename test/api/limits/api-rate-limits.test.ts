import { describe, expect, minute, ok, readPage, second, test, type World } from "../../testkit/index.js";
import { readRecords } from "../../testkit/records.js";

const perMinute = { name: "per-minute", limit: 2, windowMs: minute };

/** A tenant with an open API, and two keys that may call it. */
async function story(world: World) {
  const made = await world.tenantWithKey();
  const api = await world.api(made.tenant.id, { access: "OPEN", versions: [{ name: "v1" }] });
  const other = await world.key(made.tenant.id, made.owner.id);
  return { ...made, api, other };
}

describe("setRateLimits of an API", () => {
  test("counts all calls that name it, with whatever key and by whatever name, and no others", async ({ world }) => {
    const { admin, api, secret, other } = await story(world);
    const elsewhere = await world.api(api.tenantId, { access: "OPEN" });
    expect(ok(await admin.setRateLimits(api.id, [perMinute]))).toMatchObject({
      targetId: api.id,
      rateLimits: [{ ...perMinute, burst: null, unit: "REQUESTS", remaining: 2 }],
    });
    expect(await admin.verify(secret, { api: api.slug })).toMatchObject({
      valid: true,
      rateLimits: [{ name: "per-minute", remaining: 1, exceeded: false }],
      quota: null,
    });
    expect(await admin.verify(other.secret, { api: `${api.slug}@v1` })).toMatchObject({ valid: true });
    world.clock.advance(20 * second);
    for (const name of [api.slug, api.id, `${api.slug}@v1`]) {
      expect(await admin.verify(secret, { api: name })).toMatchObject({
        code: "RATE_LIMITED",
        retryAfterMs: 40 * second,
        rateLimits: [{ name: "per-minute", remaining: 0, exceeded: true }],
      });
    }
    expect(await admin.verify(secret)).toMatchObject({ valid: true, rateLimits: [] });
    expect(await admin.verify(secret, { api: elsewhere.slug })).toMatchObject({ valid: true, rateLimits: [] });
    ok(await admin.setRateLimits(api.id, []));
    expect(await admin.verify(secret, { api: api.slug })).toMatchObject({ valid: true, rateLimits: [] });
  });

  test("stands beside those of the key, its owner and its tenant: what one refuses costs nothing at any", async ({
    world,
  }) => {
    const { admin, owner, key, api, secret } = await story(world);
    ok(await admin.setRateLimits(api.id, [{ name: "cost", limit: 10, windowMs: minute, unit: "COST" }]));
    ok(await admin.setRateLimits(key.id, [{ name: "of-key", limit: 5, windowMs: minute }]));
    ok(await admin.quota("setQuota", { targetId: owner.id, limit: 8 }));
    const call = (cost: number) => admin.verify(secret, { api: api.slug, cost });
    expect(await call(6)).toMatchObject({
      valid: true,
      rateLimits: [
        { name: "of-key", remaining: 4 },
        { name: "cost", remaining: 4 },
      ],
      quota: { remaining: 2 },
    });
    expect(await call(5)).toMatchObject({
      code: "RATE_LIMITED",
      rateLimits: [{ exceeded: false, remaining: 4 }, { exceeded: true }],
    });
    expect(await call(3)).toMatchObject({ code: "QUOTA_EXCEEDED", rateLimits: [{ remaining: 4 }, { remaining: 4 }] });
    expect(await call(2)).toMatchObject({ valid: true, rateLimits: [{ remaining: 3 }, { remaining: 2 }] });
  });

  test("is read with apis:read alone; a quota it does not get", async ({ world }) => {
    const { admin, api, tenant } = await story(world);
    ok(await admin.setRateLimits(api.id, [perMinute]));
    const shown = "query ($id: ID!) { api(id: $id) { rateLimits { name limit remaining } } }";
    expect((await admin.query(shown, { id: api.id })).api.rateLimits).toEqual([
      { name: "per-minute", limit: 2, remaining: 2 },
    ]);
    ok(await admin.api("updateApi", { id: api.id, visibility: "PUBLIC" }));
    const guest = await world.caller("GUEST", { tenantId: tenant.id });
    expect((await guest.query("query ($id: ID!) { api(id: $id) { id } }", { id: api.id })).api).toEqual({ id: api.id });
    await expect(guest.query(shown, { id: api.id })).rejects.toMatchObject({ code: "FORBIDDEN" });
    const missing = await admin.quota("setQuota", { targetId: world.missingId("Key"), limit: 1 });
    expect(await admin.quota("setQuota", { targetId: api.id, limit: 1 })).toEqual(missing);
    expect(missing).toMatchObject({ __typename: "NotFoundError" });
  });

  test("is refused without limits:update, for another tenant's and for a deleted API", async ({ world }) => {
    const [ours, theirs] = [await story(world), await story(world)];
    const developer = await world.caller("DEVELOPER", { tenantId: ours.tenant.id });
    expect(await developer.setRateLimits(ours.api.id, [])).toMatchObject({ code: "FORBIDDEN" });
    await expect(world.anonymous.setRateLimits(ours.api.id, [])).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const missing = await ours.admin.setRateLimits(world.missingId("Api"), [perMinute]);
    expect(missing).toMatchObject({ __typename: "NotFoundError", message: expect.stringContaining("API") });
    expect(await ours.admin.setRateLimits(theirs.api.id, [perMinute])).toEqual(missing);
    ok(await ours.admin.api("deleteApi", { id: ours.api.id }));
    expect(await ours.admin.setRateLimits(ours.api.id, [perMinute])).toEqual(missing);
    expect(await ours.admin.setRateLimits(ours.key.id, [{ ...perMinute, limit: 0 }])).toMatchObject({
      code: "INVALID_INPUT",
    });
  });

  test("is told to the audit log, and to verifiers that decide elsewhere", async ({ world }) => {
    const { admin, api, key } = await story(world);
    const limitedApis = async () => {
      const lines = await readRecords(world.root, { keyIds: [key.id] });
      const { apis } = lines.find(({ type }) => type === "tenant");
      return apis.filter((each: { isLimited: boolean }) => each.isLimited).map((each: { id: string }) => each.id);
    };
    expect(await limitedApis()).toEqual([]);
    world.clock.advance(second);
    ok(await admin.setRateLimits(api.id, [perMinute]));
    expect(await limitedApis()).toEqual([api.id]);
    const page = await readPage(world.root, "auditLog", { filter: { targetId: api.id } }, "action before after");
    expect(page.nodes[0]).toMatchObject({
      action: "api.rate_limits_set",
      before: { rateLimits: [] },
      after: { rateLimits: [perMinute] },
    });
  });
});
