import { createId } from "@keyplane/schema";
import { DatabaseWatch } from "../../testkit/database-watch.js";
import {
  type Caller,
  day,
  describe,
  expect,
  idsOf,
  minute,
  ok,
  readPage,
  readPages,
  test,
  type World,
} from "../../testkit/index.js";
import { promisesOfList } from "../../testkit/promises/of-lists.js";
import { allBut } from "./key-changes.js";

const orders = ["CREATED_AT", "NAME", "EXPIRES_AT", "LAST_USED_AT"].flatMap((field) => [
  `${field}_ASC`,
  `${field}_DESC`,
]);

promisesOfList("keys", orders, async (world) => {
  const { tenant, admin } = await world.tenant();
  const owner = await world.user(tenant.id);
  const add = () => world.key(tenant.id, owner.id, { name: "Key" });
  return { caller: admin, args: {}, add };
});

/** A tenant with a user, and how to find the names of its keys. */
async function begin(world: World) {
  const { tenant, admin } = await world.tenant();
  const owner = await world.user(tenant.id);
  const add = async (name: string, input: Record<string, unknown> = {}) =>
    (await world.key(tenant.id, owner.id, { name, ...input })).key;
  const names = async (filter: object, caller: Caller = admin) => {
    const page = await readPage(caller, "keys", { filter, orderBy: "CREATED_AT_ASC" }, "name");
    expect(page.totalCount).toBe(page.nodes.length);
    return page.nodes.map(({ name }) => name).sort();
  };
  return { tenant, admin, owner, add, names };
}

/** Keys as rows, where the API would take long or has no way. */
async function addRows(world: World, tenantId: string, ownerId: string, rows: Record<string, unknown>[]) {
  const now = new Date(world.clock.now());
  const plain = {
    tenantId,
    ownerId,
    name: "Key",
    environment: "LIVE",
    start: "kp_live_0000",
    createdAt: now,
    updatedAt: now,
  };
  const data = rows.map((row) => ({ id: createId("Key"), ...plain, ...row }));
  await world.server.keyplane.database.prisma.key.createMany({ data: data as never });
  return data;
}

