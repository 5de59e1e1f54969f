import { describe, expect, ok, readPage, test } from "../../testkit/index.js";

describe("the audit log", () => {
  test("has every change of limits, with what was before and after", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const targetId = key.id;
    const rateLimits = [{ name: "burst", limit: 5, windowMs: 1_000 }];
    world.clock.advance(1_000);
    ok(await admin.setRateLimits(targetId, rateLimits));
    world.clock.advance(1_000);
    ok(await admin.quota("setQuota", { targetId, limit: 10 }));
    world.clock.advance(1_000);
    ok(await admin.quota("topUpQuota", { targetId, amount: 5 }));
    world.clock.advance(1_000);
    ok(await admin.quota("resetQuota", { targetId }));
    world.clock.advance(1_000);
    ok(await admin.quota("removeQuota", { targetId }));
    world.clock.advance(1_000);

    const page = await readPage(world.root, "auditLog", { filter: { targetId } }, "action before after");
    expect(page.nodes.map(({ action }: { action: string }) => action)).toEqual([
      "key.quota_removed",
      "key.quota_reset",
      "key.quota_topped_up",
      "key.quota_set",
      "key.rate_limits_set",
      "key.created",
    ]);
    const [removed, , toppedUp, set, limited] = page.nodes;
    expect([removed.before.limit, removed.after]).toEqual([10, null]);
    expect([toppedUp.before.toppedUp, toppedUp.after.toppedUp]).toEqual([0, 5]);
    expect([set.before, set.after.limit]).toEqual([null, 10]);
    expect(limited).toMatchObject({ before: { rateLimits: [] }, after: { rateLimits } });
  });
});
