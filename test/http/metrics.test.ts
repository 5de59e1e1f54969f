import { describe, expect, ok, test } from "../testkit/index.js";
import { rawRequest } from "../testkit/raw-request.js";

const ask = (url: string, token: string | null, method = "GET") =>
  rawRequest(`${url}/metrics`, { method, headers: token === null ? {} : { authorization: `Bearer ${token}` } });

describe("/metrics", () => {
  test("is text that Prometheus reads: each sample after its help and type, and no sample twice", async ({ world }) => {
    const { status, headers, text } = await ask(world.url, world.root.token);
    expect([status, headers["content-type"]]).toEqual([200, expect.stringMatching(/^text\/plain; version=0\.0\.4/)]);
    expect(headers["cache-control"]).toBe("no-store");
    const typed = new Set<string>();
    const samples = new Set<string>();
    for (const line of text.split("\n").filter(Boolean)) {
      const comment = /^# (HELP|TYPE) (\w+) \S/.exec(line);
      if (comment) {
        if (comment[1] === "TYPE") typed.add(comment[2] ?? "");
        continue;
      }
      const [, sample = "", name = ""] = /^((\w+)(?:\{[^}]*\})?) (?:[-+]?[\d.e+-]+|NaN|[+-]Inf)$/.exec(line) ?? [];
      expect(name, line).not.toBe("");
      expect(
        [...typed].some((each) => name === each || name.startsWith(`${each}_`)),
        line,
      ).toBe(true);
      expect(samples.has(sample), line).toBe(false);
      samples.add(sample);
    }
    expect([...typed].filter((name) => name.startsWith("keyplane_")).sort()).toEqual([
      "keyplane_cached_keys",
      "keyplane_open_streams",
      "keyplane_quota_leases",
      "keyplane_quota_requests_total",
      "keyplane_rate_limits_counted",
      "keyplane_rate_limits_shared",
      "keyplane_refused_guesses_total",
      "keyplane_usage_complete_timestamp_seconds",
      "keyplane_usage_counted_total",
      "keyplane_usage_duplicates_total",
      "keyplane_usage_lost_total",
      "keyplane_usage_recorded_total",
      "keyplane_usage_spool_bytes",
      "keyplane_usage_spool_max_bytes",
      "keyplane_usage_store_connected",
      "keyplane_verifications_total",
    ]);
  });

  test("counts move with what is used: what was taken, what was counted, and what was sent twice", async ({
    world,
  }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    await admin.usage(world.around(tenant.id));
    const before = await world.metrics();
    await world.verify(secret, 2);
    const event = { id: world.unique(), keyId: key.id };
    ok(await admin.recordUsage([event, event]));
    await admin.usage(world.around(tenant.id));
    const after = await world.metrics();
    const moved = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    expect(moved("keyplane_usage_recorded_total")).toBe(4);
    expect(moved("keyplane_usage_counted_total")).toBe(3);
    expect(moved("keyplane_usage_duplicates_total")).toBe(1);
    expect(moved("keyplane_usage_lost_total")).toBe(0);
    expect(after.get("keyplane_cached_keys")).toBeGreaterThan(0);
    expect(after.get("keyplane_usage_store_connected")).toBe(1);
    expect(after.get("keyplane_usage_complete_timestamp_seconds")).toBe(world.clock.now() / 1_000);
  });

  test("needs metrics:read on the whole installation, and says so", async ({ world }) => {
    const { tenant, admin } = await world.tenantWithKey();
    const refused = [
      admin,
      await world.caller("DEVELOPER"),
      await world.caller("GUEST"),
      await world.caller("ADMIN", { permissions: ["USAGE_READ"] }),
      await world.caller("DEVELOPER", { tenantId: tenant.id }),
    ];
    for (const { token } of refused) {
      const { status, text } = await ask(world.url, token);
      expect(status).toBe(403);
      expect(JSON.parse(text).errors[0]).toMatchObject({
        message: expect.stringContaining("metrics:read"),
        extensions: { code: "FORBIDDEN", docsUrl: expect.any(String), requestId: expect.stringMatching(/^req_/) },
      });
    }
    const scraper = await world.caller("ADMIN", { permissions: ["METRICS_READ"] });
    expect((await ask(world.url, scraper.token)).status).toBe(200);
  });

  test("is refused to whoever is not known, in the form of every other refusal", async ({ world }) => {
    for (const token of [null, "", "nonsense"]) {
      const { status, headers, text } = await ask(world.url, token);
      expect([status, headers["www-authenticate"]]).toEqual([401, expect.stringMatching(/^Bearer/)]);
      expect(JSON.parse(text).errors[0].extensions).toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });

  test("is read by GET and HEAD, and by nothing else", async ({ world }) => {
    expect(await ask(world.url, world.root.token, "HEAD")).toMatchObject({ status: 200, text: "" });
    expect((await ask(world.url, world.root.token, "POST")).status).toBe(404);
  });

  test("tells of no tenant, key or person", async ({ world }) => {
    const { tenant, owner, key, secret } = await world.tenantWithKey();
    await world.verify(secret);
    const { text } = await ask(world.url, world.root.token);
    for (const each of [tenant.id, tenant.slug, owner.id, owner.email, key.id, key.start])
      expect(text).not.toContain(each);
  });
});
