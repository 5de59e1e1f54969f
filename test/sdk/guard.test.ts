import { Keyplane } from "@keyplane/sdk";
import { createGuard, type Guard, type GuardOptions, type GuardVerdict, type Revocation } from "@keyplane/sdk/guard";
import { openTestDatabase } from "../testkit/database.js";
import { test as base, describe, expect, ok, second, startServer, TestClock, World } from "../testkit/index.js";

type Make = (options?: Partial<GuardOptions>) => Promise<Guard>;

/** Guards of the whole installation, ready to verify; closed at the end. */
const test = base.extend<{ guardOf: Make }>({
  guardOf: async ({ world }, use) => {
    const guards: Guard[] = [];
    await use(async (options) => {
      const guard = guardFor(world, options);
      guards.push(guard);
      await guard.ready();
      return guard;
    });
    await Promise.all(guards.map((guard) => guard.close()));
  },
});

/** @param options.usage none unless it is what the test is about: calls are dated by this machine's clock, not by the test's. */
function guardFor(world: World, options: Partial<GuardOptions> = {}): Guard {
  return createGuard({ url: world.url, token: world.server.rootToken, usage: false, ...options });
}

function nextRevocation(guard: Guard): Promise<Revocation> {
  return new Promise((resolve) => {
    const stop = guard.on("revoked", (revocation) => {
      stop();
      resolve(revocation);
    });
  });
}

/** Resolves when the guard has come to a state. */
function reached(guard: Guard, state: string): Promise<void> {
  return new Promise((resolve) => {
    if (guard.status().state === state) return resolve();
    const stop = guard.on("state", (status) => {
      if (status.state !== state) return;
      stop();
      resolve();
    });
  });
}

const ways = [
  { mode: "lazy", events: "stream" },
  { mode: "lazy", events: "polling" },
  { mode: "full", events: "stream" },
  { mode: "full", events: "polling" },
] as const;

describe.each(ways)("a guard in the mode $mode, by $events", (way) => {
  test("refuses a key as soon as it hears that it was revoked, without asking", async ({ world, guardOf }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey({ key: { scopes: ["orders:read"] } });
    const guard = await guardOf({ ...way, tenantId: tenant.id });
    expect(guard.status()).toMatchObject({ state: "current", connected: way.events, complete: way.mode === "full" });
    expect(await guard.verify(secret, { scopes: ["orders:read"] })).toMatchObject({
      code: "VALID",
      key: { id: key.id },
    });
    expect(await guard.verify(secret)).toMatchObject({ source: "local" });
    const revoked = nextRevocation(guard);
    ok(await admin.key("revokeKey", { id: key.id, reason: "leaked" }));
    expect(await revoked).toMatchObject({ type: "REVOKED", keyId: key.id, reason: "leaked" });
    expect(await guard.verify(secret)).toMatchObject({ code: "REVOKED", source: "local" });
  });
});

type Story = Awaited<ReturnType<World["tenantWithKey"]>>;

/** What happened to a key, and what is then asked of it. */
interface Situation {
  readonly code: string;
  readonly key?: Record<string, unknown>;
  readonly happens?: (story: Story, world: World) => Promise<unknown>;
  readonly asked?: { scopes?: string[]; environment?: "LIVE" | "TEST"; ip?: string };
  /** What is presented, where it is not the key's first secret. */
  readonly present?: (story: Story, outcome: never, world: World) => string;
}

const key =
  (name: string, more: Record<string, unknown> = {}) =>
  (story: Story) =>
    story.admin.key(name, { id: story.key.id, ...more });
const secretOf =
  (name: string, more: Record<string, unknown> = {}) =>
  (story: Story) =>
    story.admin.keySecret(name, { id: story.key.id, ...more });
const owner =
  (name: string, more: Record<string, unknown> = {}) =>
  (story: Story) =>
    story.admin.user(name, { id: story.owner.id, ...more });
