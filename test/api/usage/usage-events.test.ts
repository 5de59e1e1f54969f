import { generateKey } from "@keyplane/schema";
import {
  type Caller,
  day,
  describe,
  eventFields,
  expect,
  hour,
  idsOf,
  minute,
  ok,
  readPage,
  readPages,
  test,
  type World,
} from "../../testkit/index.js";
import { allBut } from "../keys/key-changes.js";

const read = (caller: Caller, tenantId: string, filter: Record<string, unknown> = {}) =>
  readPage(caller, "usageEvents", { tenantId, first: 100, filter }, eventFields);

/** Calls that differ in everything that can be filtered by, a minute apart, named by their ids. */
async function variedCalls(world: World) {
  const story = await world.tenantWithKey();
  const { tenant, admin, owner, key } = story;
  const colleague = await world.user(tenant.id);
  const other = await world.key(tenant.id, colleague.id);
  const calls = [
    { id: "a", keyId: key.id, api: "orders", tags: ["x", "y"], ip: "203.0.113.1", start: "kp_live_aaaa" },
    { id: "b", keyId: key.id, api: "orders", code: "REVOKED", tags: ["y"], ip: "203.0.113.2", start: "kp_live_aaaa" },
    { id: "c", keyId: other.key.id, api: "users", ip: "203.0.113.1", start: "kp_live_bbbb" },
    { id: "d", code: "MALFORMED", ip: "203.0.113.3" },
  ];
  const times = calls.map((_, index) => world.clock.in((index - calls.length) * minute));
  ok(await admin.recordUsage(calls.map((call, index) => ({ ...call, at: times[index] }))));
  return { ...story, owner, colleague, other, times };
}

