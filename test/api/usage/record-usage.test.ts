import { randomUUID } from "node:crypto";
import {
  type Caller,
  describe,
  eventFields,
  expect,
  hour,
  minute,
  ok,
  readPage,
  second,
  test,
  type World,
} from "../../testkit/index.js";
import { allBut } from "../keys/key-changes.js";

/** What a tenant's usage adds up to. */
async function totalsOf(world: World, caller: Caller, tenantId: string) {
  const { totals } = await caller.usage({ ...world.around(tenantId, 26 * hour), bucket: "TOTAL" }, countsAndSums);
  return totals;
}

const countsAndSums = "totals { count valid refused cost byCode { code count } meters { name value } }";

const logOf = async (caller: Caller, tenantId: string) =>
  (await readPage(caller, "usageEvents", { tenantId, first: 100 }, eventFields)).nodes;

describe("recordUsage", () => {
  test("counts a call with all that was said of it, and shows it in the call log as it was sent", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const id = randomUUID();
    const event = {
      id,
      at: world.clock.in(-minute),
      keyId: key.id,
      code: "VALID",
      api: "orders/v2",
      cost: 5,
      latencyMs: 12.5,
      ip: "203.0.113.7",
      userAgent: "curl/8.5.0",
      start: key.start,
    };
    const sent = { ...event, tags: ["web", "eu", "web"], meters: [{ name: "tokens", value: 1_200 }] };
    expect(ok(await admin.recordUsage([sent]))).toMatchObject({ accepted: 1, rejected: [] });
    expect(await totalsOf(world, admin, tenant.id)).toEqual({
      count: 1,
      valid: 1,
      refused: 0,
      cost: 5,
      byCode: [{ code: "VALID", count: 1 }],
      meters: [{ name: "tokens", value: 1_200 }],
    });
    expect(await logOf(admin, tenant.id)).toEqual([
      {
        ...event,
        tenantId: tenant.id,
        userId: owner.id,
        valid: true,
        tags: ["eu", "web"],
        meters: [{ name: "tokens", value: 1_200 }],
        source: "SDK",
      },
    ]);
  });

  test("takes an event that says nothing but its key for a valid call of cost 1, now", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    ok(await admin.recordUsage([{ keyId: key.id }]));
    expect(await logOf(admin, tenant.id)).toMatchObject([
      { at: world.clock.in(0), code: "VALID", valid: true, cost: 1, tags: [], meters: [], api: null, latencyMs: null },
    ]);
  });

  test("a refused call costs nothing and meters nothing, whatever was sent", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const refused = { keyId: key.id, code: "RATE_LIMITED", cost: 7, meters: [{ name: "tokens", value: 9 }] };
    ok(await admin.recordUsage([refused, { keyId: key.id, cost: 3 }]));
    expect(await totalsOf(world, admin, tenant.id)).toMatchObject({
      count: 2,
      valid: 1,
      refused: 1,
      cost: 3,
      meters: [],
    });
  });

  test("the order and the doubles of tags make no difference: one series, each call once", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const tags = [["a", "b"], ["b", "a"], ["b", "b", "a"], []];
    ok(await admin.recordUsage(tags.map((each) => ({ keyId: key.id, tags: each }))));
    const { series, totals } = await admin.usage({
      ...world.around(tenant.id),
      groupBy: ["TAG"],
      orderBy: "GROUP_ASC",
    });
    const counts = series.map((each: { group: { tag: string }; totals: { count: number } }) => [
      each.group.tag,
      each.totals.count,
    ]);
    expect(new Map(counts)).toEqual(
      new Map([
        ["a", 3],
        ["b", 3],
        [null, 1],
      ]),
    );
    expect(totals.count).toBe(4);
    expect((await logOf(admin, tenant.id)).map((event) => event.tags.join())).toEqual(
      expect.arrayContaining(["a,b", "a,b", "a,b", ""]),
    );
  });

  test("a long user agent is cut, and does not cost the event", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const userAgent = `${"x".repeat(255)}🔑 and more`;
    expect(ok(await admin.recordUsage([{ keyId: key.id, userAgent }])).accepted).toBe(1);
    const [event] = await logOf(admin, tenant.id);
    expect(event.userAgent).toHaveLength(256);
    expect(event.userAgent.slice(0, 255)).toBe("x".repeat(255));
  });
});

