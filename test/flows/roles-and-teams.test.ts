import { Keyplane, unwrap } from "@keyplane/sdk";
import { createGuard } from "@keyplane/sdk/guard";
import { describe, expect, test } from "../testkit/index.js";

/** Access from end to end, with the SDK and nothing else. */
describe("a support team", () => {
  test("looks after keys with a role of its own, which bounds them everywhere at once", async ({ world }) => {
    const { tenant, admin: token } = await world.tenant();
    const admin = new Keyplane({ url: world.url, token: token.token ?? "" });
    const { role } = unwrap(
      await admin.roles.create({
        tenantId: tenant.id,
        name: "Support",
        permissions: ["TENANTS_READ", "USERS_READ", "KEYS_READ", "KEYS_VERIFY", "KEYS_DISABLE"],
        keyScopes: ["orders:read", "orders:write"],
      }),
    );
    const person = async (name: string) =>
      unwrap(
        await admin.users.create({
          tenantId: tenant.id,
          email: `${name}@acme.example`,
          name,
          role: "GUEST",
          customRoleId: role.id,
        }),
      ).user;
    const [ada, bob] = [await person("ada"), await person("bob")];
    const { team } = unwrap(await admin.teams.create({ tenantId: tenant.id, name: "Support" }));
    for (const { id } of [ada, bob]) unwrap(await admin.teams.addMember({ teamId: team.id, userId: id }));
    const scopes = ["orders:read", "orders:write", "refunds:write"];
    const { key, secret } = unwrap(
      await admin.keys.create({ tenantId: tenant.id, ownerId: ada.id, teamId: team.id, name: "desk", scopes }),
    );
    expect((await admin.teams.members(team.id).page()).nodes.map(({ id }) => id).sort()).toEqual(
      [ada.id, bob.id].sort(),
    );

    const issued = unwrap(
      await admin.managementTokens.create({ name: "bob", userId: bob.id, role: "GUEST", customRoleId: role.id }),
    );
    const bobs = new Keyplane({ url: world.url, token: issued.secret });
    expect(await bobs.can("KEYS_DISABLE", key.id)).toMatchObject({ allowed: true });
    expect(await bobs.can("KEYS_REVOKE", key.id)).toMatchObject({ allowed: false, code: "FORBIDDEN" });
    expect(await bobs.viewer()).toMatchObject({ customRoleId: role.id, seesWholeTenant: false });

    const guard = createGuard({ url: world.url, token: token.token ?? "", usage: false });
    try {
      await guard.ready();
      const verify = (scope: string) => guard.verify(secret, { scopes: [scope] });
      expect(await verify("orders:write")).toMatchObject({ valid: true, scopes: scopes.slice(0, 2) });
      expect(await verify("refunds:write")).toMatchObject({
        code: "INSUFFICIENT_SCOPE",
        missingScopes: ["refunds:write"],
      });
      unwrap(await admin.teams.update({ id: team.id, keyScopes: ["orders:read"] }));
      await expect.poll(async () => (await verify("orders:write")).code).toBe("INSUFFICIENT_SCOPE");
      expect(await verify("orders:read")).toMatchObject({ valid: true, scopes: ["orders:read"] });
      unwrap(await admin.roles.update({ id: role.id, keyScopes: null }));
      unwrap(await admin.teams.update({ id: team.id, keyScopes: null }));
      await expect.poll(async () => (await verify("refunds:write")).code).toBe("VALID");
    } finally {
      await guard.close();
    }

    unwrap(await bobs.keys.disable({ id: key.id }));
    unwrap(await admin.teams.removeMember({ teamId: team.id, userId: bob.id }));
    expect(await bobs.keys.get(key.id)).toBeNull();
    expect(await bobs.can("KEYS_DISABLE", key.id)).toMatchObject({ allowed: false, code: "NOT_FOUND" });
    expect(await admin.roles.delete({ id: role.id })).toMatchObject({ code: "CONFLICT" });
    const rotated = unwrap(await admin.managementTokens.rotate({ id: issued.managementToken.id }));
    await expect(bobs.viewer()).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await new Keyplane({ url: world.url, token: rotated.secret }).viewer()).toMatchObject({ userId: bob.id });
  });
});