const tenant =
  (name: string, more: Record<string, unknown> = {}) =>
  (story: Story, world: World) =>
    world.root.tenant(name, { id: story.tenant.id, ...more });
const after =
  (...steps: ((story: Story, world: World) => Promise<unknown>)[]) =>
  async (story: Story, world: World) => {
    let last: unknown;
    for (const step of steps) last = ok((await step(story, world)) as { __typename: string });
    return last;
  };
const newSecret = (_: Story, { secret }: { secret: string }) => secret;

const situations: Record<string, Situation> = {
  "a valid key": { code: "VALID" },
  "a valid key of the other environment": { code: "VALID", key: { environment: "TEST" } },
  "a valid key with everything": {
    code: "VALID",
    key: { name: "Ünïcode ☃", scopes: ["a", "b:*"], metadata: { plan: "pro", nested: { deep: [1, null, "x"] } } },
    asked: { scopes: ["a"], environment: "LIVE", ip: "203.0.113.9" },
  },
  "a scope that only looks like a wildcard": {
    code: "INSUFFICIENT_SCOPE",
    key: { scopes: ["b:*"] },
    asked: { scopes: ["b:read"] },
  },
  "scopes that are missing": { code: "INSUFFICIENT_SCOPE", key: { scopes: ["a"] }, asked: { scopes: ["a", "x", "y"] } },
  "a key without scopes": { code: "INSUFFICIENT_SCOPE", asked: { scopes: ["x"] } },
  "scopes that the owner's role does not allow": {
    code: "INSUFFICIENT_SCOPE",
    key: { scopes: ["a", "b"] },
    happens: async (story, world) => {
      const role = await world.role(story.tenant.id, { keyScopes: ["a"] });
      return story.admin.user("updateUser", { id: story.owner.id, customRoleId: role.id });
    },
    asked: { scopes: ["a", "b"] },
  },
  "scopes that the team does not allow any more": {
    code: "INSUFFICIENT_SCOPE",
    key: { scopes: ["a", "b"] },
    happens: async (story, world) => {
      const team = await world.team(story.tenant.id, [story.owner.id]);
      ok(await story.admin.key("updateKey", { id: story.key.id, teamId: team.id }));
      return story.admin.team("updateTeam", { id: team.id, keyScopes: [] });
    },
    asked: { scopes: ["a"] },
  },
  "scopes that role and team allow": {
    code: "VALID",
    key: { scopes: ["a", "b"] },
    happens: async (story, world) => {
      const team = await world.team(story.tenant.id, [story.owner.id], { keyScopes: ["a", "c"] });
      return story.admin.key("updateKey", { id: story.key.id, teamId: team.id });
    },
    asked: { scopes: ["a"] },
  },
  "the wrong environment": { code: "WRONG_ENVIRONMENT", asked: { environment: "TEST" } },
  "an address that is allowed": {
    code: "VALID",
    key: { allowedIps: ["203.0.113.0/24"] },
    asked: { ip: "203.0.113.9" },
  },
  "an address that is not": {
    code: "IP_NOT_ALLOWED",
    key: { allowedIps: ["203.0.113.0/24"] },
    asked: { ip: "198.51.100.1" },
  },
  "no address, where one is needed": { code: "IP_NOT_ALLOWED", key: { allowedIps: ["203.0.113.0/24"] } },
  "an address that is none": { code: "IP_NOT_ALLOWED", key: { allowedIps: ["203.0.113.0/24"] }, asked: { ip: "here" } },
  "an address that is denied": {
    code: "IP_NOT_ALLOWED",
    key: { allowedIps: ["2001:db8::/32"], deniedIps: ["2001:db8:1::/48"] },
    asked: { ip: "2001:db8:1::7" },
  },
  "a mapped address": { code: "VALID", key: { allowedIps: ["203.0.113.0/24"] }, asked: { ip: "::ffff:203.0.113.9" } },
  "a text that is no key": { code: "MALFORMED", present: () => "Bearer x" },
  "an empty text": { code: "MALFORMED", present: () => "" },
  "a key with a space": { code: "MALFORMED", present: ({ secret }) => `${secret} ` },
  "a key of somebody else's product": { code: "MALFORMED", present: () => `ghp_${"a".repeat(36)}` },
  "a mistyped key": {
    code: "CHECKSUM_MISMATCH",
    present: ({ secret }) => secret.slice(0, -1) + (secret.endsWith("A") ? "B" : "A"),
  },
  "a revoked key": { code: "REVOKED", happens: after(key("revokeKey", { reason: "leaked" })) },
  "a revoked key that is asked for too much": {
    code: "REVOKED",
    happens: after(key("revokeKey", { reason: "x" })),
    asked: { scopes: ["x"] },
  },
  "a disabled key": { code: "DISABLED", happens: after(key("disableKey", { reason: "late" })) },
  "a key that is enabled again": { code: "VALID", happens: after(key("disableKey"), key("enableKey")) },
  "a deleted key": { code: "NOT_FOUND", happens: after(key("deleteKey")) },
  "a restored key": { code: "VALID", happens: after(key("deleteKey"), key("restoreKey")) },
  "an updated key": {
    code: "VALID",
    happens: after(key("updateKey", { name: "New", metadata: { n: 1 }, scopes: ["z"] })),
    asked: { scopes: ["z"] },
  },
  "a key with an end": {
    code: "VALID",
    happens: after((story, world) =>
      story.admin.key("updateKey", { id: story.key.id, expiresAt: world.clock.in(3_600_000) }),
    ),
  },
  "the old secret of a rotated key": { code: "SUPERSEDED", happens: after(secretOf("rotateKey", { overlapMs: 0 })) },
  "the new secret of a rotated key": {
    code: "VALID",
    happens: after(secretOf("rotateKey", { overlapMs: 0 })),
    present: newSecret,
  },
  "the old secret during the overlap": {
    code: "VALID",
    happens: after(secretOf("rotateKey", { overlapMs: 3_600_000 })),
  },
  "the old secret of a reissued key": {
    code: "SUPERSEDED",
    happens: after(async (story, world) =>
      secretOf("reissueKey", { ownerId: (await world.user(story.tenant.id)).id })(story),
    ),
  },
  "the new secret of a reissued key": {
    code: "VALID",
    happens: after(async (story, world) =>
      secretOf("reissueKey", { ownerId: (await world.user(story.tenant.id)).id })(story),
    ),
    present: newSecret,
  },
  "an owner with another name": {
    code: "VALID",
    happens: after(owner("updateUser", { name: "Ada", externalId: "ext-1" })),
  },
  "a disabled owner": { code: "OWNER_DISABLED", happens: after(owner("disableUser", { reason: "left" })) },
  "an owner who is enabled again": { code: "VALID", happens: after(owner("disableUser"), owner("enableUser")) },
  "a deleted owner": { code: "OWNER_NOT_FOUND", happens: after(owner("deleteUser")) },
  "a suspended tenant": { code: "TENANT_SUSPENDED", happens: after(tenant("suspendTenant", { reason: "unpaid" })) },
  "a tenant that is resumed": { code: "VALID", happens: after(tenant("suspendTenant"), tenant("resumeTenant")) },
};