describe("recordUsage: sent again", () => {
  test("the same ids count once: in one batch, over batches, in another order, and changed", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const [a, b, c] = ["a", "b", "c"].map((id) => ({ id: world.unique(id), keyId: key.id, cost: 2 })) as [
      { id: string; keyId: string; cost: number },
      { id: string; keyId: string; cost: number },
      { id: string; keyId: string; cost: number },
    ];
    expect(ok(await admin.recordUsage([a, b, a, a])).accepted).toBe(4);
    expect(await totalsOf(world, admin, tenant.id)).toMatchObject({ count: 2, cost: 4 });
    ok(await admin.recordUsage([c, b, a]));
    expect(await totalsOf(world, admin, tenant.id)).toMatchObject({ count: 3, cost: 6 });
    ok(await admin.recordUsage([{ ...b, cost: 100, code: "REVOKED" }]));
    await Promise.all([admin.recordUsage([a, b]), admin.recordUsage([b, c]), admin.recordUsage([c, a])]);
    expect(await totalsOf(world, admin, tenant.id)).toMatchObject({ count: 3, valid: 3, cost: 6 });
    expect((await logOf(admin, tenant.id)).map(({ id }) => id).sort()).toEqual([a.id, b.id, c.id].sort());
  });

  test("another tenant's events with the same ids are others, and count", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const id = randomUUID();
    for (const { admin, key } of [theirs, ours]) ok(await admin.recordUsage([{ id, keyId: key.id, cost: 2 }]));
    for (const { tenant, admin } of [theirs, ours]) {
      expect(await totalsOf(world, admin, tenant.id)).toMatchObject({ count: 1, cost: 2 });
    }
    // One batch of a caller of the whole installation, with both.
    const both = world.unique("both");
    ok(await world.root.recordUsage([ours, theirs].map(({ key }) => ({ id: both, keyId: key.id }))));
    for (const { tenant, admin } of [theirs, ours]) {
      expect(await totalsOf(world, admin, tenant.id)).toMatchObject({ count: 2 });
    }
  });
});

describe("recordUsage: time", () => {
  test("23 hours late and 4 minutes ahead count; 25 hours and 6 minutes are rejected, alone", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const at = (ms: number) => ({ keyId: key.id, at: world.clock.in(ms) });
    const result = ok(await admin.recordUsage([at(-23 * hour), at(-25 * hour), at(4 * minute), at(6 * minute), at(0)]));
    expect(result).toMatchObject({
      accepted: 3,
      rejected: [
        { index: 1, code: "INVALID_INPUT", message: expect.stringMatching(/^at: .*24 hours/) },
        { index: 3, code: "INVALID_INPUT", message: expect.stringMatching(/^at: .*clock/) },
      ],
    });
    expect(await totalsOf(world, admin, tenant.id)).toMatchObject({ count: 3 });
  });

  test("exactly a day and exactly five minutes are the bounds", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const times = [-24 * hour, -24 * hour - 1, 5 * minute, 5 * minute + 1];
    const { rejected } = ok(await admin.recordUsage(times.map((ms) => ({ keyId: key.id, at: world.clock.in(ms) }))));
    expect(rejected.map(({ index }: { index: number }) => index)).toEqual([1, 3]);
  });

  test("a late call counts in the minute in which it happened", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const at = world.clock.in(-20 * hour);
    ok(await admin.recordUsage([{ keyId: key.id, at }]));
    const from = new Date(at).getTime();
    const within = (a: number, b: number) =>
      admin.usage(
        { tenantId: tenant.id, from: new Date(a).toISOString(), to: new Date(b).toISOString(), bucket: "TOTAL" },
        "totals { count }",
      );
    expect(await within(from, from + 1)).toEqual({ totals: { count: 1 } });
    expect(await within(from - hour, from)).toEqual({ totals: { count: 0 } });
    expect(await within(from + 1, from + hour)).toEqual({ totals: { count: 0 } });
  });
});