describe("keys: filters", () => {
  test("by owner", async ({ world }) => {
    const { tenant, owner, add, names } = await begin(world);
    const other = await world.user(tenant.id);
    await add("first");
    await add("second", { ownerId: other.id });
    expect(await names({ ownerId: owner.id })).toEqual(["first"]);
    expect(await names({ ownerId: other.id })).toEqual(["second"]);
    const elsewhere = await world.tenantWithKey();
    for (const ownerId of [elsewhere.owner.id, world.missingId("User"), "x", "", "a\0"]) {
      expect(await names({ ownerId })).toEqual([]);
    }
  });

  test("by environment", async ({ world }) => {
    const { add, names } = await begin(world);
    await add("live");
    await add("test", { environment: "TEST" });
    expect(await names({ environment: "LIVE" })).toEqual(["live"]);
    expect(await names({ environment: "TEST" })).toEqual(["test"]);
  });

  test("by scope, as a whole and exactly", async ({ world }) => {
    const { add, names } = await begin(world);
    await add("read", { scopes: ["orders:read"] });
    await add("both", { scopes: ["orders:write", "orders:read"] });
    await add("none");
    expect(await names({ scope: "orders:read" })).toEqual(["both", "read"]);
    expect(await names({ scope: "orders:write" })).toEqual(["both"]);
    for (const scope of ["orders", "ORDERS:READ", "orders:*", "%", "{}", "orders:read,orders:write"]) {
      expect(await names({ scope })).toEqual([]);
    }
  });

  test("by expiry: those that have not expired yet and will before a time", async ({ world }) => {
    const { add, names } = await begin(world);
    await add("never");
    await add("at 1", { expiresAt: world.clock.in(minute) });
    await add("at 2", { expiresAt: world.clock.in(2 * minute) });
    const [after1, at2, after2] = [
      world.clock.in(minute + 1),
      world.clock.in(2 * minute),
      world.clock.in(2 * minute + 1),
    ];
    expect(await names({ expiringBefore: after1 })).toEqual(["at 1"]);
    expect(await names({ expiringBefore: at2 })).toEqual(["at 1"]);
    expect(await names({ expiringBefore: after2 })).toEqual(["at 1", "at 2"]);
    world.clock.advance(minute);
    expect(await names({ expiringBefore: after2 })).toEqual(["at 2"]);
  });

  test("by use: those created before a time and not used since it", async ({ world }) => {
    const { tenant, owner, names } = await begin(world);
    const now = world.clock.now();
    const since = new Date(now + day);
    const [before, at] = [new Date(+since - 1), since];
    await addRows(world, tenant.id, owner.id, [
      { name: "never used", createdAt: before },
      { name: "used before", createdAt: before, lastUsedAt: before },
      { name: "used at", createdAt: before, lastUsedAt: at },
      { name: "too new", createdAt: at },
    ]);
    expect(await names({ unusedSince: since.toISOString() })).toEqual(["never used", "used before"]);
  });

  test("by metadata: top-level fields with exactly these values", async ({ world }) => {
    const { add, names } = await begin(world);
    const strange = { "": "empty", "a,b": 1, '{"q"}': 2, "a.b": 3, "0": "zero", "schlüssel 🔑": "wert" };
    await add("pro", {
      metadata: { plan: "pro", seats: 5, trial: false, note: null, list: ["pro"], deep: { plan: "free" } },
    });
    await add("free", { metadata: { plan: "free", seats: 5 } });
    await add("strange", { metadata: strange });
    expect(await names({ metadata: { plan: "pro" } })).toEqual(["pro"]);
    expect(await names({ metadata: { seats: 5 } })).toEqual(["free", "pro"]);
    expect(await names({ metadata: { seats: 5, plan: "free" } })).toEqual(["free"]);
    expect(await names({ metadata: { trial: false } })).toEqual(["pro"]);
    expect(await names({ metadata: { note: null } })).toEqual(["pro"]);
    expect(await names({ metadata: {} })).toEqual(["free", "pro", "strange"]);
    for (const [field, value] of Object.entries(strange)) {
      expect(await names({ metadata: { [field]: value } }), field).toEqual(["strange"]);
    }
    const nothing = [
      { plan: "PRO" },
      { plan: "pr%" },
      { seats: "5" },
      { list: "pro" },
      { deep: null },
      { missing: null },
    ];
    for (const metadata of nothing) expect(await names({ metadata }), JSON.stringify(metadata)).toEqual([]);
  });

  test("by metadata written into the document, with variables within", async ({ world }) => {
    const { admin, add } = await begin(world);
    await add("pro", { metadata: { plan: "pro" } });
    await add("free", { metadata: { plan: "free" } });
    const document = "query ($plan: String) { keys(filter: { metadata: { plan: $plan } }) { nodes { name } } }";
    for (const plan of ["pro", "free"]) {
      expect(await admin.query(document, { plan })).toEqual({ keys: { nodes: [{ name: plan }] } });
    }
  });

  test("by text in the name or the start, in any case, and as it is", async ({ world }) => {
    const { add, names } = await begin(world);
    const shop = await add("Shop 100%");
    await add("shop_front");
    await add("shopXfront");
    await add("C:\\shop");
    await add("Läden");
    expect(await names({ search: "SHOP" })).toEqual(["C:\\shop", "Shop 100%", "shopXfront", "shop_front"]);
    expect(await names({ search: " shop_front " })).toEqual(["shop_front"]);
    expect(await names({ search: "100%" })).toEqual(["Shop 100%"]);
    expect(await names({ search: "%" })).toEqual(["Shop 100%"]);
    expect(await names({ search: "c:\\S" })).toEqual(["C:\\shop"]);
    expect(await names({ search: "äd" })).toEqual(["Läden"]);
    expect(await names({ search: shop.start })).toContain("Shop 100%");
    expect(await names({ search: "kp_live_" })).toHaveLength(5);
    expect(await names({ search: "kpXliveX" })).toEqual([]);
    expect(await names({ search: "' OR 1=1 --" })).toEqual([]);
  });

  test("all that is given must hold; what is null does not matter", async ({ world }) => {
    const { owner, add, names } = await begin(world);
    await add("a", { environment: "TEST", scopes: ["s"], metadata: { m: 1 } });
    await add("b", { environment: "TEST", scopes: ["s"], metadata: { m: 2 } });
    await add("c", { environment: "LIVE", scopes: ["s"], metadata: { m: 1 } });
    const all = {
      ownerId: owner.id,
      status: "ACTIVE",
      environment: "TEST",
      scope: "s",
      metadata: { m: 1 },
      search: "A",
    };
    expect(await names(all)).toEqual(["a"]);
    expect(await names({ ...all, status: "REVOKED" })).toEqual([]);
    const nulls = Object.fromEntries(
      [...Object.keys(all), "expiringBefore", "unusedSince", "deleted"].map((f) => [f, null]),
    );
    expect(await names(nulls)).toEqual(["a", "b", "c"]);
  });

  test("by status agree with the status that each key has, in every state and to the millisecond", async ({
    world,
  }) => {
    const { tenant, admin, owner } = await begin(world);
    const now = world.clock.now();
    const at = new Date(now);
    const rows = [null, at].flatMap((revokedAt) =>
      [null, at].flatMap((quarantinedAt) =>
        [null, at].flatMap((disabledAt) =>
          [null, at].flatMap((deletedAt) =>
            [null, now - 1, now, now + 1].map((end) => ({
              revokedAt,
              quarantinedAt,
              disabledAt,
              deletedAt,
              expiresAt: end === null ? null : new Date(end),
            })),
          ),
        ),
      ),
    );
    const added = await addRows(world, tenant.id, owner.id, rows);
    for (const deleted of [false, true]) {
      const seen: string[] = [];
      for (const status of ["ACTIVE", "DISABLED", "QUARANTINED", "REVOKED", "EXPIRED"]) {
        const page = await readPage(admin, "keys", { first: 100, filter: { status, deleted } }, "status");
        expect(page.totalCount).toBe(page.nodes.length);
        expect(page.nodes.length).toBeGreaterThan(0);
        for (const node of page.nodes) expect(node.status).toBe(status);
        seen.push(...idsOf(page));
      }
      const expected = added.filter((row) => ((row as { deletedAt?: Date | null }).deletedAt !== null) === deleted);
      expect(seen.sort()).toEqual(expected.map(({ id }) => id).sort());
    }
  });

  test.for([
    { filter: { metadata: [1] }, message: "metadata: Give a JSON object of at most 10 fields" },
    { filter: { metadata: "plan" }, message: "metadata: Give a JSON object of at most 10 fields" },
    { filter: { metadata: { a: { b: 1 } } }, message: "metadata: Give a JSON object of at most 10 fields" },
    { filter: { metadata: { a: "\ud800" } }, message: "metadata: Give a JSON object of at most 10 fields" },
    { filter: { metadata: { "\0": 1 } }, message: "metadata: Give a JSON object of at most 10 fields" },
    {
      filter: { metadata: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [index, 1])) },
      message: "metadata: Give a JSON object of at most 10 fields",
    },
    { filter: { scope: "" }, message: "scope: Give a scope, e.g. orders:read, or leave the filter out." },
    { filter: { scope: "x".repeat(129) }, message: "scope: Shorten the scope" },
    { filter: { scope: "a\0" }, message: "scope: Remove the character U+0000" },
    { filter: { search: " " }, message: "search: Give the text to search for; it cannot be empty." },
    { filter: { search: "x".repeat(101) }, message: "search: Shorten the text to search for" },
    { filter: { search: "\ud800" }, message: "search: " },
    { filter: { status: "DELETED" }, message: 'The value does not exist in "KeyStatus" enum.' },
    { filter: { expiringBefore: "soon" }, message: 'at "filter.expiringBefore"; Give a time in RFC 3339' },
  ])("$filter is refused, and says what to do", async ({ filter, message }, { world }) => {
    await expect(readPage(world.root, "keys", { filter })).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: expect.stringContaining(message),
    });
  });
});

