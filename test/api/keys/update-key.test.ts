import { day, describe, expect, minute, ok, test } from "../../testkit/index.js";
import { tracesOf } from "../traces.js";
import { invalidKeys, mistypedKeys } from "./invalid-keys.js";
import { promisesOfKeyChange, promisesOfTheLiving, readKey } from "./key-changes.js";

const change = { mutation: "updateKey", permission: "keys:update", input: async () => ({ name: "New" }) } as const;
promisesOfKeyChange(change);
promisesOfTheLiving(change);

describe("updateKey", () => {
  const changes = [
    { name: "Ünïcødé 🔑" },
    { scopes: ["orders:write", "a"] },
    { scopes: [] },
    { metadata: { plan: "free", list: [1, null] } },
    { metadata: {} },
    { allowedIps: ["203.0.113.0/24"] },
    { allowedIps: [] },
    { deniedIps: ["2001:db8::/32"] },
    { expiresAt: "2999-01-01T00:00:00.000Z" },
    { expiresAt: null },
  ];

  test.for(changes)("%j changes nothing else", async (input, { world }) => {
    const key = {
      name: "Old",
      scopes: ["orders:read"],
      metadata: { plan: "pro" },
      allowedIps: ["10.0.0.0/8"],
      deniedIps: ["10.0.0.1"],
      expiresAt: world.clock.in(day),
    };
    const { admin, key: created } = await world.tenantWithKey({ key });
    const before = await readKey(admin, created.id);
    world.clock.advance(1_000);
    const now = new Date(world.clock.now()).toISOString();
    ok(await admin.key("updateKey", { id: created.id, ...input }));
    expect(await readKey(admin, created.id)).toEqual({ ...before, ...input, updatedAt: now });
  });

  test("what is left out or null stays; only of the expiry, null says something", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey({ key: { scopes: ["a"], metadata: { a: 1 } } });
    const nulls = { name: null, scopes: null, metadata: null, allowedIps: null, deniedIps: null };
    for (const input of [{}, nulls]) {
      expect(ok(await admin.key("updateKey", { id: key.id, ...input })).key).toEqual(key);
    }
  });

  test("to what the key is already is no change: nothing is kept of it", async ({ world }) => {
    const key = {
      name: "Old",
      scopes: ["orders:read", "a"],
      metadata: { plan: "pro", limits: { day: 1, list: [1, null, "x"] } },
      allowedIps: ["10.0.0.0/8"],
      deniedIps: ["10.0.0.1"],
      expiresAt: world.clock.in(day),
    };
    const { admin, key: created } = await world.tenantWithKey({ key });
    const [before, traces] = [await readKey(admin, created.id), await tracesOf(world, created.id)];
    world.clock.advance(1_000);
    const otherOrder = { metadata: { limits: { list: [1, null, "x"], day: 1 }, plan: "pro" } };
    for (const input of [{}, { name: " Old " }, otherOrder, key]) {
      expect(ok(await admin.key("updateKey", { id: created.id, ...input })).key).toEqual(created);
    }
    const literal = `{ id: "${created.id}", metadata: { plan: "pro", limits: { day: 1, list: [1, null, "x"] } } }`;
    await admin.query(`mutation { updateKey(input: ${literal}) { ... on UpdateKeyPayload { key { id } } } }`);
    expect(await readKey(admin, created.id)).toEqual(before);
    expect(await tracesOf(world, created.id)).toEqual(traces);
  });

  test("takes effect before it answers, however warm the verification is", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey({ key: { scopes: ["a"] } });
    const verify = () => admin.verify(secret, { scopes: ["a"], ip: "203.0.113.7" });
    const update = async (input: object) => ok(await admin.key("updateKey", { id: key.id, ...input }));
    expect(await verify()).toMatchObject({ valid: true });
    await update({ name: "New", metadata: { plan: "free" } });
    expect(await verify()).toMatchObject({ valid: true, key: { name: "New", metadata: { plan: "free" } } });
    await update({ deniedIps: ["203.0.113.7"] });
    expect(await verify()).toMatchObject({ code: "IP_NOT_ALLOWED" });
    await update({ scopes: ["b"] });
    expect(await verify()).toMatchObject({ code: "INSUFFICIENT_SCOPE", missingScopes: ["a"], scopes: ["b"] });
    await update({ expiresAt: world.clock.in(1) });
    expect(await verify()).toMatchObject({ code: "INSUFFICIENT_SCOPE" });
    world.clock.advance(1);
    expect(await verify()).toMatchObject({ code: "EXPIRED" });
    await update({ expiresAt: null, scopes: ["a"], deniedIps: [] });
    expect(await verify()).toMatchObject({ valid: true });
  });

  test("of several at once none is lost", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const inputs = [{ name: "New" }, { scopes: ["a"] }, { metadata: { a: 1 } }, { allowedIps: ["10.0.0.0/8"] }];
    await Promise.all(inputs.map(async (input) => ok(await admin.key("updateKey", { id: key.id, ...input }))));
    expect(await readKey(admin, key.id)).toMatchObject(Object.assign({}, ...inputs));
  });

  test("a disabled key may be updated and stays disabled", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    ok(await admin.key("disableKey", { id: key.id, reason: "incident" }));
    expect(ok(await admin.key("updateKey", { id: key.id, name: "New" })).key).toMatchObject({
      name: "New",
      status: "DISABLED",
      disabledReason: "incident",
    });
  });
});