/** What may differ between the guard's verdict and the server's. */
function comparable({ source: _source, ageMs: _ageMs, requestId: _requestId, ...verdict }: Partial<GuardVerdict>) {
  return verdict;
}

describe("the guard's verdict is the server's", () => {
  test("in every situation, whether the key was known before or not, lazily and in full", async ({
    world,
    guardOf,
  }) => {
    const guards = { lazy: await guardOf(), full: await guardOf({ mode: "full" }) };
    const keyplane = new Keyplane({ url: world.url, token: world.server.rootToken });
    for (const [name, { code, key: input, happens, asked, present }] of Object.entries(situations)) {
      const story = await world.tenantWithKey(input ? { key: input } : {});
      const guard = { ...guards, late: await guardOf({ tenantId: story.tenant.id }) };
      await guards.lazy.verify(story.secret, asked);
      const outcome = await happens?.(story, world);
      const presented = present ? present(story, outcome as never, world) : story.secret;
      const truth = { ...(await keyplane.keys.verify({ key: presented, ...asked })) };
      expect(`${name}: ${truth.code}`).toBe(`${name}: ${code}`);
      for (const [who, each] of Object.entries(guard)) {
        // Those that follow have heard of it within moments.
        await expect
          .poll(async () => ({ name, who, ...comparable(await each.verify(presented, asked)) }), {
            interval: 10,
          })
          .toEqual({ name, who, ...comparable(truth) });
      }
      await guard.late.close();
    }
  });

  test("when a key expires by the server's clock, far from this machine's", async () => {
    const server = await startServer();
    try {
      const world = new World(server);
      const { secret } = await world.tenantWithKey({ key: { expiresAt: server.clock.in(60 * second) } });
      server.clock.advance(59 * second);
      const guard = guardFor(world);
      await guard.ready();
      expect(await guard.verify(secret)).toMatchObject({ code: "VALID" });
      const expired = nextRevocation(guard);
      server.clock.advance(second);
      expect(await expired).toMatchObject({ type: "EXPIRED" });
      expect(await guard.verify(secret)).toMatchObject({ code: "EXPIRED", source: "local" });
      await guard.close();
    } finally {
      await server.stop();
    }
  });
});

