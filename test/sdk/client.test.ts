import { docsUrlForError } from "@keyplane/schema";
import {
  AuthenticationError,
  Keyplane,
  KeyplaneRefusedError,
  type ManagementToken,
  PermissionError,
  RequestError,
  unwrap,
} from "@keyplane/sdk";
import { parse } from "graphql";
import { test as base, describe, expect, type World } from "../testkit/index.js";
import { type LossyProxy, startLossyProxy } from "./lossy-proxy.js";

/** A client with the rights of the whole installation, and a proxy that loses answers on the way to the same server. */
const test = base.extend<{ keyplane: Keyplane; proxy: LossyProxy }>({
  keyplane: async ({ world }, use) => use(clientOf(world)),
  proxy: async ({ world }, use) => {
    const proxy = await startLossyProxy(world.url);
    await use(proxy);
    await proxy.close();
  },
});

function clientOf(world: World, token = world.server.rootToken, url = world.url): Keyplane {
  return new Keyplane({ url, token });
}

async function tenantAndUser(keyplane: Keyplane, world: World) {
  const { tenant } = unwrap(await keyplane.tenants.create({ slug: world.unique(), name: "Acme" }));
  const email = `${world.unique()}@example.com`;
  const { user } = unwrap(await keyplane.users.create({ tenantId: tenant.id, email, name: "Ada" }));
  return { tenant, user };
}

