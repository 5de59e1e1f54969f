import { Keyplane, unwrap } from "@keyplane/sdk";
import { day, describe, expect, hour, test } from "../testkit/index.js";

/** The main job from end to end, over HTTP, as an application does it: with the SDK and nothing else. */
describe("from nothing to a verified key", () => {
  test("a key is issued, accepted, revoked, and then refused with the reason", async ({ world }) => {
    const keyplane = new Keyplane({ url: world.url, token: world.server.rootToken });
    const { tenant } = unwrap(await keyplane.tenants.create({ slug: world.unique(), name: "Acme" }));
    const { user } = unwrap(
      await keyplane.users.create({ tenantId: tenant.id, email: "ada@acme.example", name: "Ada" }),
    );
    const { key, secret } = unwrap(
      await keyplane.keys.create({ tenantId: tenant.id, ownerId: user.id, name: "First", scopes: ["orders:read"] }),
    );

    const accepted = await keyplane.keys.verify({ key: secret, scopes: ["orders:read"] });
    expect(accepted).toMatchObject({ valid: true, code: "VALID", key: { id: key.id }, owner: { name: "Ada" } });

    unwrap(await keyplane.keys.revoke({ id: key.id, reason: "laptop stolen" }));
    const refused = await keyplane.keys.verify({ key: secret, scopes: ["orders:read"] });
    expect(refused).toMatchObject({ valid: false, code: "REVOKED" });
    expect(refused.message).toContain("laptop stolen");
  });

  test("an application's own token verifies keys and can do nothing else", async ({ world }) => {
    const { tenant, key, secret } = await world.tenantWithKey();
    const admin = new Keyplane({ url: world.url, token: world.server.rootToken });
    const { secret: token } = unwrap(
      await admin.managementTokens.create({
        name: "orders service",
        tenantId: tenant.id,
        role: "DEVELOPER",
        permissions: ["KEYS_VERIFY"],
      }),
    );
    const application = new Keyplane({ url: world.url, token });
    expect(await application.keys.verify({ key: secret })).toMatchObject({ valid: true });
    expect(await application.keys.revoke({ id: key.id, reason: "x" })).toMatchObject({ code: "FORBIDDEN" });
    await expect(application.keys.get(key.id)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("a rotation lets both secrets work for the overlap, then only the new one", async ({ world }) => {
    const { admin, key, secret: old } = await world.tenantWithKey();
    const keyplane = new Keyplane({ url: world.url, token: admin.token ?? "" });
    const { secret } = unwrap(await keyplane.keys.rotate({ id: key.id, overlapMs: hour }));
    const codes = async () => [
      (await keyplane.keys.verify({ key: old })).code,
      (await keyplane.keys.verify({ key: secret })).code,
    ];
    expect(await codes()).toEqual(["VALID", "VALID"]);
    world.clock.advance(hour);
    expect(await codes()).toEqual(["SUPERSEDED", "VALID"]);
  });

  test("a key with an invalid user is mended: found out, reissued to the right user, and accepted again", async ({
    world,
  }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    const keyplane = new Keyplane({ url: world.url, token: admin.token ?? "" });
    unwrap(await keyplane.users.delete({ id: owner.id, reason: "left" }));

    const refused = await keyplane.keys.verify({ key: secret });
    expect(refused).toMatchObject({ valid: false, code: "OWNER_NOT_FOUND", key: { id: key.id } });

    const { user } = unwrap(
      await keyplane.users.create({ tenantId: tenant.id, email: `${world.unique()}@acme.example`, name: "Grace" }),
    );
    const reissued = unwrap(await keyplane.keys.reissue({ id: key.id, ownerId: user.id }));
    expect(reissued.key.id).toBe(key.id);
    expect(await keyplane.keys.verify({ key: reissued.secret })).toMatchObject({ valid: true, owner: { id: user.id } });
    expect(await keyplane.keys.verify({ key: secret })).toMatchObject({ valid: false, code: "SUPERSEDED" });
  });

  test("keys about to expire are found, and extended before their callers notice", async ({ world }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey({ policy: { defaultLifetimeMs: 10 * day } });
    const keyplane = new Keyplane({ url: world.url, token: admin.token ?? "" });
    const expiring = [];
    for await (const found of keyplane.keys.list({
      tenantId: tenant.id,
      filter: { expiringBefore: world.clock.in(14 * day) },
    })) {
      expiring.push(found.id);
    }
    expect(expiring).toEqual([key.id]);
    unwrap(await keyplane.keys.update({ id: key.id, expiresAt: world.clock.in(60 * day) }));
    world.clock.advance(11 * day);
    expect(await keyplane.keys.verify({ key: secret })).toMatchObject({ valid: true });
  });
});