describe("the token of a guard", () => {
  test("needs keys:read, and the error says so", async ({ world }) => {
    const { tenant } = await world.tenantWithKey();
    const weak = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["KEYS_VERIFY", "USAGE_RECORD"] });
    const guard = guardFor(world, { token: weak.token ?? "" });
    await expect(guard.ready()).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("keys:read"),
    });
    expect(guard.status()).toMatchObject({ state: "failed", lastError: { code: "FORBIDDEN" } });
    await guard.close();
  });

  test("of a tenant makes other tenants' keys unknown, and so does the option tenantId", async ({ world, guardOf }) => {
    const { tenant, admin } = await world.tenantWithKey();
    const other = await world.tenantWithKey();
    for (const mode of ["lazy", "full"] as const) {
      for (const guard of [
        await guardOf({ mode, token: admin.token ?? "" }),
        await guardOf({ mode, tenantId: tenant.id }),
      ])
        expect(await guard.verify(other.secret)).toMatchObject({ code: "NOT_FOUND", key: null, tenantId: null });
    }
  });

  test("of the role DEVELOPER is enough, usage included", async ({ world }) => {
    const { tenant, key, secret } = await world.tenantWithKey();
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    const guard = guardFor(world, { token: developer.token ?? "", usage: {} });
    await guard.ready();
    expect(await guard.verify(secret)).toMatchObject({ code: "VALID", key: { id: key.id } });
    await guard.close();
    expect(guard.status()).toMatchObject({ dropped: 0, lastError: null });
  });

  test("whose tenant is suspended and resumed follows again, and knows what happened meanwhile", async ({ world }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    const guards = (["stream", "polling"] as const).map((events) =>
      guardFor(world, { token: developer.token ?? "", events, maxStalenessMs: 6_000 }),
    );
    try {
      const closed: Promise<unknown>[] = [];
      for (const guard of guards) {
        await guard.ready();
        expect(await guard.verify(secret)).toMatchObject({ code: "VALID" });
        closed.push(new Promise((resolve) => guard.bind(key.id, ({ code }: GuardVerdict) => resolve(code))));
      }
      ok(await world.root.tenant("suspendTenant", { id: tenant.id, reason: "unpaid" }));
      for (const guard of guards) {
        await reached(guard, "failed");
        await expect
          .poll(() => guard.status().lastError)
          .toMatchObject({ code: "UNAUTHENTICATED", message: expect.stringContaining("is suspended") });
        await expect.poll(() => guard.verify(secret)).not.toMatchObject({ valid: true });
      }
      ok(await world.root.tenant("resumeTenant", { id: tenant.id }));
      for (const guard of guards) {
        await reached(guard, "current");
        await expect.poll(() => guard.verify(secret)).toMatchObject({ code: "VALID" });
        expect(guard.status()).toMatchObject({ lastError: null });
      }
      ok(await admin.key("revokeKey", { id: key.id, reason: "leaked" }));
      for (const guard of guards) await expect.poll(() => guard.verify(secret)).toMatchObject({ code: "REVOKED" });
      expect(await Promise.all(closed)).toEqual([expect.any(String), expect.any(String)]);
    } finally {
      await Promise.all(guards.map((guard) => guard.close()));
    }
  });

  test("that is revoked lets the guard fail, and verdicts follow onUnavailable", async ({ world }) => {
    const { tenant, secret } = await world.tenantWithKey();
    const input = { name: "guard", role: "DEVELOPER", tenantId: tenant.id };
    const { managementToken, secret: token } = ok(await world.root.createToken(input));
    const strict = guardFor(world, { token, maxStalenessMs: 100 });
    const lenient = guardFor(world, { token, maxStalenessMs: 100, onUnavailable: "allow-known" });
    for (const guard of [strict, lenient]) {
      await guard.ready();
      expect(await guard.verify(secret)).toMatchObject({ code: "VALID" });
    }
    const failed = Promise.all([reached(strict, "failed"), reached(lenient, "failed")]);
    ok(await world.root.revokeToken({ id: managementToken.id }));
    await failed;
    expect(strict.status()).toMatchObject({ connected: null, lastError: { code: "UNAUTHENTICATED" } });
    await expect.poll(() => strict.verify(secret)).toMatchObject({ code: "UNAVAILABLE", source: "stale" });
    await expect.poll(() => lenient.verify(secret)).toMatchObject({ code: "VALID", source: "stale" });
    await Promise.all([strict.close(), lenient.close()]);
  });
});

