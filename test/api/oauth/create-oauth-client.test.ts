import { describe, expect, ok, sendGraphql, strangeTexts, test } from "../../testkit/index.js";
import { clientMutation } from "../../testkit/oauth.js";

const base = { name: "App", role: "DEVELOPER", grantTypes: ["CLIENT_CREDENTIALS"] };

describe("createOAuthClient", () => {
  test("makes a client whose secret is shown once and kept as a digest", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const input = {
      ...base,
      permissions: ["KEYS_VERIFY"],
      grantableScopes: ["a"],
      grantTypes: ["CLIENT_CREDENTIALS", "AUTHORIZATION_CODE"],
      redirectUris: ["https://app.example.com/cb", "http://127.0.0.1:8080/cb", "http://[::1]/cb"],
      resources: ["https://api.example.com/orders"],
      resourceScopes: ["orders:read"],
    };
    const { oauthClient, secret } = ok(await clientMutation(admin, "createOAuthClient", input));
    expect(oauthClient).toMatchObject({ ...input, tenantId: tenant.id, isPublic: false, disabledAt: null });
    expect(oauthClient.id).toMatch(/^cli_\w{24}$/);
    expect(secret.startsWith(oauthClient.secretStart)).toBe(true);
    const { auditLog } = await admin.query(
      `{ auditLog(filter: { targetId: "${oauthClient.id}" }) { nodes { action after } } }`,
    );
    expect(auditLog.nodes).toMatchObject([{ action: "oauth_client.created", after: { name: "App" } }]);
    expect(JSON.stringify(auditLog)).not.toMatch(/secretHash/);
  });

  test("makes a public client without a secret, and an installation-wide one for a caller who reaches as far", async ({
    world,
  }) => {
    const publicOne = {
      ...base,
      grantTypes: ["AUTHORIZATION_CODE"],
      redirectUris: ["https://a.example/cb"],
      isPublic: true,
    };
    const { oauthClient, secret } = ok(await clientMutation(world.root, "createOAuthClient", publicOne));
    expect([oauthClient.isPublic, oauthClient.secretStart, oauthClient.tenantId, secret]).toEqual([
      true,
      null,
      null,
      null,
    ]);
  });

  test("a retry with the same idempotencyKey makes one client and gives the same secret", async ({ world }) => {
    const { admin } = await world.tenant();
    const input = { ...base, idempotencyKey: world.unique("attempt") };
    const [first, second] = [
      await clientMutation(admin, "createOAuthClient", input),
      await clientMutation(admin, "createOAuthClient", input),
    ];
    expect(ok(second)).toEqual(ok(first));
    expect(await clientMutation(admin, "createOAuthClient", { ...input, name: "Other" })).toMatchObject({
      code: "CONFLICT",
    });
  });

  const code = { grantTypes: ["AUTHORIZATION_CODE"] };
  test.for([
    ["permissions", { permissions: ["TENANTS_CREATE"] }],
    ["grantTypes", { grantTypes: [] }],
    ["grantTypes", { grantTypes: ["REFRESH_TOKEN", "CLIENT_CREDENTIALS"] }],
    ["grantTypes", { isPublic: true }],
    ["redirectUris", code],
    ["redirectUris", { ...code, redirectUris: ["http://app.example.com/cb"] }],
    ["redirectUris", { ...code, redirectUris: ["https://app.example.com/cb#x"] }],
    ["redirectUris", { ...code, redirectUris: ["https://*.example.com/cb"] }],
    ["redirectUris", { ...code, redirectUris: ["https://user@app.example.com/cb"] }],
    ["redirectUris", { ...code, redirectUris: ["https://app.example.com\\@evil.example/cb"] }],
    ["redirectUris", { ...code, redirectUris: ["javascript:alert(1)"] }],
    ["redirectUris", { ...code, redirectUris: ["/callback"] }],
    ["redirectUris", { ...code, redirectUris: [`https://a.example/${"x".repeat(2_000)}`] }],
    ["redirectUris", { ...code, redirectUris: Array.from({ length: 21 }, (_, n) => `https://a.example/${n}`) }],
    ["resources", { resources: ["orders"] }],
    ["resources", { resources: ["https://api.example.com#x"] }],
    ["resourceScopes", { resourceScopes: ["a b"] }],
    ["grantableScopes", { grantableScopes: ["a b"] }],
    ...strangeTexts(100).map(({ text }) => ["name", { name: text }] as const),
  ] as const)("says what is wrong with %s: %o", async ([path, wrong], { world }) => {
    const { admin } = await world.tenant();
    // As root, who has the permission: in a tenant it means nothing.
    const caller = path === "permissions" ? world.root : admin;
    const { tenant } = await world.tenant();
    const where = path === "permissions" ? { tenantId: tenant.id } : {};
    const refusal = await clientMutation(caller, "createOAuthClient", { ...base, ...where, ...wrong });
    expect(refusal).toMatchObject({ code: "INVALID_INPUT" });
    expect(refusal.issues[0].path[0]).toBe(path);
  });

  test("nobody gives a client more than they have", async ({ world }) => {
    const { tenant } = await world.tenant();
    const caller = await world.caller("ADMIN", {
      tenantId: tenant.id,
      permissions: ["CLIENTS_CREATE", "KEYS_READ"],
      grantableScopes: ["a"],
    });
    for (const beyond of [
      {},
      { permissions: ["KEYS_REVOKE"] },
      { permissions: ["KEYS_READ"], grantableScopes: ["b"] },
    ]) {
      expect(await clientMutation(caller, "createOAuthClient", { ...base, role: "ADMIN", ...beyond })).toMatchObject({
        code: "FORBIDDEN",
      });
    }
    const { oauthClient } = ok(
      await clientMutation(caller, "createOAuthClient", { ...base, permissions: ["KEYS_READ"] }),
    );
    expect(oauthClient.grantableScopes).toEqual(["a"]);
  });

  test("is refused without the permission, without a token, and for another tenant as for a missing one", async ({
    world,
  }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const developer = await world.caller("DEVELOPER", { tenantId: ours.tenant.id });
    expect(await clientMutation(developer, "createOAuthClient", base)).toMatchObject({ code: "FORBIDDEN" });
    const inTenant = (tenantId: string) => clientMutation(ours.admin, "createOAuthClient", { ...base, tenantId });
    expect(await inTenant(theirs.tenant.id)).toEqual(await inTenant(world.missingId("Tenant")));
    const document = `mutation { createOAuthClient(input: { name: "x", role: GUEST, grantTypes: [] }) { __typename } }`;
    expect((await sendGraphql(world.url, null, document)).status).toBe(401);
  });
});
