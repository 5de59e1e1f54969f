import { type Caller, describe, expect, ok, test, type World } from "../../testkit/index.js";

// biome-ignore lint/suspicious/noExplicitAny: what the API answers
const mutationsOf = ({ remedies }: any): string[] =>
  remedies.map(({ mutation }: { mutation: string }) => /(\w+)\(input: \$input\)/.exec(mutation)?.[1] ?? "");

describe("a deleted owner who was bounded", () => {
  test("is created anew with the same bounds by the remedy as it is given", async ({ world }) => {
    const { admin, tenant, owner, key } = await world.tenantWithKey({ key: { scopes: ["a", "b"] } });
    const role = await world.role(tenant.id, { keyScopes: ["a"] });
    const bounds = { customRoleId: role.id, allowedIps: ["192.0.2.0/24"], deniedIps: ["192.0.2.7"] };
    ok(await admin.user("updateUser", { id: owner.id, ...bounds }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    const call = { scopes: ["a"], ip: "192.0.2.1" };
    const { remedies } = await admin.diagnose({ keyId: key.id, ...call });
    expect(remedies).toMatchObject([{ permitted: true, variables: { input: { user: bounds } } }]);
    const { secret } = ok(await admin.remedy(remedies[0]));
    expect(await admin.verify(secret, call)).toMatchObject({ valid: true, scopes: ["a"] });
    expect(await admin.verify(secret, { ...call, ip: "192.0.2.7" })).toMatchObject({ code: "IP_NOT_ALLOWED" });
    expect(await admin.verify(secret, { ...call, ip: "198.51.100.1" })).toMatchObject({ code: "IP_NOT_ALLOWED" });
  });

  test("is offered no change of their own lists, which are history", async ({ world }) => {
    const { admin, owner, key } = await world.tenantWithKey();
    ok(await admin.user("updateUser", { id: owner.id, allowedIps: ["192.0.2.0/24"] }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    const ip = "198.51.100.1";
    const first = await admin.diagnose({ keyId: key.id, ip });
    expect(mutationsOf(first)).toEqual(["resolveInvalidUser"]);
    const { secret } = ok(await admin.remedy(first.remedies[0]));
    const next = await admin.diagnose({ keyId: key.id, ip });
    expect(mutationsOf(next)).toEqual(["updateUser"]);
    ok(await admin.remedy(next.remedies[0]));
    expect(await admin.verify(secret, { ip })).toMatchObject({ valid: true });
  });

  test("whose custom role was deleted, too, gets no role back that it stood before", async ({ world }) => {
    const { admin, tenant, owner, key } = await world.tenantWithKey();
    const role = await world.role(tenant.id);
    ok(await admin.user("updateUser", { id: owner.id, role: "ADMIN", customRoleId: role.id }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    ok(await admin.role("deleteRole", { id: role.id }));
    const { remedies } = await admin.diagnose({ keyId: key.id });
    expect(remedies).toMatchObject([{ permitted: true, permissions: ["KEYS_REISSUE", "USERS_CREATE"] }]);
    expect(remedies[0].variables.input.user).toEqual({ email: owner.email, name: owner.name });
    ok(await admin.remedy(remedies[0]));
    const { key: mended } = await admin.query(`{ key(id: "${key.id}") { owner { role } } }`);
    expect(mended.owner.role).toBe("DEVELOPER");
  });

  test("is not created anew by who may not give the role that counted", async ({ world }) => {
    const { admin, tenant, owner, key } = await world.tenantWithKey();
    ok(await admin.user("updateUser", { id: owner.id, role: "ADMIN" }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    const permissions = ["KEYS_DIAGNOSE", "KEYS_READ", "KEYS_REISSUE", "USERS_CREATE", "USERS_READ"];
    const narrow = await world.caller("ADMIN", { tenantId: tenant.id, permissions });
    const [remedy] = (await narrow.diagnose({ keyId: key.id })).remedies;
    expect(remedy).toMatchObject({ permitted: false, permittedTo: expect.stringContaining("You cannot give") });
    expect(remedy.variables.input.user.role).toBe("ADMIN");
    expect(await narrow.remedy(remedy)).toMatchObject({ code: "FORBIDDEN" });
    expect((await admin.diagnose({ keyId: key.id })).remedies).toMatchObject([{ permitted: true, permittedTo: null }]);
  });
});

describe("a deleted owner whose address another user has, who is disabled", () => {
  /** Somebody who may reissue keys, and whatever else. */
  const reissuer = (world: World, tenantId: string, more: readonly string[]) =>
    world.caller("ADMIN", {
      tenantId,
      permissions: ["KEYS_DIAGNOSE", "KEYS_READ", "KEYS_REISSUE", "USERS_CREATE", "USERS_READ", ...more],
    });

  async function anew(world: World, bounds: Record<string, unknown> = {}) {
    const told = await world.tenantWithKey();
    const { admin, tenant, owner } = told;
    ok(await admin.user("updateUser", { id: owner.id, role: "ADMIN", ...bounds }));
    await world.user(tenant.id, { role: "ADMIN" });
    ok(await admin.user("deleteUser", { id: owner.id }));
    const namesake = await world.user(tenant.id, { email: owner.email, name: "Ada again" });
    ok(await admin.user("disableUser", { id: namesake.id, reason: "on leave" }));
    return { ...told, namesake };
  }

  // biome-ignore lint/suspicious/noExplicitAny: what the API answers
  const resolving = ({ remedies }: any) =>
    remedies.find(({ mutation }: { mutation: string }) => mutation.includes("resolveInvalidUser("));

  test("is enabled by the remedy as it is given, and stays who they are", async ({ world }) => {
    const { admin, tenant, key, namesake } = await anew(world);
    const may = await reissuer(world, tenant.id, ["USERS_DISABLE"]);
    const remedy = resolving(await may.diagnose({ keyId: key.id }));
    expect(remedy).toMatchObject({ permitted: true, permissions: ["KEYS_REISSUE", "USERS_DISABLE"] });
    const mayNot = await reissuer(world, tenant.id, []);
    expect(resolving(await mayNot.diagnose({ keyId: key.id }))).toMatchObject({ permitted: false });
    const { secret } = ok(await may.remedy(remedy));
    expect(await admin.verify(secret)).toMatchObject({ valid: true, owner: { id: namesake.id } });
    const { user } = await admin.query(`{ user(id: "${namesake.id}") { role name status } }`);
    expect(user).toEqual({ role: "DEVELOPER", name: "Ada again", status: "ACTIVE" });
  });

  test("gets the key with what bounded the deleted one's keys, which is put on the key first", async ({ world }) => {
    const { admin, key, namesake } = await anew(world, { allowedIps: ["192.0.2.0/24"] });
    const diagnosis = await admin.diagnose({ keyId: key.id });
    const [bound] = diagnosis.remedies;
    expect(bound).toMatchObject({ variables: { input: { id: key.id, allowedIps: ["192.0.2.0/24"] } } });
    expect(resolving(diagnosis).variables.input.user).toEqual({ email: namesake.email });
    ok(await admin.remedy(bound));
    const { secret } = ok(await admin.remedy(resolving(diagnosis)));
    expect(await admin.verify(secret, { ip: "192.0.2.1" })).toMatchObject({ valid: true });
    expect(await admin.verify(secret, { ip: "198.51.100.1" })).toMatchObject({ code: "IP_NOT_ALLOWED" });
  });
});

describe("a deleted owner who was bounded, and whose address another user has", () => {
  /** What each call is answered with. */
  const answers = async (caller: Caller, secret: string, calls: readonly Record<string, unknown>[]) => {
    const codes = [];
    for (const call of calls) codes.push((await caller.verify(secret, call)).code);
    return codes;
  };

  async function bounded(world: World, ofKey: Record<string, unknown> = {}) {
    const told = await world.tenantWithKey({ key: { scopes: ["a", "b"], ...ofKey } });
    const { admin, tenant, owner } = told;
    const wide = await world.role(tenant.id, { permissions: ["USERS_READ", "USERS_UPDATE"], keyScopes: ["a"] });
    const lists = { allowedIps: ["192.0.2.0/24", "10.0.0.0/8"], deniedIps: ["192.0.2.7"] };
    ok(await admin.user("updateUser", { id: owner.id, customRoleId: wide.id, ...lists }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    const narrow = await world.role(tenant.id, { keyScopes: ["a", "c"] });
    const namesake = await world.user(tenant.id, { email: owner.email, name: "Ada again" });
    const own = { customRoleId: narrow.id, allowedIps: ["10.0.0.0/8"], deniedIps: ["10.6.6.6"] };
    ok(await admin.user("updateUser", { id: namesake.id, ...own }));
    return { ...told, namesake, own };
  }

  test("gives that one nothing that is not theirs, and the key no more than it had, by whichever remedy", async ({
    world,
  }) => {
    for (const mutation of ["reissueKey", "resolveInvalidUser"]) {
      const { admin, tenant, key, namesake, own } = await bounded(world);
      const other = await world.key(tenant.id, namesake.id, { scopes: ["a", "b"] });
      const calls = [
        { ip: "10.1.1.1", scopes: ["a"] },
        { ip: "192.0.2.1", scopes: ["a"] },
        { ip: "10.1.1.1", scopes: ["b"] },
        { ip: "10.6.6.6", scopes: ["a"] },
        { ip: "203.0.113.9", scopes: ["a"] },
      ];
      const before = await answers(admin, other.secret, calls);
      const { remedies } = await admin.diagnose({ keyId: key.id });
      expect(mutationsOf({ remedies })).toEqual(["updateKey", "reissueKey", "resolveInvalidUser"]);
      expect(remedies[0]).toMatchObject({
        variables: {
          input: { scopes: ["a"], allowedIps: ["192.0.2.0/24", "10.0.0.0/8"], deniedIps: ["192.0.2.7"] },
        },
        effect: expect.stringMatching(/It loses the scopes b\..*192\.0\.2\.0\/24, 10\.0\.0\.0\/8.*192\.0\.2\.7/),
      });
      expect(remedies[2].title).toMatch(/^Or /);
      ok(await admin.remedy(remedies[0]));
      const again = await admin.diagnose({ keyId: key.id });
      expect(mutationsOf(again)).toEqual(["reissueKey", "resolveInvalidUser"]);
      const remedy = remedies.find((each: { mutation: string }) => each.mutation.includes(`${mutation}(`));
      const { secret } = ok(await admin.remedy(remedy));
      expect(await answers(admin, other.secret, calls)).toEqual(before);
      const { user } = await admin.query(
        `{ user(id: "${namesake.id}") { customRoleId allowedIps deniedIps name email } }`,
      );
      expect(user).toEqual({ ...own, name: "Ada again", email: namesake.email });
      const refused = ["IP_NOT_ALLOWED", "INSUFFICIENT_SCOPE"];
      expect(await answers(admin, secret, calls.slice(0, 1))).toEqual(["VALID"]);
      for (const code of await answers(admin, secret, calls.slice(1))) expect(refused).toContain(code);
      ok(await admin.user("updateUser", { id: namesake.id, customRoleId: null, allowedIps: [], deniedIps: [] }));
      // What it could do before, and nothing else.
      expect(await answers(admin, secret, [...calls, { ip: "192.0.2.7", scopes: ["a"] }])).toEqual([
        "VALID",
        "VALID",
        "INSUFFICIENT_SCOPE",
        "VALID",
        "IP_NOT_ALLOWED",
        "IP_NOT_ALLOWED",
      ]);
    }
  });

  test("a key with lists of its own gets what both allow; nobody, where they allow nothing alike", async ({
    world,
  }) => {
    for (const [allowedIps, both] of [
      [
        ["192.0.2.0/28", "10.0.0.0/7", "198.51.100.1"],
        ["192.0.2.0/28", "10.0.0.0/8"],
      ],
      [["198.51.100.0/24"], ["0.0.0.0"]],
    ]) {
      const { admin, key } = await bounded(world, { allowedIps, deniedIps: ["10.9.9.9"] });
      const [remedy] = (await admin.diagnose({ keyId: key.id })).remedies;
      expect(remedy.variables.input).toMatchObject({ allowedIps: both, deniedIps: ["10.9.9.9", "192.0.2.7"] });
      ok(await admin.remedy(remedy));
    }
  });

  test("a call from elsewhere, and for more, is let in by the remedies in their order", async ({ world }) => {
    const { admin, key, namesake } = await bounded(world);
    ok(await admin.user("updateUser", { id: namesake.id, customRoleId: null, allowedIps: [], deniedIps: [] }));
    const call = { ip: "203.0.113.9", scopes: ["b"] };
    const { remedies } = await admin.diagnose({ keyId: key.id, ...call });
    expect(mutationsOf({ remedies })).toEqual([
      "updateKey",
      "reissueKey",
      "resolveInvalidUser",
      "updateKey",
      "updateKey",
    ]);
    let secret = "";
    for (const remedy of remedies.filter((each: { title: string }) => !each.title.startsWith("Or "))) {
      expect(remedy).toMatchObject({ permitted: true });
      secret = ok(await admin.remedy(remedy)).secret ?? secret;
    }
    expect(await admin.verify(secret, call)).toMatchObject({ valid: true });
  });
});

describe("a deleted owner whose key is to be replaced by another one, and nobody is there to have it", () => {
  /** What the remedies of one diagnosis after the other are, until one of them gives a secret. */
  async function mend(caller: Caller, key: { readonly id: string }, call: Record<string, unknown> = {}) {
    const sent: string[][] = [];
    for (let times = 0; times < 3; times++) {
      const { remedies, verdict } = await caller.diagnose({ keyId: key.id, ...call });
      sent.push(mutationsOf({ remedies }));
      let secret: string | undefined;
      for (const remedy of remedies) {
        expect(remedy).toMatchObject({ code: verdict.code, permitted: true });
        secret = ok(await caller.remedy(remedy)).secret ?? secret;
      }
      if (secret !== undefined) return { sent, secret };
    }
    throw new Error(`nothing gave a secret: ${JSON.stringify(sent)}`);
  }

  const bounds = { role: "GUEST", allowedIps: ["192.0.2.0/24"] };
  const here = { ip: "192.0.2.1" };

  async function alone(world: World, end: (told: Awaited<ReturnType<World["tenantWithKey"]>>) => Promise<unknown>) {
    const told = await world.tenantWithKey({ key: { scopes: ["a"] } });
    const { admin, owner } = told;
    ok(await admin.user("updateUser", { id: owner.id, ...bounds }));
    await end(told);
    ok(await admin.user("deleteUser", { id: owner.id }));
    return told;
  }

  test("revoked: the owner is created anew, and then a key like it for them", async ({ world }) => {
    const { admin, owner, key } = await alone(world, ({ admin: of, key: { id } }) =>
      of.key("revokeKey", { id, reason: "lost" }),
    );
    const [first] = (await admin.diagnose({ keyId: key.id })).remedies;
    expect(first).toMatchObject({ code: "REVOKED", effect: expect.stringContaining("Diagnose the key again") });
    const { sent, secret } = await mend(admin, key);
    expect(sent).toEqual([["createUser"], ["createKey"]]);
    expect(await admin.verify(secret, here)).toMatchObject({
      valid: true,
      scopes: ["a"],
      owner: { email: owner.email },
    });
    expect(await admin.verify(secret, { ip: "198.51.100.1" })).toMatchObject({ code: "IP_NOT_ALLOWED" });
    const { users } = await admin.query("{ users(first: 9) { nodes { email role status } } }");
    expect(users.nodes).toContainEqual({ email: owner.email, role: "GUEST", status: "ACTIVE" });
  });

  test("revoked, and the one who has the address is disabled: is enabled, and gets a key like it", async ({
    world,
  }) => {
    const { admin, tenant, owner, key } = await alone(world, ({ admin: of, key: { id } }) =>
      of.key("revokeKey", { id, reason: "lost" }),
    );
    const namesake = await world.user(tenant.id, { email: owner.email });
    ok(await admin.user("disableUser", { id: namesake.id }));
    const { sent, secret } = await mend(admin, key);
    expect(sent).toEqual([["enableUser", "createKey"]]);
    expect(await admin.verify(secret, here)).toMatchObject({ valid: true, owner: { id: namesake.id } });
    expect(await admin.verify(secret, { ip: "198.51.100.1" })).toMatchObject({ code: "IP_NOT_ALLOWED" });
  });

  test("a team's key that was revoked: likewise, out of the team, with no more scopes than it left", async ({
    world,
  }) => {
    const { admin, tenant, key } = await alone(
      world,
      async ({ admin: of, tenant: { id }, owner, key: { id: keyId } }) => {
        const team = await world.team(id, [owner.id], { keyScopes: ["a"] });
        ok(await of.key("updateKey", { id: keyId, teamId: team.id, scopes: ["a", "b"] }));
        ok(await of.key("revokeKey", { id: keyId, reason: "lost" }));
      },
    );
    const { sent, secret } = await mend(admin, key);
    expect(sent).toEqual([["createUser"], ["createKey"]]);
    expect(await admin.verify(secret, here)).toMatchObject({ valid: true, scopes: ["a"], tenantId: tenant.id });
  });

  test("of the other environment: likewise; reissuing this one would mend nothing", async ({ world }) => {
    const { admin, key } = await alone(world, async () => undefined);
    const call = { environment: "TEST", ...here };
    const { sent, secret } = await mend(admin, key, call);
    expect(sent).toEqual([["createUser"], ["createKey"]]);
    expect(await admin.verify(secret, call)).toMatchObject({ valid: true });
  });

  test("who may not create users is told who may, and nothing of a limit of the deleted owner is offered", async ({
    world,
  }) => {
    const { admin, tenant, key } = await alone(world, async ({ admin: of, owner, key: { id }, secret }) => {
      ok(await of.quota("setQuota", { targetId: owner.id, limit: 1 }));
      await of.verify(secret, here);
      ok(await of.key("revokeKey", { id, reason: "lost" }));
    });
    const narrow = await world.caller("ADMIN", {
      tenantId: tenant.id,
      permissions: ["KEYS_DIAGNOSE", "KEYS_READ", "KEYS_CREATE"],
    });
    expect((await narrow.diagnose({ keyId: key.id })).remedies).toMatchObject([
      { permitted: false, permittedTo: expect.stringContaining("users:create") },
    ]);
    expect(mutationsOf(await admin.diagnose({ keyId: key.id }))).toEqual(["createUser"]);
  });
});
