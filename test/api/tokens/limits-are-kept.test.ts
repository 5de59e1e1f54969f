import { type Caller, describe, expect, hour, ok, test, type World } from "../../testkit/index.js";
import { clientMutation, clientStory, issuerMutation } from "../../testkit/oauth.js";

const forbidden = { code: "FORBIDDEN" };

/** The two limits that a management token can have beside its permissions, and people who sign in have not. */
const limits: readonly (readonly [name: string, limit: (world: World) => object])[] = [
  ["with a limit of scopes", () => ({ grantableScopes: ["x"] })],
  ["that expires", (world) => ({ expiresAt: world.clock.in(hour) })],
];

const emailOf = (world: World): string => `${world.unique("new")}@acme.example`;

async function story(world: World, limit: object): Promise<{ tenantId: string; free: Caller; limited: Caller }> {
  const { tenant, admin } = await world.tenant();
  const limited = await world.caller("ADMIN", { tenantId: tenant.id, ...limit });
  return { tenantId: tenant.id, free: admin, limited };
}

/** Nobody grants more than they have: a way to sign in would be a way out of what limits a token. */
describe.for(limits)("an administrator's token %s", ([, limitOf]) => {
  test("creates users who change nothing, and no others", async ({ world }) => {
    const { tenantId, free, limited } = await story(world, limitOf(world));
    const user = () => ({ tenantId, email: emailOf(world), name: "New" });
    for (const role of ["DEVELOPER", "GUEST"]) ok(await limited.user("createUser", { ...user(), role }));
    expect(await limited.user("createUser", { ...user(), role: "ADMIN" })).toMatchObject(forbidden);
    ok(await free.user("createUser", { ...user(), role: "ADMIN" }));
  });

  test("gives no custom role that changes something or sees the whole tenant, and widens none", async ({ world }) => {
    const { tenantId, limited } = await story(world, limitOf(world));
    const role = async (base: string, permissions: string[]) => {
      const input = { tenantId, name: world.unique("role"), base, permissions, keyScopes: ["x"] };
      return ok(await limited.role("createRole", input)).role;
    };
    const user = await world.user(tenantId);
    const give = (customRoleId: string) => limited.user("updateUser", { id: user.id, customRoleId });
    const reader = await role("DEVELOPER", ["KEYS_READ"]);
    ok(await give(reader.id));
    expect(await give((await role("DEVELOPER", ["KEYS_CREATE"])).id)).toMatchObject(forbidden);
    expect(await give((await role("ADMIN", ["KEYS_READ"])).id)).toMatchObject(forbidden);
    for (const wider of [{ permissions: ["KEYS_READ", "USERS_UPDATE"] }, { base: "ADMIN" }])
      expect(await limited.role("updateRole", { id: reader.id, ...wider })).toMatchObject(forbidden);
    ok(await limited.role("updateRole", { id: reader.id, permissions: ["USAGE_READ"] }));
    const email = emailOf(world);
    const created = { tenantId, email, name: "New", customRoleId: (await role("ADMIN", ["KEYS_READ"])).id };
    expect(await limited.user("createUser", created)).toMatchObject(forbidden);
  });

  test("makes nobody an administrator, and does not change how those sign in who can pass something on", async ({
    world,
  }) => {
    const { tenantId, free, limited } = await story(world, limitOf(world));
    const [guest, developer, admin] = [
      await world.user(tenantId, { role: "GUEST" }),
      await world.user(tenantId),
      await world.user(tenantId, { role: "ADMIN" }),
    ];
    const update = (id: string, input: object) => limited.user("updateUser", { id, ...input });
    expect(await update(developer.id, { role: "ADMIN" })).toMatchObject(forbidden);
    for (const input of [{ email: emailOf(world) }, { externalId: world.unique() }]) {
      // A developer rotates their own keys, whatever scopes these have.
      for (const { id } of [admin, developer]) expect(await update(id, input)).toMatchObject(forbidden);
      ok(await update(guest.id, input));
    }
    ok(await update(admin.id, { name: "A name opens nothing" }));
    ok(await free.user("updateUser", { id: admin.id, email: emailOf(world) }));
  });

  test("trusts no issuer that lets those in who can pass something on", async ({ world }) => {
    const { tenantId, limited } = await story(world, limitOf(world));
    const issuer = () => ({ tenantId, name: "IdP", issuer: `http://127.0.0.1:1/${world.unique()}`, audience: "x" });
    const create = (input: object) => issuerMutation(limited, "createTrustedIssuer", { ...issuer(), ...input });
    expect(await create({ defaultRole: "ADMIN" })).toMatchObject(forbidden);
    const roleMapping = [{ value: "boss", role: "ADMIN" }];
    expect(await create({ roleClaim: ["groups"], roleMapping })).toMatchObject(forbidden);
    expect(await create({ defaultRole: "DEVELOPER" })).toMatchObject(forbidden);
    const { trustedIssuer } = ok(await create({ defaultRole: "GUEST" }));
    const change = { id: trustedIssuer.id, defaultRole: "ADMIN" };
    expect(await issuerMutation(limited, "updateTrustedIssuer", change)).toMatchObject(forbidden);
  });

  test("gets no secret of an OAuth client that has no such limit, and sends no codes of it elsewhere", async ({
    world,
  }) => {
    const { admin, client, tenant } = await clientStory(world, { role: "ADMIN" });
    const limited = await world.caller("ADMIN", { tenantId: tenant.id, ...limitOf(world) });
    const { id } = client;
    expect(await clientMutation(limited, "rotateOAuthClientSecret", { id })).toMatchObject(forbidden);
    const moved = { id, redirectUris: ["https://other.example.com/callback"] };
    expect(await clientMutation(limited, "updateOAuthClient", moved)).toMatchObject(forbidden);
    ok(await clientMutation(limited, "updateOAuthClient", { id, name: "A name gives nothing" }));
    ok(await clientMutation(limited, "disableOAuthClient", { id }));
    ok(await clientMutation(admin, "rotateOAuthClientSecret", { id }));
  });
});

test("an expiring token creates only OAuth clients that change nothing; one with a limit of scopes hands it down", async ({
  world,
}) => {
  const { tenantId } = await story(world, {});
  const create = (caller: Caller, role: string, permissions: string[] = []) =>
    clientMutation(caller, "createOAuthClient", {
      tenantId,
      name: "App",
      role,
      permissions,
      grantTypes: ["CLIENT_CREDENTIALS"],
    });
  const expiring = await world.caller("ADMIN", { tenantId, expiresAt: world.clock.in(hour) });
  expect(await create(expiring, "ADMIN")).toMatchObject(forbidden);
  // For a person it could rotate that person's keys.
  expect(await create(expiring, "DEVELOPER")).toMatchObject(forbidden);
  ok(await create(expiring, "DEVELOPER", ["KEYS_READ", "KEYS_VERIFY"]));
  const scoped = await world.caller("ADMIN", { tenantId, grantableScopes: ["x"] });
  expect(ok(await create(scoped, "ADMIN")).oauthClient.grantableScopes).toEqual(["x"]);
});

test("whoever may change clients, but not what a client may, cannot send its codes elsewhere", async ({ world }) => {
  const { client, tenant } = await clientStory(world);
  const weak = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["CLIENTS_UPDATE"] });
  const moved = { id: client.id, redirectUris: ["https://other.example.com/callback"] };
  expect(await clientMutation(weak, "updateOAuthClient", moved)).toMatchObject(forbidden);
});