describe("keys: orders", () => {
  test("the newest come first when nothing is said", async ({ world }) => {
    const { admin, add } = await begin(world);
    const ids: string[] = [];
    for (let count = 0; count < 3; count++) {
      world.clock.advance(1_000);
      ids.unshift((await add("Key")).id);
    }
    expect(idsOf(await readPage(admin, "keys"))).toEqual(ids);
  });

  test("by name", async ({ world }) => {
    const { admin, add } = await begin(world);
    for (const name of ["beta", "alpha", "gamma"]) await add(name);
    const names = async (orderBy: string) =>
      (await readPage(admin, "keys", { orderBy }, "name")).nodes.map(({ name }) => name);
    expect(await names("NAME_ASC")).toEqual(["alpha", "beta", "gamma"]);
    expect(await names("NAME_DESC")).toEqual(["gamma", "beta", "alpha"]);
  });

  test.for(["expiresAt", "lastUsedAt"] as const)(
    "by %s: keys without one come last in both directions, and pages neither skip nor repeat",
    async (field, { world }) => {
      const { tenant, admin, owner } = await begin(world);
      const now = world.clock.now();
      const times = [null, now + 2, now + 1, null, now + 2, null, now + 1, now + 3, null];
      const rows = await addRows(
        world,
        tenant.id,
        owner.id,
        times.map((time) => ({ [field]: time === null ? null : new Date(time) })),
      );
      const byId = new Map(rows.map(({ id }, index) => [id, times[index] ?? null]));
      const name = field === "expiresAt" ? "EXPIRES_AT" : "LAST_USED_AT";
      for (const [direction, expected] of [
        ["ASC", [1, 1, 2, 2, 3]],
        ["DESC", [3, 2, 2, 1, 1]],
      ] as const) {
        const orderBy = `${name}_${direction}`;
        const whole = idsOf(await readPage(admin, "keys", { orderBy, first: 100 }));
        const values = whole.map((id) => byId.get(id) ?? null);
        expect(values).toEqual([...expected.map((offset) => now + offset), null, null, null, null]);
        for (let first = 1; first <= 4; first++) {
          expect(idsOf(...(await readPages(admin, "keys", { orderBy, first })))).toEqual(whole);
        }
      }
    },
  );

  test("pages hold together with a filter", async ({ world }) => {
    const { tenant, admin, owner } = await begin(world);
    const rows = Array.from({ length: 9 }, (_, index) => ({ environment: index % 3 === 0 ? "TEST" : "LIVE" }));
    await addRows(world, tenant.id, owner.id, rows);
    const pages = await readPages(admin, "keys", {
      filter: { environment: "LIVE" },
      orderBy: "EXPIRES_AT_ASC",
      first: 4,
    });
    expect(pages.map((page) => [page.nodes.length, page.totalCount])).toEqual([
      [4, 6],
      [2, 6],
    ]);
  });
});

