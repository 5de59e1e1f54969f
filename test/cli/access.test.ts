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
      expect((await cli.run([...create, "--map", "dev"])).stderr).toContain("Write value=role");
      expect((await cli.run(["issuers", "delete", issuer.id, "--yes"])).code).toBe(0);
      expect((await cli.run(["issuers", "show", issuer.id])).code).toBe(5);
    } finally {
      await idp.close();
    }
  });
});