describe("usage of a guard", () => {
  test("is counted once, as reported by the SDK, with what the call said of itself", async () => {
    // Calls are dated by this machine's clock, which must be the server's.
    const server = await startServer();
    try {
      const world = new World(server);
      const { tenant, key, secret } = await world.tenantWithKey({ key: { scopes: ["a"] } });
      const guard = guardFor(world, { tenantId: tenant.id, usage: {} });
      await guard.ready();
      for (let call = 0; call < 5; call++) await guard.verify(secret, { usage: { api: "orders", cost: 2 } });
      await guard.verify(secret, { scopes: ["b"], ip: "203.0.113.9" });
      await guard.verify("no key");
      await guard.close();
      const { usage } = new Keyplane({ url: world.url, token: server.rootToken });
      await world.root.usage(world.around(tenant.id));
      const { totals } = await usage.query(world.around(tenant.id));
      expect(totals).toMatchObject({ count: 7, valid: 5, cost: 10 });
      const { nodes } = await usage.events({ tenantId: tenant.id }).page();
      expect(new Set(nodes.map(({ source }) => source))).toEqual(new Set(["SDK"]));
      expect(nodes.filter(({ keyId }) => keyId === key.id)).toHaveLength(6);
      expect(nodes.find(({ code }) => code === "INSUFFICIENT_SCOPE")).toMatchObject({ ip: "203.0.113.9", cost: 0 });
    } finally {
      await server.stop();
    }
  });
});