describe("keys: nested", () => {
  test("a tenant lists its keys, a user its own, with filters, orders and pages", async ({ world }) => {
    const { tenant, admin, owner, add } = await begin(world);
    const other = await world.user(tenant.id);
    await add("a");
    await add("b", { environment: "TEST" });
    await add("c", { ownerId: other.id });
    const document = `query ($tenant: ID!, $user: ID!, $after: String) {
      tenant(id: $tenant) { keys(first: 2, after: $after, orderBy: NAME_ASC) { totalCount nodes { name } pageInfo { endCursor hasNextPage } } }
      user(id: $user) { keys(orderBy: NAME_DESC) { totalCount nodes { name owner { id } } } live: keys(filter: { environment: LIVE }) { nodes { name } } } }`;
    const first = await admin.query(document, { tenant: tenant.id, user: owner.id });
    expect(first.tenant.keys).toMatchObject({
      totalCount: 3,
      nodes: [{ name: "a" }, { name: "b" }],
      pageInfo: { hasNextPage: true },
    });
    const mine = { owner: { id: owner.id } };
    expect(first.user).toEqual({
      keys: {
        totalCount: 2,
        nodes: [
          { name: "b", ...mine },
          { name: "a", ...mine },
        ],
      },
      live: { nodes: [{ name: "a" }] },
    });
    const { endCursor } = first.tenant.keys.pageInfo;
    const second = await admin.query(document, { tenant: tenant.id, user: owner.id, after: endCursor });
    expect(second.tenant.keys).toMatchObject({ nodes: [{ name: "c" }], pageInfo: { hasNextPage: false } });
  });

  test("a user's keys that shall be another user's are none", async ({ world }) => {
    const { tenant, admin, owner, add } = await begin(world);
    const other = await world.user(tenant.id);
    await add("a");
    const document = `query ($user: ID!, $owner: ID!) { user(id: $user) { keys(filter: { ownerId: $owner }) { totalCount nodes { name } } } }`;
    const keysOf = async (of: string) => (await admin.query(document, { user: owner.id, owner: of })).user.keys;
    expect(await keysOf(owner.id)).toEqual({ totalCount: 1, nodes: [{ name: "a" }] });
    expect(await keysOf(other.id)).toEqual({ totalCount: 0, nodes: [] });
  });

  test("the owners and tenants of 50 keys are read by one query each", async ({ world }) => {
    const { tenant, admin } = await begin(world);
    const now = new Date(world.clock.now());
    const user = { tenantId: tenant.id, name: "User", createdAt: now, updatedAt: now };
    const owners = Array.from({ length: 50 }, () => ({ id: createId("User"), email: "", ...user }));
    await world.server.keyplane.database.prisma.user.createMany({ data: owners });
    for (const owner of owners) await addRows(world, tenant.id, owner.id, [{}]);
    await admin.query("{ viewer { id } }");
    const watch = new DatabaseWatch(world.server);
    try {
      const { nodes } = await readPage(admin, "keys", { first: 50 }, "owner { id name } tenant { slug }");
      expect(new Set(nodes.map(({ owner }) => owner.id)).size).toBe(50);
      expect(watch.asked.map(({ model, operation }) => `${model}.${operation}`).sort()).toEqual([
        "Key.count",
        "Key.findMany",
        "Tenant.findMany",
        "User.findMany",
      ]);
    } finally {
      watch.stop();
    }
  });
});

