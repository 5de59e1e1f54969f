import { generateKey } from "@keyplane/schema";
import { day, describe, expect, hour, minute, ok, test } from "../../testkit/index.js";
import { allBut } from "../keys/key-changes.js";

const byGroup = (report: { series: { group: Record<string, unknown>; count: number }[] }, name: string) =>
  new Map(report.series.map(({ group, count }) => [group[name], count]));

/** What is wrong with a question, the part of it (`days`: how far around the present), and the words of the refusal. */
type Wrong = [what: string, part: Record<string, unknown> & { days?: number }, words: string];

describe("invalidAttempts", () => {
  test("counts refused verifications by cause, and accepted ones not at all", async ({ world }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    const unknown = generateKey({ prefix: "kp", environment: "LIVE" }).secret;
    await world.verify(secret, 2);
    for (let time = 0; time < 3; time++) await admin.verify(unknown);
    await admin.verify("nonsense");
    ok(await admin.key("disableKey", { id: key.id }));
    await world.verify(secret, 2);
    const report = await admin.invalidAttempts(world.around(tenant.id));
    expect(report).toMatchObject({ total: 6, totalSeries: 3 });
    expect(report.series.map(({ group, count }: never) => [group["code"], count])).toEqual([
      ["NOT_FOUND", 3],
      ["DISABLED", 2],
      ["MALFORMED", 1],
    ]);
  });

  test("tells when, from how many addresses and of how many keys, by bucket", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const hourBegan = Math.floor(world.clock.now() / hour) * hour;
    const at = (ms: number) => new Date(hourBegan + ms).toISOString();
    const refused = { keyId: key.id, code: "REVOKED" };
    ok(
      await admin.recordUsage([
        { ...refused, at: at(-2 * hour), ip: "203.0.113.1" },
        { ...refused, at: at(-2 * hour + minute), ip: "203.0.113.1" },
        { code: "NOT_FOUND", at: at(-1), ip: "203.0.113.2", start: "kp_live_aaaa" },
        { code: "NOT_FOUND", at: at(-1), ip: "203.0.113.3", start: "kp_live_aaaa" },
        { ...refused, at: at(-3 * hour) },
      ]),
    );
    const window = { tenantId: tenant.id, from: at(-2 * hour), to: at(0) };
    const all = await admin.invalidAttempts({ ...window, groupBy: [] });
    expect(all).toEqual({
      starts: [at(-2 * hour), at(-hour)],
      total: 4,
      totalSeries: 1,
      completeUntil: world.clock.in(0),
      series: [
        {
          group: { code: null, ip: null, start: null, api: null },
          count: 4,
          firstAt: at(-2 * hour),
          lastAt: at(-1),
          keys: 1,
          addresses: 3,
          values: [2, 2],
        },
      ],
    });
    expect(byGroup(await admin.invalidAttempts({ ...window, groupBy: ["IP"] }), "ip")).toEqual(
      new Map([
        ["203.0.113.1", 2],
        ["203.0.113.2", 1],
        ["203.0.113.3", 1],
      ]),
    );
    expect(byGroup(await admin.invalidAttempts({ ...window, groupBy: ["START"] }), "start")).toEqual(
      new Map([
        ["kp_live_aaaa", 2],
        [null, 2],
      ]),
    );
    const filtered = await admin.invalidAttempts({ ...window, filter: { ips: ["203.0.113.1"], codes: ["REVOKED"] } });
    expect(filtered).toMatchObject({ total: 2, totalSeries: 1 });
    expect(await admin.invalidAttempts({ ...window, groupBy: ["IP"], limit: 1 })).toMatchObject({
      totalSeries: 3,
      total: 4,
      series: [{ count: 2 }],
    });
    expect(await admin.invalidAttempts({ ...window, filter: { codes: ["VALID"] } })).toMatchObject({ total: 0 });
  });

  test("without a tenant, the whole installation sees unknown keys that no tenant is known of, a tenant its own", async ({
    world,
  }) => {
    const { tenant, admin } = await world.tenantWithKey();
    const api = world.unique("api");
    const unknown = () => generateKey({ prefix: "kp", environment: "LIVE" }).secret;
    await world.root.verify(unknown(), { api });
    await admin.verify(unknown(), { api });
    await admin.verify(unknown(), { api });
    const { tenantId, ...window } = world.around(tenant.id);
    const total = async (caller: typeof admin, more: Record<string, unknown>) =>
      (await caller.invalidAttempts({ ...window, ...more, filter: { apis: [api] } })).total;
    expect(await total(world.root, {})).toBe(1);
    expect(await total(world.root, { tenantId })).toBe(2);
    expect(await total(admin, {})).toBe(2);
    expect(await total(admin, { tenantId })).toBe(2);
  });

  test("another tenant answers exactly as one without usage", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    await theirs.admin.verify("nonsense");
    const missing = await ours.admin.invalidAttempts(world.around(world.missingId("Tenant")));
    expect(missing).toMatchObject({ total: 0, series: [] });
    expect(await ours.admin.invalidAttempts(world.around(theirs.tenant.id))).toEqual(missing);
  });

  test("a person's token sees only what happened with their own keys", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const colleague = await world.user(tenant.id);
    const other = await world.key(tenant.id, colleague.id);
    const refused = [key.id, other.key.id, other.key.id].map((keyId) => ({ keyId, code: "REVOKED" }));
    ok(await admin.recordUsage([...refused, { code: "NOT_FOUND" }]));
    const person = await world.caller("DEVELOPER", { userId: owner.id });
    const total = async (filter: Record<string, unknown>) =>
      (await person.invalidAttempts({ ...world.around(tenant.id), filter })).total;
    expect(await total({})).toBe(1);
    expect(await total({ userIds: [colleague.id] })).toBe(0);
    expect(await total({ keyIds: [other.key.id] })).toBe(0);
  });

  test.for([
    ["a window that goes backwards", { to: "2000-01-01T00:00:00Z" }, "to: Give a `to` after `from`"],
    ["a limit of 0", { limit: 0 }, "limit: Ask for at least 1 series"],
    ["a limit of 1001", { limit: 1_001 }, "limit: Ask for at most 1000 series"],
    ["a zone that there is not", { timeZone: "Mars/Olympus" }, "timeZone: Give the IANA name"],
    ["too many buckets", { bucket: "MINUTE", days: 8 }, "bucket: The window has more than 10,000 buckets"],
    ["a time before single calls are kept", { days: 31 }, "from: Single events are kept since"],
  ] as Wrong[])("$0 is refused, with what to do", async ([, { days, ...wrong }, words], { world }) => {
    const { tenant, admin } = await world.tenant();
    const asked = admin.invalidAttempts({ ...world.around(tenant.id, (days ?? 1) * day), ...wrong });
    await expect(asked).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: expect.stringContaining(words),
    });
  });

  test("is not there for who may not read usage, nor for who is not known", async ({ world }) => {
    const { tenant } = await world.tenant();
    for (const caller of [await allBut(world, tenant.id, "usage:read"), await world.caller("GUEST")]) {
      await expect(caller.invalidAttempts(world.around(tenant.id))).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    await expect(world.anonymous.invalidAttempts(world.around(tenant.id))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});
