import { afterAll } from "vitest";
import { type IdentityProvider, startIdentityProvider } from "../../testkit/identity-provider.js";
import { describe, expect, idsOf, ok, readPage, startServer, test, World } from "../../testkit/index.js";
import { issuerMutation, trustedIssuerId } from "../../testkit/oauth.js";

const providers: IdentityProvider[] = [];
afterAll(() => Promise.all(providers.map((each) => each.close())));

/** A tenant that trusts an issuer. */
async function story(world: World, input: Record<string, unknown> = {}) {
  const { tenant, admin } = await world.tenant();
  const given = {
    tenantId: tenant.id,
    name: "IdP",
    issuer: `https://${world.unique("idp")}.example.com`,
    audience: "keyplane",
    defaultRole: "DEVELOPER",
    ...input,
  };
  const { trustedIssuer } = ok(await issuerMutation(admin, "createTrustedIssuer", given));
  return { tenant, admin, given, trustedIssuer };
}

const inputFor = (name: string, id: string) => ({ id, ...(name === "updateTrustedIssuer" ? { name: "New" } : {}) });

describe("createTrustedIssuer", () => {
  test("trusts an issuer, and a retry trusts it once", async ({ world }) => {
    const input = {
      roleClaim: ["groups"],
      roleMapping: [{ value: "admins", role: "ADMIN" }],
      defaultRole: "GUEST",
      matchBy: "EMAIL",
      createUsers: true,
      idempotencyKey: world.unique("attempt"),
    };
    const { admin, given, trustedIssuer, tenant } = await story(world, input);
    const { idempotencyKey: _, ...expected } = input;
    expect(trustedIssuer).toMatchObject({
      ...expected,
      tenantId: tenant.id,
      issuer: given.issuer,
      audience: "keyplane",
    });
    expect(ok(await issuerMutation(admin, "createTrustedIssuer", given)).trustedIssuer).toEqual(trustedIssuer);
  });

  test("an issuer and audience belong to one tenant: whose a token is must never be open", async ({ world }) => {
    const { given, admin, trustedIssuer } = await story(world);
    const other = await world.tenant();
    const again = () => issuerMutation(other.admin, "createTrustedIssuer", { ...given, tenantId: other.tenant.id });
    expect(await again()).toMatchObject({ code: "CONFLICT" });
    ok(await issuerMutation(admin, "deleteTrustedIssuer", { id: trustedIssuer.id }));
    ok(await again());
  });

  test.for([
    ["issuer", { issuer: "no address" }],
    ["issuer", { issuer: "ftp://id.example.com" }],
    ["issuer", { issuer: "https://user@id.example.com" }],
    ["issuer", { issuer: "https://id.example.com?x=1" }],
    ["issuer", { issuer: "https://id.example.com/#x" }],
    ["issuer", { issuer: "HTTPS://ID.example.com" }],
    ["issuer", { issuer: `https://id.example.com/${"x".repeat(500)}` }],
    ["audience", { audience: "" }],
    ["name", { name: " " }],
    ["roleClaim", { roleMapping: [{ value: "x", role: "GUEST" }] }],
    ["roleClaim", { roleClaim: ["a", "b", "c", "d", "e", "f"] }],
    [
      "roleMapping",
      { roleClaim: ["a"], roleMapping: Array.from({ length: 51 }, () => ({ value: "x", role: "GUEST" })) },
    ],
    ["defaultRole", { defaultRole: null }],
  ] as const)("says what is wrong with %s: %o", async ([path, wrong], { world }) => {
    const { tenant, admin } = await world.tenant();
    const input = {
      tenantId: tenant.id,
      name: "IdP",
      issuer: "https://id.example.com",
      audience: world.unique(),
      defaultRole: "GUEST",
    };
    const refusal = await issuerMutation(admin, "createTrustedIssuer", { ...input, ...wrong });
    expect(refusal).toMatchObject({ code: "INVALID_INPUT" });
    expect(refusal.issues[0].path[0]).toBe(path);
  });

  test("nobody lets in more than they may do, and there is a limit", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const weak = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["ISSUERS_CREATE"] });
    const input = { tenantId: tenant.id, name: "IdP", issuer: "https://id.example.com", audience: world.unique() };
    for (const beyond of [
      { defaultRole: "DEVELOPER" },
      { roleClaim: ["r"], roleMapping: [{ value: "x", role: "ADMIN" }] },
    ]) {
      expect(await issuerMutation(weak, "createTrustedIssuer", { ...input, ...beyond })).toMatchObject({
        code: "FORBIDDEN",
      });
    }
    const make = () =>
      issuerMutation(admin, "createTrustedIssuer", { ...input, audience: world.unique(), defaultRole: "GUEST" });
    const { prisma } = world.server.keyplane.database;
    const row = await prisma.trustedIssuer.findUniqueOrThrow({ where: { id: ok(await make()).trustedIssuer.id } });
    const copies = Array.from({ length: 48 }, () => ({
      ...row,
      roleMapping: [],
      id: world.missingId("TrustedIssuer"),
      activeKey: world.unique(),
    }));
    await prisma.trustedIssuer.createMany({ data: copies });
    ok(await make());
    expect(await make()).toMatchObject({ code: "LIMIT_REACHED" });
  });

  test("is refused without the permission, without a token, and for another tenant as for a missing one", async ({
    world,
  }) => {
    const { given, admin, tenant } = await story(world);
    const theirs = await world.tenant();
    const inTenant = (tenantId: string) =>
      issuerMutation(admin, "createTrustedIssuer", { ...given, audience: "x", tenantId });
    expect(await inTenant(theirs.tenant.id)).toEqual(await inTenant(world.missingId("Tenant")));
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    expect(await issuerMutation(developer, "createTrustedIssuer", given)).toMatchObject({ code: "FORBIDDEN" });
    await expect(issuerMutation(world.anonymous, "createTrustedIssuer", given)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});

describe("a change of a trusted issuer", () => {
  test.for(["updateTrustedIssuer", "deleteTrustedIssuer", "testTrustedIssuer"])(
    "%s: another tenant's issuer answers as a missing one; a caller without the permission is refused",
    async (name, { world }) => {
      const [ours, theirs] = [await story(world), await story(world)];
      const change = (id: string) => issuerMutation(ours.admin, name, inputFor(name, id));
      expect(await change(theirs.trustedIssuer.id)).toMatchObject({ code: "NOT_FOUND" });
      expect(await change(theirs.trustedIssuer.id)).toEqual(await change(world.missingId("TrustedIssuer")));
      const developer = await world.caller("DEVELOPER", { tenantId: ours.tenant.id });
      expect(await issuerMutation(developer, name, inputFor(name, ours.trustedIssuer.id))).toMatchObject({
        code: "FORBIDDEN",
      });
      await expect(issuerMutation(world.anonymous, name, inputFor(name, "x"))).rejects.toMatchObject({
        code: "UNAUTHENTICATED",
      });
    },
  );

  test("updating changes what is named; a pair that another has is refused, and so is letting in more than one may", async ({
    world,
  }) => {
    const [ours, theirs] = [await story(world), await story(world)];
    const { admin, trustedIssuer, tenant } = ours;
    const update = (input: object) => issuerMutation(admin, "updateTrustedIssuer", { id: trustedIssuer.id, ...input });
    const changed = { name: "New", audience: "other", createUsers: true, defaultRole: "GUEST" };
    expect(ok(await update(changed)).trustedIssuer).toEqual({ ...trustedIssuer, ...changed });
    expect(await update({ defaultRole: null })).toMatchObject({ code: "INVALID_INPUT" });
    const same = { tenantId: tenant.id, name: "x", issuer: theirs.given.issuer, defaultRole: "GUEST" };
    const mine = ok(await issuerMutation(admin, "createTrustedIssuer", { ...same, audience: "mine" })).trustedIssuer;
    expect(await issuerMutation(admin, "updateTrustedIssuer", { id: mine.id, audience: "keyplane" })).toMatchObject({
      code: "CONFLICT",
    });
    const weak = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["ISSUERS_UPDATE"] });
    const beyond = { id: trustedIssuer.id, defaultRole: "DEVELOPER" };
    expect(await issuerMutation(weak, "updateTrustedIssuer", beyond)).toMatchObject({ code: "FORBIDDEN" });
  });

  test("a deleted issuer is gone", async ({ world }) => {
    const { admin, trustedIssuer } = await story(world);
    expect(idsOf(await readPage(admin, "trustedIssuers"))).toEqual([trustedIssuer.id]);
    ok(await issuerMutation(admin, "deleteTrustedIssuer", { id: trustedIssuer.id, reason: "moved" }));
    expect(await issuerMutation(admin, "deleteTrustedIssuer", { id: trustedIssuer.id })).toMatchObject({
      code: "NOT_FOUND",
    });
    expect(idsOf(await readPage(admin, "trustedIssuers"))).toEqual([]);
    const { auditLog } = await admin.query(
      `{ auditLog(filter: { targetId: "${trustedIssuer.id}" }) { nodes { action } } }`,
    );
    expect(auditLog.nodes.map(({ action }: { action: string }) => action).sort()).toEqual([
      "trusted_issuer.created",
      "trusted_issuer.deleted",
    ]);
  });
});