describe("recordUsage: whose", () => {
  test("another tenant's key and tenant are rejected exactly as missing ones, and the others count", async ({
    world,
  }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const messages = new Set<string>();
    for (const wrong of [
      { keyId: theirs.key.id },
      { keyId: world.missingId("Key") },
      { keyId: "no id" },
      { tenantId: theirs.tenant.id },
      { tenantId: world.missingId("Tenant") },
      { tenantId: "acme-corp" },
      { tenantId: "__proto__" },
      { keyId: ours.key.id, tenantId: theirs.tenant.id },
      { keyId: theirs.key.id, tenantId: theirs.tenant.id },
    ]) {
      const id = randomUUID();
      const result = ok(await ours.admin.recordUsage([{ ...wrong, id }, { keyId: ours.key.id }]));
      expect(result).toMatchObject({ accepted: 1, rejected: [{ index: 0, eventId: id, code: "NOT_FOUND" }] });
      messages.add(result.rejected[0].message);
    }
    expect(messages.size).toBe(1);
    expect(await totalsOf(world, ours.admin, ours.tenant.id)).toMatchObject({ count: 9 });
    expect(await totalsOf(world, theirs.admin, theirs.tenant.id)).toMatchObject({ count: 0 });
    // Nor does anybody of the whole installation put usage where another tenant's administrator would find it.
    for (const tenantId of ["acme-corp", "none", "__proto__", world.missingId("Tenant")]) {
      const result = ok(await world.root.recordUsage([{ tenantId, code: "NOT_FOUND" }]));
      expect(result).toMatchObject({ accepted: 0, rejected: [{ code: "NOT_FOUND" }] });
      expect(await logOf(ours.admin, tenantId)).toEqual([]);
    }
  });

  test("a person's token reports only their own keys", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const colleague = await world.user(tenant.id);
    const other = await world.key(tenant.id, colleague.id);
    const person = await world.caller("DEVELOPER", { userId: owner.id });
    expect(ok(await person.recordUsage([{ keyId: key.id }, { keyId: other.key.id }]))).toMatchObject({
      accepted: 1,
      rejected: [{ index: 1, code: "NOT_FOUND" }],
    });
    expect(await totalsOf(world, admin, tenant.id)).toMatchObject({ count: 1 });
  });

  test("a caller of the whole installation reports for every tenant", async ({ world }) => {
    const stories = [await world.tenantWithKey(), await world.tenantWithKey()];
    ok(await world.root.recordUsage(stories.map(({ key }) => ({ keyId: key.id }))));
    for (const { tenant, admin } of stories)
      expect(await totalsOf(world, admin, tenant.id)).toMatchObject({ count: 1 });
  });

  test("an unknown key is the tenant's where it was presented, and nobody's key", async ({ world }) => {
    const { tenant, admin } = await world.tenantWithKey();
    const unknown = { code: "NOT_FOUND", start: "kp_live_0000" };
    ok(await admin.recordUsage([unknown]));
    ok(await world.root.recordUsage([{ ...unknown, tenantId: tenant.id }]));
    expect(await logOf(admin, tenant.id)).toMatchObject([
      { keyId: null, userId: null, tenantId: tenant.id, start: "kp_live_0000" },
      { keyId: null, userId: null, tenantId: tenant.id, start: "kp_live_0000" },
    ]);
  });

  test("usage is the owner's of the moment, also after the key was reissued to another", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const heir = await world.user(tenant.id);
    ok(await admin.recordUsage([{ keyId: key.id }]));
    ok(await admin.keySecret("reissueKey", { id: key.id, ownerId: heir.id }));
    ok(await admin.recordUsage([{ keyId: key.id }, { keyId: key.id }]));
    const { series } = await admin.usage({ ...world.around(tenant.id), groupBy: ["KEY", "USER"] });
    expect(series.map(({ group, totals }: never) => [group["userId"], group["keyId"], totals["count"]])).toEqual([
      [heir.id, key.id, 2],
      [owner.id, key.id, 1],
    ]);
  });

  test("what a deleted key did before still counts", async ({ world }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    await world.verify(secret);
    ok(await admin.key("deleteKey", { id: key.id }));
    expect(ok(await admin.recordUsage([{ keyId: key.id, at: world.clock.in(-second) }])).accepted).toBe(1);
    expect(await totalsOf(world, admin, tenant.id)).toMatchObject({ count: 2 });
  });
});