describe("keys: for whom", () => {
  test("a tenant's caller finds its tenant's keys, a caller of the installation everyone's", async ({ world }) => {
    const name = world.unique("Key");
    const [ours, theirs] = [await world.tenantWithKey({ key: { name } }), await world.tenantWithKey({ key: { name } })];
    expect(idsOf(await readPage(ours.admin, "keys"))).toEqual([ours.key.id]);
    expect(idsOf(await readPage(ours.admin, "keys", { tenantId: ours.tenant.id }))).toEqual([ours.key.id]);
    for (const story of [ours, theirs]) {
      expect(idsOf(await readPage(world.root, "keys", { tenantId: story.tenant.id }))).toEqual([story.key.id]);
    }
    const everyone = idsOf(await readPage(world.root, "keys", { filter: { search: name } }));
    expect(new Set(everyone)).toEqual(new Set([ours.key.id, theirs.key.id]));
  });

  test("another tenant has no keys, exactly as a missing one", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const missing = await readPage(ours.admin, "keys", { tenantId: world.missingId("Tenant") });
    expect(missing).toMatchObject({ totalCount: 0, nodes: [] });
    for (const tenantId of [theirs.tenant.id, "x", "", "a\0"]) {
      expect(await readPage(ours.admin, "keys", { tenantId })).toEqual(missing);
    }
    expect(await readPage(ours.admin, "keys", { filter: { ownerId: theirs.owner.id } })).toEqual(missing);
  });

  test("a person who is no administrator finds only their own", async ({ world }) => {
    const { tenant, owner, key } = await world.tenantWithKey();
    const colleague = await world.user(tenant.id);
    await world.key(tenant.id, colleague.id);
    const caller = await world.caller("DEVELOPER", { userId: owner.id });
    expect(await readPage(caller, "keys")).toMatchObject({ totalCount: 1, nodes: [{ id: key.id }] });
    expect(await readPage(caller, "keys", { filter: { ownerId: colleague.id } })).toMatchObject({ totalCount: 0 });
    const document = "query ($id: ID!) { tenant(id: $id) { keys { totalCount nodes { id } } } }";
    expect(await caller.query(document, { id: tenant.id })).toEqual({
      tenant: { keys: { totalCount: 1, nodes: [{ id: key.id }] } },
    });
  });

  test("needs keys:read, nested too", async ({ world }) => {
    const { tenant, owner } = await world.tenantWithKey();
    const caller = await allBut(world, tenant.id, "keys:read");
    const refusal = { code: "FORBIDDEN", message: expect.stringContaining("keys:read") };
    await expect(readPage(caller, "keys")).rejects.toMatchObject(refusal);
    await expect(readPage(caller, "keys", { first: 0 })).rejects.toMatchObject(refusal);
    const nested = [`tenant(id: "${tenant.id}")`, `user(id: "${owner.id}")`];
    for (const place of nested) {
      await expect(caller.query(`{ ${place} { keys { totalCount } } }`)).rejects.toMatchObject(refusal);
    }
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    expect(await readPage(developer, "keys")).toMatchObject({ totalCount: 1 });
    ok(await world.root.user("disableUser", { id: owner.id }));
  });

  test("is not for callers who are not known", async ({ world }) => {
    await expect(readPage(world.anonymous, "keys")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