describe("usageEvents", () => {
  test("a verification is in the log at once: what was presented, by whom, from where, and how long it took", async ({
    world,
  }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    const more = { cost: 3, tags: ["b", "a"], api: "orders/v2", ip: "203.0.113.7", userAgent: "curl/8.5.0" };
    await world.verify(secret, 1, { ...more, meters: [{ name: "tokens", value: 12 }] });
    const { nodes, totalCount } = await read(admin, tenant.id);
    expect(totalCount).toBe(1);
    expect(nodes).toEqual([
      {
        ...more,
        id: expect.any(String),
        at: world.clock.in(0),
        tenantId: tenant.id,
        keyId: key.id,
        userId: owner.id,
        code: "VALID",
        valid: true,
        tags: ["a", "b"],
        meters: [{ name: "tokens", value: 12 }],
        latencyMs: expect.any(Number),
        start: key.start,
        source: "SERVER",
      },
    ]);
    expect(nodes[0].latencyMs).toBeGreaterThanOrEqual(0);
  });

  test("a refused verification is in it with its cause, and costs and meters nothing", async ({ world }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    ok(await admin.key("disableKey", { id: key.id }));
    await world.verify(secret, 1, { cost: 9, meters: [{ name: "tokens", value: 12 }] });
    expect((await read(admin, tenant.id)).nodes).toMatchObject([
      { keyId: key.id, code: "DISABLED", valid: false, cost: 0, meters: [] },
    ]);
  });

  test("unknown, malformed and mistyped keys are in it where they were presented, without the key", async ({
    world,
  }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    const unknown = generateKey({ prefix: "kp", environment: "LIVE" }).secret;
    const mistyped = secret.slice(0, -1) + (secret.endsWith("x") ? "y" : "x");
    for (const presented of [unknown, "hello world", `Bearer ${secret}`, mistyped]) await admin.verify(presented);
    const page = await read(admin, tenant.id);
    expect(page.nodes.map(({ code, keyId, userId }) => ({ code, keyId, userId }))).toEqual(
      expect.arrayContaining([
        { code: "NOT_FOUND", keyId: null, userId: null },
        { code: "MALFORMED", keyId: null, userId: null },
        { code: "CHECKSUM_MISMATCH", keyId: null, userId: null },
      ]),
    );
    expect(page.totalCount).toBe(4);
    const text = JSON.stringify(page);
    for (const each of [unknown, secret]) expect(text).not.toContain(each.slice(key.start.length, -6));
    expect(text).not.toContain("hello");
    expect(page.nodes.map(({ start }) => start)).toContain(unknown.slice(0, key.start.length));
  });

  test("the newest comes first, and each page goes on where the one before ended", async ({ world }) => {
    const { tenant, admin } = await variedCalls(world);
    const pages = await readPages(admin, "usageEvents", { tenantId: tenant.id, first: 1 });
    expect(pages.map((page) => idsOf(page))).toEqual([["d"], ["c"], ["b"], ["a"]]);
    expect(pages.map(({ totalCount }) => totalCount)).toEqual([4, 4, 4, 4]);
    expect(pages.map(({ pageInfo }) => pageInfo.hasPreviousPage)).toEqual([false, true, true, true]);
  });

  test("a cursor stays right while calls arrive: none comes twice, none is left out", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const record = (ids: string[], ms: number) =>
      admin.recordUsage(ids.map((id) => ({ id, keyId: key.id, at: world.clock.in(ms) })));
    // At one and the same time, too: then the order is by id.
    ok(await record(["a", "b", "c", "d"], -minute));
    const first = await readPage(admin, "usageEvents", { tenantId: tenant.id, first: 2 });
    ok(await record(["x", "y"], 0));
    ok(await record(["late"], -hour));
    const rest = await readPages(admin, "usageEvents", { tenantId: tenant.id, first: 2 }, first);
    const seen = [...idsOf(first), ...idsOf(...rest)];
    expect([...seen].sort()).toEqual(["a", "b", "c", "d", "late"]);
    expect(seen.at(-1)).toBe("late");
    expect(idsOf(await readPage(admin, "usageEvents", { tenantId: tenant.id, first: 2 })).sort()).toEqual(["x", "y"]);
  });

  test("filters: each alone, and all that are given together", async ({ world }) => {
    const { tenant, admin, owner, colleague, key, other, times } = await variedCalls(world);
    const ids = async (filter: Record<string, unknown>) =>
      idsOf(await read(admin, tenant.id, filter))
        .sort()
        .join("");
    expect(await ids({})).toBe("abcd");
    expect(await ids({ keyIds: [key.id] })).toBe("ab");
    expect(await ids({ keyIds: [key.id, other.key.id] })).toBe("abc");
    expect(await ids({ userIds: [colleague.id] })).toBe("c");
    expect(await ids({ apis: ["users"] })).toBe("c");
    expect(await ids({ codes: ["REVOKED", "MALFORMED"] })).toBe("bd");
    expect(await ids({ tags: ["y"] })).toBe("ab");
    expect(await ids({ tags: ["x", "z"] })).toBe("a");
    expect(await ids({ valid: true })).toBe("ac");
    expect(await ids({ valid: false })).toBe("bd");
    expect(await ids({ ips: ["203.0.113.1"] })).toBe("ac");
    expect(await ids({ starts: ["kp_live_bbbb"] })).toBe("c");
    expect(await ids({ sources: ["SERVER"] })).toBe("");
    expect(await ids({ sources: ["SDK"] })).toBe("abcd");
    expect(await ids({ from: times[1] })).toBe("bcd");
    expect(await ids({ to: times[1] })).toBe("a");
    expect(await ids({ from: times[1], to: times[3] })).toBe("bc");
    expect(await ids({ userIds: [owner.id], valid: true, tags: ["y"], ips: ["203.0.113.1"] })).toBe("a");
    expect(await ids({ valid: true, codes: ["REVOKED"] })).toBe("");
    expect(await ids({ keyIds: [] })).toBe("");
    expect(await ids({ keyIds: null, valid: null, from: null })).toBe("abcd");
    expect(await ids({ keyIds: [world.missingId("Key"), "$ne", ""] })).toBe("");
  });

  test.for([
    [
      "more than 1000 keys",
      { keyIds: Array.from({ length: 1_001 }, () => "key_x") },
      "keyIds: Give at most 1000 values",
    ],
    ["a long tag", { tags: ["x".repeat(65)] }, "tags.0"],
    ["a long address", { ips: ["x".repeat(65)] }, "ips.0"],
  ] as const)("a filter with $0 is refused, with its place", async ([, filter, words], { world }) => {
    const { tenant, admin } = await world.tenant();
    await expect(read(admin, tenant.id, filter)).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: expect.stringContaining(words),
    });
  });

  test("a cursor of another list, or of nothing, is refused", async ({ world }) => {
    const { tenant, admin } = await world.tenantWithKey();
    const { pageInfo } = await readPage(admin, "keys", { first: 1 });
    for (const after of [pageInfo.endCursor, "x", ""]) {
      await expect(readPage(admin, "usageEvents", { tenantId: tenant.id, after })).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
        message: expect.stringContaining("after: "),
      });
    }
  });

  test("a window from before what is kept is refused, as counts refuse it: an empty answer would look like no calls", async ({
    world,
  }) => {
    const { tenant, admin } = await variedCalls(world);
    for (const filter of [{ from: world.clock.in(-31 * day) }, { to: world.clock.in(-31 * day) }]) {
      await expect(readPage(admin, "usageEvents", { tenantId: tenant.id, filter })).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
        message: expect.stringMatching(/\b(?:from|to): Single events are kept since/),
      });
    }
    const month = await read(admin, tenant.id, { from: world.clock.in(-30 * day) });
    expect(month.totalCount).toBe(4);
  });

  test("another tenant's log is as empty as a missing tenant's", async ({ world }) => {
    const [ours, theirs] = [await variedCalls(world), await variedCalls(world)];
    for (const id of [theirs.tenant.id, world.missingId("Tenant"), "x", "$ne"]) {
      expect(await read(ours.admin, id)).toMatchObject({ nodes: [], totalCount: 0 });
    }
    expect((await read(ours.admin, ours.tenant.id, { keyIds: [theirs.key.id] })).nodes).toEqual([]);
    expect((await read(world.root, theirs.tenant.id)).totalCount).toBe(4);
  });

  test("a person's token sees only the calls of their own keys, whatever it asks for", async ({ world }) => {
    const { tenant, owner, colleague, other } = await variedCalls(world);
    const person = await world.caller("DEVELOPER", { userId: owner.id });
    const ids = async (filter: Record<string, unknown>) => {
      const page = await read(person, tenant.id, filter);
      expect(page.totalCount).toBe(page.nodes.length);
      return idsOf(page).sort().join("");
    };
    expect(await ids({})).toBe("ab");
    expect(await ids({ userIds: [owner.id, colleague.id] })).toBe("ab");
    expect(await ids({ userIds: [colleague.id] })).toBe("");
    expect(await ids({ keyIds: [other.key.id] })).toBe("");
    expect(await ids({ codes: ["MALFORMED"] })).toBe("");
  });

  test("is not there for who may not read usage, nor for who is not known", async ({ world }) => {
    const { tenant } = await world.tenant();
    for (const caller of [await allBut(world, tenant.id, "usage:read"), await world.caller("GUEST")]) {
      await expect(read(caller, tenant.id)).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    await expect(read(world.anonymous, tenant.id)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("leads to the key, as long as there is one", async ({ world }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    await world.verify(secret);
    const keyOf = async () =>
      (await readPage(admin, "usageEvents", { tenantId: tenant.id }, "key { id }")).nodes[0].key;
    expect(await keyOf()).toEqual({ id: key.id });
    ok(await admin.key("deleteKey", { id: key.id }));
    world.clock.advance(40 * day);
    const gone = await keyOf();
    expect(gone === null || gone.id === key.id).toBe(true);
  });
});