describe("recordUsage: what is refused", () => {
  test.for([
    ["an empty id", { id: "" }, /^id: Give each event an id/],
    ["a long id", { id: "x".repeat(65) }, /^id: Give each event an id/],
    ["an id with a space", { id: "a b" }, /^id: Give each event an id/],
    ["an id with a line break", { id: "a\n" }, /^id: Give each event an id/],
    ["an api with a space", { api: "my api" }, /^api: Name an API/],
    ["a long api", { api: "x".repeat(65) }, /^api: Name an API/],
    ["a negative cost", { cost: -1 }, /^cost: Give a cost of at least 0/],
    ["a high cost", { cost: 1_000_001 }, /^cost: Give a cost of at most 1000000/],
    ["21 tags", { tags: Array.from({ length: 21 }, (_, i) => `${i}`) }, /^tags: Give at most 20 tags/],
    ["an empty tag", { tags: ["a", ""] }, /^tags\.1: Remove the empty tag/],
    ["a long tag", { tags: ["x".repeat(65)] }, /^tags\.0: Shorten this tag to at most 64/],
    ["a tag of two lines", { tags: ["a\nb"] }, /^tags\.0: Remove line breaks/],
    [
      "11 meters",
      { meters: Array.from({ length: 11 }, (_, i) => ({ name: `m${i}`, value: 1 })) },
      /^meters: .*at most 10/,
    ],
    [
      "a meter twice",
      {
        meters: [
          { name: "m", value: 1 },
          { name: "m", value: 2 },
        ],
      },
      /^meters: Name each meter once/,
    ],
    ["a meter in capitals", { meters: [{ name: "Tokens", value: 1 }] }, /^meters\.0\.name: Name a meter/],
    ["a meter with a dot", { meters: [{ name: "a.b", value: 1 }] }, /^meters\.0\.name: Name a meter/],
    ["a meter that is an operator", { meters: [{ name: "$set", value: 1 }] }, /^meters\.0\.name: Name a meter/],
    ["half a unit", { meters: [{ name: "m", value: 0.5 }] }, /^meters\.0\.value: Give a whole number/],
    ["a negative meter", { meters: [{ name: "m", value: -1 }] }, /^meters\.0\.value: Give a value of at least 0/],
    ["a high meter", { meters: [{ name: "m", value: 1e12 + 1 }] }, /^meters\.0\.value: Give a value of at most/],
    ["a negative latency", { latencyMs: -0.1 }, /^latencyMs: Give a latency of at least 0/],
    ["a latency of days", { latencyMs: 86_400_001 }, /^latencyMs: Give a latency of at most a day/],
    ["a long address", { ip: "1".repeat(65) }, /^ip: Give one address/],
    ["a whole key as its start", { start: `kp_live_${"0".repeat(30)}` }, /^start: Give only the visible start/],
  ] as const)("$0 is rejected alone, with what to do", async ([, wrong, words], { world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const result = ok(await admin.recordUsage([{ keyId: key.id }, { keyId: key.id, ...wrong }, { keyId: key.id }]));
    expect(result).toMatchObject({ accepted: 2, rejected: [{ index: 1, code: "INVALID_INPUT" }] });
    expect(result.rejected[0].message).toMatch(words);
    expect(await totalsOf(world, admin, tenant.id)).toMatchObject({ count: 2 });
  });

  test("a text that is no address is not kept as one, and the call counts all the same", async ({ world }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    const ips = ["not an address", "203.0.113.7:443", "", "203.0.113.7", "2001:db8::1"];
    const at = (index: number) => world.clock.in(-index - 1);
    ok(await admin.recordUsage(ips.map((ip, index) => ({ keyId: key.id, ip, at: at(index) }))));
    await world.verify(secret, 1, { ip: "nonsense" });
    const log = "query ($id: ID!) { usageEvents(tenantId: $id) { nodes { ip } } }";
    const { usageEvents } = await admin.query(log, { id: tenant.id });
    const kept = usageEvents.nodes.map(({ ip }: { ip: string | null }) => ip);
    expect(kept).toEqual([null, null, null, null, "203.0.113.7", "2001:db8::1"]);
  });

  test("an address is kept in one spelling, whoever reports it, and found by every other", async ({ world }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    ok(await admin.key("disableKey", { id: key.id }));
    const refused = { keyId: key.id, code: "DISABLED" };
    ok(
      await admin.recordUsage([
        { ...refused, at: world.clock.in(-1), ip: "::ffff:192.0.2.1" },
        { ...refused, at: world.clock.in(-2), ip: "2001:DB8:0:0::1" },
      ]),
    );
    await world.verify(secret, 1, { ip: "::ffff:c000:201" });
    const log = `query ($id: ID!, $ips: [String!]) { usageEvents(tenantId: $id, filter: { ips: $ips }) { nodes { ip } } }`;
    const found = async (ip: string) => {
      const { usageEvents } = await admin.query(log, { id: tenant.id, ips: [ip] });
      const { total, series } = await admin.invalidAttempts({
        ...world.around(tenant.id),
        groupBy: ["IP"],
        filter: { ips: [ip] },
      });
      const { refusedCalls } = await admin.diagnose({ start: "kp_live_none", ip });
      return {
        kept: usageEvents.nodes.map((call: { ip: string }) => call.ip),
        attempts: [total, series.map(({ group }: { group: { ip: string } }) => group.ip)],
        told: refusedCalls.map((call: { ip: string; matchedBy: string[] }) => [call.ip, ...call.matchedBy]),
      };
    };
    await world.counted();
    for (const ip of ["192.0.2.1", "::ffff:192.0.2.1", "0:0:0:0:0:FFFF:192.0.2.1"]) {
      expect(await found(ip)).toEqual({
        kept: ["192.0.2.1", "192.0.2.1"],
        attempts: [2, ["192.0.2.1"]],
        told: [
          ["192.0.2.1", "ADDRESS"],
          ["192.0.2.1", "ADDRESS"],
        ],
      });
    }
    for (const ip of ["2001:db8::1", "2001:0DB8::0001"]) {
      expect(await found(ip)).toMatchObject({ kept: ["2001:db8::1"], told: [["2001:db8::1", "ADDRESS"]] });
    }
  });

  test("a whole key is kept nowhere: refused where the sender writes, blotted out where its caller has written", async ({
    world,
  }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    const wrong = [{ tags: [secret] }, { ip: secret }, { api: secret }, { id: secret }];
    const result = ok(await admin.recordUsage(wrong.map((field) => ({ keyId: key.id, ...field }))));
    expect(result).toMatchObject({ accepted: 0, rejected: [{}, {}, {}, {}] });
    for (const { message } of result.rejected) expect(message).toMatch(/whole API key/);
    expect(JSON.stringify(result)).not.toContain(secret);

    ok(await admin.recordUsage([{ keyId: key.id, userAgent: `curl ${secret}` }]));
    await admin.verify(secret, { userAgent: `wget ${secret}` });
    const agents = (await logOf(admin, tenant.id)).map(({ userAgent }) => userAgent);
    expect(agents.sort()).toEqual(["curl [a key]", "wget [a key]"]);
  });

  test("10000 events are taken in one batch, one more is refused whole", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const events = Array.from({ length: 10_001 }, () => ({ keyId: key.id }));
    expect(await admin.recordUsage(events)).toMatchObject({
      __typename: "InvalidInputError",
      code: "INVALID_INPUT",
      issues: [{ path: ["events"], message: "Send at most 10000 events at a time." }],
    });
    expect(ok(await admin.recordUsage(events.slice(1)))).toMatchObject({ accepted: 10_000, rejected: [] });
    await expect.poll(async () => (await totalsOf(world, admin, tenant.id)).count).toBe(10_000);
  });

  test("whoever may not report usage is refused, and whoever is not known", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    for (const caller of [await allBut(world, tenant.id, "usage:record"), await world.caller("GUEST")]) {
      expect(await caller.recordUsage([{ keyId: key.id }])).toMatchObject({
        __typename: "ForbiddenError",
        code: "FORBIDDEN",
        message: expect.stringContaining("usage:record"),
      });
    }
    await expect(world.anonymous.recordUsage([{ keyId: key.id }])).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const developers = [
      await world.caller("DEVELOPER", { tenantId: tenant.id }),
      await world.caller("DEVELOPER", { userId: owner.id }),
    ];
    for (const caller of developers) expect(ok(await caller.recordUsage([{ keyId: key.id }])).accepted).toBe(1);
    expect(await totalsOf(world, admin, tenant.id)).toMatchObject({ count: 2 });
  });

  test("an empty batch is a batch", async ({ world }) => {
    const { admin } = await world.tenant();
    expect(ok(await admin.recordUsage([]))).toMatchObject({ accepted: 0, rejected: [] });
  });
});