describe("updateKey: what is invalid", () => {
  test.for(invalidKeys)("$what is refused with its place", async ({ input, path }, { world }) => {
    const refused = await world.root.key("updateKey", { id: world.missingId("Key"), ...input });
    expect(refused).toMatchObject({ __typename: "InvalidInputError", code: "INVALID_INPUT" });
    expect(refused.issues.map((issue: { path: string[] }) => issue.path)).toEqual([path]);
  });

  test("values of the wrong type are refused as the caller's mistake", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    // What was final at the creation, too.
    const final = [{ environment: "TEST" }, { ownerId: world.missingId("User") }, { tenantId: "x" }];
    for (const wrong of [...mistypedKeys, ...final]) {
      const refused = admin.key("updateKey", { id: key.id, ...wrong });
      await expect(refused, JSON.stringify(wrong)).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    }
    const { updatedAt: _, ...read } = await readKey(admin, key.id);
    expect(key).toMatchObject(read);
  });

  test.for([0, -1])("an expiry %d ms from now is refused", async (ms, { world }) => {
    const { admin, key } = await world.tenantWithKey();
    const expiresAt = new Date(world.clock.now() + ms).toISOString();
    expect(await admin.key("updateKey", { id: key.id, expiresAt })).toMatchObject({
      issues: [{ path: ["expiresAt"], message: expect.stringContaining("Give a time in the future") }],
    });
  });
});

describe("updateKey: the policy", () => {
  test("bounds a new expiry from now on, to the millisecond", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey({ policy: { maxLifetimeMs: day } });
    world.clock.advance(minute);
    const expiresAt = world.clock.in(day);
    expect(ok(await admin.key("updateKey", { id: key.id, expiresAt })).key.expiresAt).toBe(expiresAt);
    for (const beyond of [world.clock.in(day + 1), null]) {
      expect(await admin.key("updateKey", { id: key.id, expiresAt: beyond })).toMatchObject({
        code: "INVALID_INPUT",
        issues: [{ path: ["expiresAt"], message: `The tenant's policy allows a lifetime until ${expiresAt} at most.` }],
      });
    }
  });

  test("bounds new scopes", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey({ policy: { allowedScopes: ["a"] }, key: { scopes: ["a"] } });
    expect(await admin.key("updateKey", { id: key.id, scopes: ["a", "b"] })).toMatchObject({
      code: "INVALID_INPUT",
      issues: [{ path: ["scopes"], message: "The tenant's policy does not allow b. It allows: a." }],
    });
    ok(await admin.key("updateKey", { id: key.id, scopes: [] }));
  });

  test("that came later leaves what the update does not name", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey({ key: { scopes: ["old"] } });
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { allowedScopes: ["a"], maxLifetimeMs: day } }));
    const updated = ok(await admin.key("updateKey", { id: key.id, name: "New" })).key;
    expect(updated).toMatchObject({ name: "New", scopes: ["old"], expiresAt: null });
  });

  test("nobody gives a scope that its own token may not give", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey({ key: { scopes: ["a", "b"] } });
    const caller = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: ["a"] });
    for (const scopes of [["a", "c"], ["b"]]) {
      expect(await caller.key("updateKey", { id: key.id, scopes })).toMatchObject({
        __typename: "ForbiddenError",
        message: expect.stringContaining(`may not give the scopes ${scopes.at(-1)}. It may give: a.`),
      });
    }
    const { updatedAt: _, ...read } = await readKey(admin, key.id);
    expect(key).toMatchObject(read);
    ok(await caller.key("updateKey", { id: key.id, scopes: ["a"] }));
  });

  test("counts an expired key that is brought back: it may be one too many", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey({ policy: { maxKeysPerUser: 2 } });
    const { key } = await world.key(tenant.id, owner.id, { expiresAt: world.clock.in(1_000) });
    world.clock.advance(1_000);
    const { key: successor } = await world.key(tenant.id, owner.id);
    const extend = { id: key.id, expiresAt: world.clock.in(day) };
    for (const input of [extend, { id: key.id, expiresAt: null }]) {
      expect(await admin.key("updateKey", input)).toMatchObject({
        __typename: "LimitReachedError",
        code: "LIMIT_REACHED",
        message: expect.stringContaining("This user has 2 keys, and the tenant's policy allows 2."),
      });
    }
    ok(await admin.key("updateKey", { id: key.id, name: "still expired" }));
    // Those that count already may be extended.
    ok(await admin.key("updateKey", { id: successor.id, expiresAt: world.clock.in(day) }));
    ok(await admin.key("revokeKey", { id: successor.id, reason: "x" }));
    ok(await admin.key("updateKey", extend));
  });

  test("lets no two expired keys of a user back into the last place", async ({ world }) => {
    const { tenant, admin } = await world.tenant({ maxKeysPerUser: 1 });
    const owner = await world.user(tenant.id);
    const ids: string[] = [];
    for (let count = 0; count < 4; count++) {
      ids.push((await world.key(tenant.id, owner.id, { expiresAt: world.clock.in(1_000) })).key.id);
      world.clock.advance(1_000);
    }
    const answers = await Promise.all(ids.map((id) => admin.key("updateKey", { id, expiresAt: null })));
    const kinds = answers.map(({ __typename }) => __typename).sort();
    expect(kinds).toEqual([...Array(3).fill("LimitReachedError"), "UpdateKeyPayload"]);
  });
});