describe("usage of a version of an API", () => {
  test("is counted as verifyKey counts it, by slug@version, and the key was used", async () => {
    const server = await startServer();
    try {
      const world = new World(server);
      const { tenant, owner, admin, key, secret } = await world.tenantWithKey();
      const other = await world.key(tenant.id, owner.id);
      const input = { slug: "orders", name: "Orders", access: "OPEN", versions: [{ name: "v1" }] };
      const { id } = await world.api(tenant.id, input);
      const guard = guardFor(world, { token: admin.token ?? "", usage: {} });
      await guard.ready();
      for (const api of ["orders@v1", `${id}@v1`, "orders"]) {
        expect(await guard.verify(secret, { api })).toMatchObject({ code: "VALID" });
      }
      expect(await admin.verify(other.secret, { api: "orders@v1" })).toMatchObject({ code: "VALID" });
      await guard.close();
      expect(guard.status()).toMatchObject({ dropped: 0, lastError: null });
      const { usage, keys } = new Keyplane({ url: world.url, token: server.rootToken });
      const { series } = await usage.query({ ...world.around(tenant.id), groupBy: ["API"] });
      expect(Object.fromEntries(series.map(({ group, totals }) => [group.api, totals.valid]))).toEqual({
        "orders@v1": 3,
        orders: 1,
      });
      await expect.poll(async () => (await keys.get(key.id))?.lastUsedAt).toEqual(expect.any(String));
    } finally {
      await server.stop();
    }
  });
});

describe("guards of a server with a public address, which they reach by another", () => {
  test("lead to its pages by that address, in each mode and way", async () => {
    const server = await startServer({ KEYPLANE_PUBLIC_URL: "https://keyplane.acme.example" });
    const world = new World(server);
    const guards = ways.map((way) => guardFor(world, way));
    try {
      const { secret } = await world.tenantWithKey();
      const { docsUrl } = await world.verify(secret);
      for (const guard of guards) {
        await guard.ready();
        expect(guard.docsUrl).toBe("https://keyplane.acme.example/docs");
        await expect.poll(() => guard.verify(secret)).toMatchObject({ code: "VALID", docsUrl });
      }
    } finally {
      await Promise.all(guards.map((guard) => guard.close()));
      await server.stop();
    }
  });
});

describe("guards of a server that is restarted", () => {
  test("go on from where they were, and know at once what happened meanwhile", async () => {
    const database = await openTestDatabase();
    const environment = { KEYPLANE_ROOT_TOKEN: "root-token-of-a-server-that-is-restarted" };
    const given = { database, clock: new TestClock() };
    let server = await startServer(environment, given);
    const { port } = new URL(server.url);
    const world = new World(server);
    const { key, secret } = await world.tenantWithKey();
    // The address stays, whatever port the next server gets.
    const fetch: NonNullable<GuardOptions["fetch"]> = (url, init) =>
      globalThis.fetch(url.replace(`:${port}`, `:${new URL(server.url).port}`), init);
    const guards = [guardFor(world, { fetch }), guardFor(world, { fetch, mode: "full" })];
    try {
      for (const guard of guards) {
        await guard.ready();
        expect(await guard.verify(secret)).toMatchObject({ code: "VALID" });
      }
      const lost = Promise.all(guards.map((guard) => reached(guard, "reconnecting")));
      await server.stop();
      await lost;
      for (const guard of guards) expect(await guard.verify(secret)).toMatchObject({ code: "VALID", source: "local" });
      server = await startServer(environment, given);
      const revoked = Promise.all(guards.map(nextRevocation));
      ok(await new World(server).root.key("revokeKey", { id: key.id, reason: "leaked" }));
      expect(await revoked).toMatchObject([{ type: "REVOKED", keyId: key.id }, { keyId: key.id }]);
      for (const guard of guards) {
        await reached(guard, "current");
        expect(await guard.verify(secret)).toMatchObject({ code: "REVOKED", source: "local" });
      }
    } finally {
      await Promise.all(guards.map((guard) => guard.close()));
      await server.stop();
      await database.close();
    }
  });
});
