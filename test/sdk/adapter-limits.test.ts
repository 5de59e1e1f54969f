import { docsUrlForVerdict } from "@keyplane/schema";
import { createGuard, type Guard } from "@keyplane/sdk/guard";
import { afterAll } from "vitest";
// Not a part of the SDK's face: every adapter in a real application of its framework.
import { subjects } from "../../packages/sdk/src/adapters/test-helpers/subjects.js";
import { describe, expect, minute, ok, test, type World } from "../testkit/index.js";

let shared: Guard | undefined;
afterAll(() => shared?.close());

async function guardOf(world: World): Promise<Guard> {
  shared ??= createGuard({ url: world.url, token: world.server.rootToken, usage: false });
  await shared.ready();
  return shared;
}

describe.each(subjects)("$name, with limits that the server counts", ({ start }) => {
  test("answers 429 with Retry-After and a problem: for a rate limit of the key, one of the API, and a quota", async ({
    world,
  }) => {
    const { tenant, owner, admin, key, secret } = await world.tenantWithKey();
    const api = await world.api(tenant.id, { access: "OPEN" });
    const guard = await guardOf(world);
    const app = await start(guard, { api: api.slug });
    /** Until it has heard who counts: asked with what costs nothing. */
    const decidedBy = (who: "server" | "local") =>
      expect.poll(async () => (await guard.verify(secret, { api: api.slug, usage: { cost: 0 } })).source).toBe(who);
    const send = () => app.send({ headers: { authorization: `Bearer ${secret}` } });
    const refused = async (code: "RATE_LIMITED" | "QUOTA_EXCEEDED", retryAfterMs: number) => {
      const { status, headers, text, handler } = await send();
      expect([status, handler]).toEqual([429, null]);
      expect(headers).toMatchObject({
        "content-type": "application/problem+json; charset=utf-8",
        "cache-control": "no-store",
        "retry-after": String(retryAfterMs / 1_000),
      });
      expect(JSON.parse(text)).toEqual({
        type: docsUrlForVerdict(code),
        title: expect.any(String),
        status: 429,
        detail: expect.any(String),
        code,
        retryAfterMs,
        requestId: expect.stringMatching(/^req_/),
      });
      expect(text).not.toContain(owner.name);
    };
    try {
      const perMinute = [{ name: "per-minute", limit: 1, windowMs: minute, unit: "COST" }];
      for (const targetId of [key.id, api.id]) {
        ok(await admin.setRateLimits(targetId, perMinute));
        await decidedBy("server");
        expect(await send()).toMatchObject({ status: 200, handler: { keyId: key.id } });
        await refused("RATE_LIMITED", minute);
        ok(await admin.setRateLimits(targetId, []));
        await decidedBy("local");
      }
      const anchor = world.clock.in(0);
      ok(await admin.quota("setQuota", { targetId: owner.id, limit: 1, refill: "HOURLY", anchor }));
      await decidedBy("server");
      expect(await send()).toMatchObject({ status: 200 });
      await refused("QUOTA_EXCEEDED", 60 * minute);
    } finally {
      await app.close();
    }
  });
});
