import { afterAll, beforeAll } from "vitest";
import { startIdentityProvider } from "../testkit/identity-provider.js";
import { describe, expect, test, type World } from "../testkit/index.js";
import { builtCli, CliUser } from "./run-cli.js";

const users: CliUser[] = [];
beforeAll(async () => void (await builtCli()));
afterAll(() => {
  for (const user of users) user.leave();
});

async function story(world: World) {
  const cli = new CliUser({ KEYPLANE_URL: world.url, KEYPLANE_TOKEN: world.server.rootToken });
  users.push(cli);
  const { tenant } = await world.tenant();
  return { cli, tenant, whose: ["--tenant", tenant.slug], user: await world.user(tenant.id) };
}

describe("who may do what, on the command line", () => {
  test("a custom role is made, given, shown in a table, changed, taken away and deleted", async ({ world }) => {
    const { cli, whose, user } = await story(world);
    const create = ["roles", "create", ...whose, "--name", "Support", "--permissions", "users-read,keys:read"];
    const role = await cli.json([...create, "--key-scopes", "a,b"]);
    expect(role).toMatchObject({ base: "DEVELOPER", permissions: ["USERS_READ", "KEYS_READ"], keyScopes: ["a", "b"] });
    const update = ["users", "update", user.email, ...whose];
    expect(await cli.json([...update, "--custom-role", role.id])).toMatchObject({ customRoleId: role.id });
    const listed = await cli.run(["roles", "list", ...whose]);
    expect(listed.stdout).toMatch(
      /^ID +NAME +BASE +PERMISSIONS +KEY SCOPES\nrol_\w+ +Support +DEVELOPER +USERS_READ, /,
    );
    expect(await cli.json(["roles", "update", role.id, "--permissions", "usage-read"])).toMatchObject({
      permissions: ["USAGE_READ"],
      keyScopes: ["a", "b"],
    });
    const taken = await cli.run(["roles", "delete", role.id, "--yes"]);
    expect([taken.code, taken.stderr]).toEqual([6, expect.stringContaining("1 user has this role")]);
    expect(await cli.json([...update, "--custom-role", ""])).toMatchObject({ customRoleId: null });
    expect((await cli.run(["roles", "delete", role.id])).code).toBe(2);
    expect((await cli.run(["roles", "delete", role.id, "--yes"])).stdout).toBe(`Support (${role.id}) is deleted.\n`);
    expect((await cli.run(["roles", "show", role.id])).code).toBe(5);
  });

  test("a team is made, and its members come and go", async ({ world }) => {
    const { cli, whose, user } = await story(world);
    const team = await cli.json(["teams", "create", ...whose, "--name", "Payments"]);
    const who = ["--user", user.email, ...whose];
    expect((await cli.run(["teams", "add", team.id, ...who])).stdout).toContain("is a member of Payments");
    expect((await cli.json(["teams", "members", team.id])).nodes).toMatchObject([{ id: user.id }]);
    expect((await cli.run(["teams", "remove", team.id, ...who])).code).toBe(2);
    expect((await cli.run(["teams", "remove", team.id, ...who, "--yes"])).code).toBe(0);
    expect((await cli.run(["teams", "members", team.id, "--quiet"])).stdout).toBe("");
    expect(await cli.json(["teams", "update", team.id, "--name", "Billing"])).toMatchObject({ name: "Billing" });
    expect((await cli.json(["teams", "list", ...whose])).nodes).toMatchObject([{ name: "Billing" }]);
    expect((await cli.run(["teams", "delete", team.id, "--yes"])).code).toBe(0);
    expect((await cli.run(["teams", "members", team.id])).code).toBe(5);
  });

  test("from where keys are accepted is said of a tenant, a user and a key, changed, and taken away", async ({
    world,
  }) => {
    const { cli, user, whose } = await story(world);
    const lists = ["--allowed-ips", "192.0.2.0/24,2001:db8::/48", "--denied-ips", "192.0.2.7"];
    const given = { allowedIps: ["192.0.2.0/24", "2001:db8::/48"], deniedIps: ["192.0.2.7"] };
    const none = { allowedIps: [], deniedIps: [] };
    const away = ["--allowed-ips", "any", "--denied-ips", "none"];

    const slug = world.unique("cli");
    const tenant = await cli.json(["tenants", "create", "--slug", slug, "--name", "Acme", ...lists]);
    expect(tenant).toMatchObject(given);
    expect((await cli.run(["tenants", "update", slug, ...away])).code).toBe(2);
    expect(await cli.json(["tenants", "update", slug, ...away, "--yes"])).toMatchObject(none);

    const who = ["--email", `${slug}@example.com`, "--name", "Ada", "--tenant", slug];
    const ada = await cli.json(["users", "create", ...who, ...lists]);
    expect(ada).toMatchObject(given);
    expect(await cli.json(["users", "update", ada.id, "--name", "Ada L."])).toMatchObject({ ...given, name: "Ada L." });
    expect(await cli.json(["users", "update", ada.id, ...away])).toMatchObject(none);
    expect(await cli.json(["users", "update", user.id, ...lists])).toMatchObject(given);
    await cli.json(["users", "update", user.id, ...away]);

    const create = ["keys", "create", "--owner", user.id, "--name", "Orders", ...whose];
    const { key, secret } = await cli.json(create);
    const metadata = ["--metadata", '{"plan":"pro"}'];
    expect(await cli.json(["keys", "update", key.id, ...lists, ...metadata])).toMatchObject({
      ...given,
      metadata: { plan: "pro" },
    });
    const from = (ip: string) => cli.run(["keys", "verify", "--ip", ip, "--quiet"], secret);
    expect((await from("192.0.2.8")).code).toBe(0);
    for (const elsewhere of ["192.0.2.7", "198.51.100.1"]) expect((await from(elsewhere)).code).toBe(10);
    expect(await cli.json(["keys", "update", key.id, ...away])).toMatchObject({ ...none, metadata: { plan: "pro" } });
    expect((await from("198.51.100.1")).code).toBe(0);
  });

  test("all sessions of somebody end, once that is agreed", async ({ world }) => {
    const { cli, tenant, user } = await story(world);
    await world.signIn(user);
    const end = ["users", "sign-out", user.email, "--tenant", tenant.slug];
    expect((await cli.run(end)).code).toBe(2);
    expect((await cli.run([...end, "--yes"])).stdout).toBe(`Sessions of ${user.email} that have ended: 1.\n`);
    expect(await cli.json([...end, "--yes"])).toEqual({ id: user.id, endedSessions: 0 });
  });

  test("a management token gets a new secret, alone on standard output", async ({ world }) => {
    const { cli, whose } = await story(world);
    const create = ["tokens", "create", "--name", "ci", "--role", "guest", ...whose];
    const { managementToken, secret } = await cli.json(create);
    expect((await cli.run(["tokens", "rotate", managementToken.id])).code).toBe(2);
    const rotated = await cli.run(["tokens", "rotate", managementToken.id, "--overlap", "1h"]);
    expect(rotated.stdout).toMatch(/^keyplane_live_\w{49}\n$/);
    expect(rotated.stdout).not.toContain(secret);
    for (const token of [secret, rotated.stdout.trim()]) {
      const holder = new CliUser({ KEYPLANE_URL: world.url, KEYPLANE_TOKEN: token });
      users.push(holder);
      expect((await holder.json(["whoami"])).id).toBe(managementToken.id);
    }
  });

  test("an OAuth client is made for a program and for an application, rotated, disabled and deleted", async ({
    world,
  }) => {
    const { cli, whose } = await story(world);
    const create = ["clients", "create", ...whose, "--name", "App", "--role", "developer", "--grants"];
    const program = await cli.run([...create, "client-credentials", "--permissions", "usage-read"]);
    expect(program.stdout).toMatch(/^kpclient_live_\w{49}\n$/);
    const id = /^id +(cli_\w+)$/m.exec(program.stderr)?.[1] ?? "";
    const app = [...create, "authorization-code,refresh-token", "--redirect-uris", "https://app.example.com/cb"];
    expect(await cli.json([...app, "--public"])).toMatchObject({ isPublic: true, permissions: [] });
    const update = ["clients", "update", id, "--name", "Shop", "--grantable-scopes", "a,b"];
    expect(await cli.json([...update, "--permissions", "keys-read"])).toMatchObject({
      name: "Shop",
      grantableScopes: ["a", "b"],
      permissions: ["KEYS_READ"],
    });
    const freed = ["clients", "update", id, "--grantable-scopes", "any", "--permissions", "all"];
    expect(await cli.json(freed)).toMatchObject({ name: "Shop", grantableScopes: null, permissions: [] });
    const rotated = await cli.run(["clients", "rotate", id, "--yes"]);
    expect(rotated.stdout).toMatch(/^kpclient_live_/);
    expect(rotated.stdout).not.toBe(program.stdout);
    expect((await cli.run(["clients", "disable", id, "--yes"])).stdout).toContain("is disabled");
    expect(await cli.json(["clients", "show", id])).toMatchObject({ disabledAt: expect.any(String) });
    expect((await cli.run(["clients", "enable", id])).stdout).toContain("is enabled");
    expect((await cli.run(["clients", "list", ...whose])).stdout).toMatch(/^ID +NAME +ROLE +GRANTS/);
    expect((await cli.run(["clients", "delete", id, "--yes"])).code).toBe(0);
    expect((await cli.run(["clients", "show", id])).code).toBe(5);
    expect((await cli.run([...create, "implicit"])).code).toBe(2);
  });

  test("an API is changed, with the times of its versions; what can refuse its callers is asked for", async ({
    world,
  }) => {
    const { cli, whose } = await story(world);
    const create = ["apis", "create", ...whose, "--slug", "orders", "--name", "Orders", "--description", "All orders"];
    const api = await cli.json([...create, "--versions", "v1:deprecated=2035-01-01,v2"]);
    const v2 = { name: "v2", deprecatedAt: null, retiredAt: null };
    expect(api).toMatchObject({
      description: "All orders",
      versions: [{ name: "v1", deprecatedAt: "2035-01-01T00:00:00.000Z", retiredAt: null }, v2],
    });
    const update = ["apis", "update", api.id];
    expect(await cli.json([...update, "--access", "open", "--visibility", "public", "--name", "Shop"])).toMatchObject({
      access: "OPEN",
      visibility: "PUBLIC",
      name: "Shop",
      versions: api.versions,
    });
    const versions = ["--versions", "v1:deprecated=2035-01-01:retired=2035-06-01T12:00:00+02:00,v2"];
    for (const strict of [versions, ["--access", "granted"], ["--slug", "shop"], []])
      expect((await cli.run([...update, ...strict])).code).toBe(2);
    expect(await cli.json([...update, ...versions, "--access", "granted", "--slug", "shop", "--yes"])).toMatchObject({
      slug: "shop",
      access: "GRANTED",
      versions: [{ name: "v1", deprecatedAt: "2035-01-01T00:00:00.000Z", retiredAt: "2035-06-01T10:00:00.000Z" }, v2],
    });
    expect(await cli.json(["apis", "show", api.id])).toMatchObject({ slug: "shop", name: "Shop" });
    for (const wrong of ["v1:retired", "v1:gone=2035-01-01", ":retired=2035-01-01", "v1:retired=soon"])
      expect((await cli.run([...update, "--versions", wrong, "--yes"])).code).toBe(2);
    expect((await cli.run(["apis", "show", world.missingId("Api")])).code).toBe(5);
  });

  test("an issuer is trusted, tested and trusted no longer", async ({ world }) => {
    const { cli, whose } = await story(world);
    const idp = await startIdentityProvider(() => world.clock.now());
    try {
      const create = ["issuers", "create", ...whose, "--name", "IdP", "--issuer", idp.issuer, "--audience", "x"];
      const mapped = [...create, "--role-claim", "realm_access,roles", "--map", "a=b=admin,dev=developer"];
      const issuer = await cli.json([...mapped, "--default-role", "guest"]);
      expect(issuer).toMatchObject({
        roleClaim: ["realm_access", "roles"],
        roleMapping: [
          { value: "a=b", role: "ADMIN" },
          { value: "dev", role: "DEVELOPER" },
        ],
      });
      expect(await cli.json(["issuers", "test", issuer.id])).toMatchObject({ problem: null, keyCount: 1 });
      expect((await cli.run(["issuers", "list", ...whose, "--quiet"])).stdout).toBe(`${issuer.id}\n`);
      const update = ["issuers", "update", issuer.id, "--map", "dev=guest", "--create-users", "yes"];
      expect(await cli.json([...update, "--default-role", "none"])).toMatchObject({
        roleClaim: ["realm_access", "roles"],
        roleMapping: [{ value: "dev", role: "GUEST" }],
        createUsers: true,
        defaultRole: null,
      });
      expect((await cli.run([...create, "--map", "dev"])).stderr).toContain("Write value=role");
      expect((await cli.run(["issuers", "delete", issuer.id, "--yes"])).code).toBe(0);
      expect((await cli.run(["issuers", "show", issuer.id])).code).toBe(5);
      const away = ["--name", "Away", "--issuer", "http://127.0.0.1:9", "--audience", "x", "--default-role", "guest"];
      const lost = await cli.json(["issuers", "create", ...whose, ...away]);
      const tested = await cli.run(["issuers", "test", lost.id]);
      expect([tested.code, tested.stdout]).toEqual([11, expect.stringMatching(/^problem /m)]);
    } finally {
      await idp.close();
    }
  });
});