async function collect<Entry>(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const all: Entry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

describe("the SDK", () => {
  test("leads a key through its whole life", async ({ world, keyplane }) => {
    const { tenant, user } = await tenantAndUser(keyplane, world);
    const { keys } = keyplane;
    const input = {
      tenantId: tenant.id,
      ownerId: user.id,
      name: "Orders",
      scopes: ["orders:read"],
      metadata: { plan: "pro" },
    };
    const { key, secret } = unwrap(await keys.create(input));
    const codeOf = async (presented = secret) => (await keys.verify({ key: presented })).code;

    expect(await keys.get(key.id)).toEqual({ ...key, pendingSecret: null });
    expect(await keys.verify({ key: secret, scopes: ["orders:read"], ip: "203.0.113.9" })).toMatchObject({
      valid: true,
      code: "VALID",
      key: { id: key.id, metadata: { plan: "pro" } },
      owner: { id: user.id, email: user.email },
      tenantId: tenant.id,
    });

    expect(unwrap(await keys.update({ id: key.id, name: "Orders 2" })).key.name).toBe("Orders 2");
    unwrap(await keys.disable({ id: key.id, reason: "holiday" }));
    expect(await codeOf()).toBe("DISABLED");
    unwrap(await keys.enable({ id: key.id }));
    unwrap(await keyplane.users.disable({ id: user.id }));
    expect(await codeOf()).toBe("OWNER_DISABLED");
    unwrap(await keyplane.users.enable({ id: user.id }));
    unwrap(await keyplane.tenants.suspend({ id: tenant.id }));
    expect(await codeOf()).toBe("TENANT_SUSPENDED");
    unwrap(await keyplane.tenants.resume({ id: tenant.id }));
    expect(await codeOf()).toBe("VALID");

    const rotated = unwrap(await keys.rotate({ id: key.id, overlapMs: 60_000 }));
    expect([await codeOf(), await codeOf(rotated.secret)]).toEqual(["VALID", "VALID"]);
    const email = `${world.unique()}@example.com`;
    const { user: heir } = unwrap(await keyplane.users.create({ tenantId: tenant.id, email, name: "Bob" }));
    const reissued = unwrap(await keys.reissue({ id: key.id, ownerId: heir.id }));
    expect([await codeOf(rotated.secret), await codeOf(reissued.secret)]).toEqual(["SUPERSEDED", "VALID"]);

    unwrap(await keys.delete({ id: key.id }));
    expect(await codeOf(reissued.secret)).toBe("NOT_FOUND");
    unwrap(await keys.restore({ id: key.id }));
    unwrap(await keys.revoke({ id: key.id, reason: "left the company" }));
    expect(await keys.verify({ key: reissued.secret })).toMatchObject({ valid: false, code: "REVOKED" });
    unwrap(await keyplane.users.delete({ id: heir.id }));
    expect(await keyplane.users.get(heir.id)).toMatchObject({ status: "DELETED" });

    const actions = (await collect(keyplane.audit.list({ filter: { targetId: key.id } }))).map(({ action }) => action);
    const done = ["created", "deleted", "disabled", "enabled", "reissued", "restored", "revoked", "rotated", "updated"];
    expect(actions.sort()).toEqual(done.map((change) => `key.${change}`));

    const events = await collect(
      keyplane.keyEvents.list({ keyIds: [key.id], types: ["REVOKED", "ROTATED"], pageSize: 1 }),
    );
    expect(events.map(({ type, userId }) => [type, userId])).toEqual([
      ["ROTATED", user.id],
      ["ROTATED", heir.id],
      ["REVOKED", heir.id],
    ]);
  });

  test("answers refusals as data, with what is wrong and where", async ({ world, keyplane }) => {
    const { tenant, user } = await tenantAndUser(keyplane, world);
    const taken = await keyplane.users.create({ tenantId: tenant.id, email: user.email, name: "Ada" });
    expect(taken).toMatchObject({
      __typename: "ConflictError",
      code: "CONFLICT",
      docsUrl: docsUrlForError("CONFLICT"),
    });
    const invalid = await keyplane.tenants.create({ slug: "Not A Slug", name: "" });
    expect(invalid).toMatchObject({
      __typename: "InvalidInputError",
      issues: [{ path: ["slug"] }, { path: ["name"] }],
    });
    const missing = await keyplane.keys.revoke({ id: world.missingId("Key"), reason: "x" });
    expect(missing).toMatchObject({ code: "NOT_FOUND" });
    expect(() => unwrap(missing)).toThrow(KeyplaneRefusedError);
    expect(await keyplane.keys.get(world.missingId("Key"))).toBeNull();
  });

  test("reads lists of any length, filtered and ordered, page by page", async ({ world, keyplane }) => {
    const { tenant, user } = await tenantAndUser(keyplane, world);
    const names = ["key-a", "key-b", "key-c", "key-d", "key-e"];
    for (const name of names) unwrap(await keyplane.keys.create({ tenantId: tenant.id, ownerId: user.id, name }));
    const list = keyplane.keys.list({ tenantId: tenant.id, orderBy: "NAME_ASC", pageSize: 2 });
    expect((await collect(list)).map(({ name }) => name)).toEqual(names);
    expect((await collect(list.byPage())).map(({ nodes }) => nodes.length)).toEqual([2, 2, 1]);
    expect(await list.page({ first: 3 })).toMatchObject({ totalCount: 5, pageInfo: { hasNextPage: true } });
    const found = keyplane.keys.list({ tenantId: tenant.id, filter: { search: "key-c" } });
    expect((await found.page()).totalCount).toBe(1);
    expect((await collect(keyplane.tenants.list({ filter: { search: tenant.slug } }))).map(({ id }) => id)).toEqual([
      tenant.id,
    ]);
    expect(await collect(keyplane.users.list({ tenantId: tenant.id }))).toEqual([user]);
  });

  test("makes management tokens, which see what they may and no more", async ({ world, keyplane }) => {
    const { tenant, user } = await tenantAndUser(keyplane, world);
    const input = { name: "verifier", role: "DEVELOPER", permissions: ["KEYS_VERIFY"], tenantId: tenant.id } as const;
    const { managementToken, secret } = unwrap(await keyplane.managementTokens.create(input));
    const verifier = clientOf(world, secret);
    expect(await verifier.viewer()).toMatchObject({ id: managementToken.id, permissions: ["KEYS_VERIFY"] });
    expect((await verifier.keys.verify({ key: "nonsense" })).code).toBe("MALFORMED");
    await expect(verifier.users.get(user.id)).rejects.toBeInstanceOf(PermissionError);
    expect(await verifier.users.create({ tenantId: tenant.id, email: "x@example.com", name: "X" })).toMatchObject({
      code: "FORBIDDEN",
    });

    const listed: ManagementToken[] = await collect(keyplane.managementTokens.list({ tenantId: tenant.id }));
    // It was used meanwhile.
    expect(listed).toEqual([{ ...managementToken, lastUsedAt: expect.any(String) }]);
    unwrap(await keyplane.managementTokens.revoke({ id: managementToken.id }));
    await expect(verifier.viewer()).rejects.toBeInstanceOf(AuthenticationError);
  });

  test("reads a new key even with a token that may only create keys", async ({ world, keyplane }) => {
    const { tenant, user } = await tenantAndUser(keyplane, world);
    const input = { name: "issuer", role: "ADMIN", permissions: ["KEYS_CREATE"], tenantId: tenant.id } as const;
    const { secret } = unwrap(await keyplane.managementTokens.create(input));
    const issued = await clientOf(world, secret).keys.create({ tenantId: tenant.id, ownerId: user.id, name: "n" });
    expect((await keyplane.keys.verify({ key: unwrap(issued).secret })).valid).toBe(true);
  });

  test("sends documents of one's own, as text or parsed, and says what is wrong with them", async ({ keyplane }) => {
    const text = "query Me { viewer { role } }";
    expect(await keyplane.request(text)).toEqual({ viewer: { role: "ADMIN" } });
    expect(await keyplane.request(parse(text))).toEqual({ viewer: { role: "ADMIN" } });
    const wrong = keyplane.request("{ nothing }");
    await expect(wrong).rejects.toBeInstanceOf(RequestError);
    await expect(wrong).rejects.toMatchObject({ code: "GRAPHQL_VALIDATION_FAILED", status: 400 });
    await expect(wrong).rejects.toHaveProperty("requestId", expect.stringMatching(/./));
  });
});

describe("when answers get lost on the way", () => {
  test("create, rotate and reissue happen once, and the secret that arrives is the right one", async ({
    world,
    keyplane,
    proxy,
  }) => {
    const { tenant, user } = await tenantAndUser(keyplane, world);
    const lossy = clientOf(world, undefined, proxy.url);

    proxy.lose(2);
    const created = unwrap(await lossy.keys.create({ tenantId: tenant.id, ownerId: user.id, name: "once" }));
    expect(proxy.passed).toBe(3);
    expect((await keyplane.keys.verify({ key: created.secret })).code).toBe("VALID");
    expect((await keyplane.keys.list({ tenantId: tenant.id }).page()).totalCount).toBe(1);

    proxy.lose(1);
    const rotated = unwrap(await lossy.keys.rotate({ id: created.key.id }));
    expect((await keyplane.keys.verify({ key: rotated.secret })).code).toBe("VALID");
    proxy.lose(1);
    const reissued = unwrap(await lossy.keys.reissue({ id: created.key.id, ownerId: user.id }));
    expect((await keyplane.keys.verify({ key: reissued.secret })).code).toBe("VALID");
    const changes = keyplane.audit.list({ filter: { targetId: created.key.id } });
    expect((await changes.page()).totalCount).toBe(3);
  });

  test("a revocation is made sure of, and an update is left to its caller", async ({ world, keyplane, proxy }) => {
    const { tenant, user } = await tenantAndUser(keyplane, world);
    const { key, secret } = unwrap(await keyplane.keys.create({ tenantId: tenant.id, ownerId: user.id, name: "n" }));
    const lossy = clientOf(world, undefined, proxy.url);
    proxy.lose(1);
    await expect(lossy.keys.update({ id: key.id, name: "renamed" })).rejects.toMatchObject({
      code: "CONNECTION_FAILED",
    });
    proxy.lose(1);
    expect(unwrap(await lossy.keys.revoke({ id: key.id, reason: "leaked" })).key.revokedReason).toBe("leaked");
    expect((await keyplane.keys.verify({ key: secret })).code).toBe("REVOKED");
  });
});