describe("trustedIssuer", () => {
  test("answers one issuer to whoever may see it; another tenant's and a missing one are nothing", async ({
    world,
  }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const id = await trustedIssuerId(world, ours.tenant.id);
    const get = async (of: string, caller = ours.admin) =>
      (await caller.query("query ($id: ID!) { trustedIssuer(id: $id) { id name } }", { id: of })).trustedIssuer;
    expect(await get(id)).toEqual({ id, name: "IdP" });
    for (const other of [await trustedIssuerId(world, theirs.tenant.id), world.missingId("TrustedIssuer"), "x"])
      expect(await get(other)).toBeNull();
    const developer = await world.caller("DEVELOPER", { tenantId: ours.tenant.id });
    await expect(get(id, developer)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(get(id, world.anonymous)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("testTrustedIssuer", () => {
  test("tells what the issuer says, and what is wrong", async ({ world }) => {
    const idp = await startIdentityProvider(() => world.clock.now());
    providers.push(idp);
    const { admin, trustedIssuer } = await story(world, { issuer: idp.issuer });
    const ask = async (id: string) => ok(await issuerMutation(admin, "testTrustedIssuer", { id }));
    expect(await ask(trustedIssuer.id)).toMatchObject({
      problem: null,
      jwksUri: `${idp.issuer}/keys`,
      keyCount: 1,
      algorithms: ["ES256"],
    });
    idp.jwks.keys.length = 0;
    expect((await ask(trustedIssuer.id)).problem).toMatch(/no key/);
    const other = await story(world, { issuer: `${idp.issuer}/sub` });
    const missing = ok(await issuerMutation(other.admin, "testTrustedIssuer", { id: other.trustedIssuer.id }));
    expect(missing).toMatchObject({ problem: expect.stringContaining("status 404"), jwksUri: null, keyCount: 0 });
  });

  test("an address within a private network is refused where that is not allowed: at creation, and when it is asked", async () => {
    const server = await startServer({ KEYPLANE_ALLOW_PRIVATE_ISSUERS: "false" });
    try {
      const world = new World(server);
      const { tenant, admin } = await world.tenant();
      const input = { tenantId: tenant.id, name: "IdP", audience: "x", defaultRole: "GUEST" };
      const create = (issuer: string) => issuerMutation(admin, "createTrustedIssuer", { ...input, issuer });
      expect(await create("http://id.example.com")).toMatchObject({ code: "INVALID_INPUT" });
      const { trustedIssuer } = ok(await create("https://localhost"));
      const { problem } = ok(await issuerMutation(admin, "testTrustedIssuer", { id: trustedIssuer.id }));
      expect(problem).toMatch(/not public/);
      const metadata = ok(await create("https://169.254.169.254")).trustedIssuer;
      expect(ok(await issuerMutation(admin, "testTrustedIssuer", { id: metadata.id })).problem).toMatch(/not public/);
    } finally {
      await server.stop();
    }
  });
});
