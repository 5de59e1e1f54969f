import { day, describe, expect, ok, strangeIds, test } from "../../testkit/index.js";
import { callback, clientMutation, clientStory, oauthIds } from "../../testkit/oauth.js";
import { quietWebhookId, webhookMutation } from "../../testkit/webhooks.js";

describe("can", () => {
  test("says yes where the caller may", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const yes = { allowed: true, code: null, reason: expect.any(String) };
    for (const [action, id] of [
      ["KEYS_ROTATE", undefined],
      ["KEYS_ROTATE", key.id],
      ["KEYS_CREATE", tenant.id],
      ["USERS_DISABLE", owner.id],
      ["ROLES_UPDATE", (await world.role(tenant.id)).id],
      ["TEAMS_DELETE", (await world.team(tenant.id)).id],
    ] as const) {
      expect(await admin.can(action, id)).toEqual({ action, ...yes });
    }
  });

  test("knows OAuth clients and trusted issuers", async ({ world }) => {
    const [ours, theirs] = [await clientStory(world), await world.tenant()];
    const { OAuthClient, TrustedIssuer } = await oauthIds(world, ours.tenant.id);
    for (const [action, id] of [
      ["CLIENTS_ROTATE", OAuthClient],
      ["ISSUERS_UPDATE", TrustedIssuer],
      ["CLIENTS_CREATE", ours.tenant.id],
    ] as const) {
      expect(await ours.admin.can(action, id)).toMatchObject({ action, allowed: true });
      expect(await theirs.admin.can(action, id)).toMatchObject({ allowed: false, code: "NOT_FOUND" });
    }
    const open = { name: "App", role: "GUEST", isPublic: true, redirectUris: [callback] };
    const input = { ...open, tenantId: ours.tenant.id, grantTypes: ["AUTHORIZATION_CODE"] };
    const { oauthClient } = ok(await clientMutation(ours.admin, "createOAuthClient", input));
    expect(await ours.admin.can("CLIENTS_ROTATE", oauthClient.id)).toMatchObject({ code: "CONFLICT" });
  });

  test("knows webhooks", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const id = await quietWebhookId(world, ours.tenant.id);
    for (const [action, of] of [
      ["WEBHOOKS_UPDATE", id],
      ["WEBHOOKS_CREATE", ours.tenant.id],
    ] as const) {
      expect(await ours.admin.can(action, of)).toMatchObject({ action, allowed: true });
      expect(await theirs.admin.can(action, of)).toMatchObject({ allowed: false, code: "NOT_FOUND" });
    }
  });

  test("lets nobody create a webhook who may not hear what it would tell, as createWebhook does", async ({ world }) => {
    const { tenant } = await world.tenant();
    const caller = (more: object) => world.caller("ADMIN", { tenantId: tenant.id, ...more });
    const input = { tenantId: tenant.id, name: "Ops", url: "https://example.com" };
    const permissions = ["WEBHOOKS_CREATE", "WEBHOOKS_UPDATE"];
    for (const [more, why] of [
      [{ permissions }, "keys:read"],
      [{ expiresAt: world.clock.in(day) }, "expires at"],
    ] as const) {
      const weak = await caller(more);
      const { code, message } = await webhookMutation(weak, "createWebhook", input);
      const refusal = { allowed: false, code, reason: message };
      expect(await weak.can("WEBHOOKS_CREATE")).toMatchObject(refusal);
      expect(await weak.can("WEBHOOKS_CREATE", tenant.id)).toMatchObject(refusal);
      expect(refusal).toMatchObject({ code: "FORBIDDEN", reason: expect.stringContaining(why) });
      // Its name it may change.
      const update = await weak.can("WEBHOOKS_UPDATE");
      expect(update).toMatchObject({ allowed: true, reason: expect.stringContaining(why) });
    }
    const strong = await caller({ permissions: [...permissions, "KEYS_READ"] });
    expect(await strong.can("WEBHOOKS_CREATE", tenant.id)).toMatchObject({ allowed: true, reason: "You may." });
    ok(await webhookMutation(strong, "createWebhook", input));
  });

  test("says which permission is missing, and where it would come from", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const developer = await world.userCaller(owner);
    expect(await developer.can("KEYS_REVOKE", key.id)).toMatchObject({
      allowed: false,
      code: "FORBIDDEN",
      reason: expect.stringMatching(/keys:revoke.*role DEVELOPER/),
    });
    const role = await world.role(tenant.id, { permissions: [] });
    ok(await admin.user("updateUser", { id: owner.id, customRoleId: role.id }));
    expect((await developer.can("KEYS_READ")).reason).toContain(role.id);
    expect((await admin.can("TENANTS_CREATE")).reason).toContain("whole installation");
  });

  test("answers a missing id, another tenant's, and one of another kind or person alike", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const missing = await ours.admin.can("KEYS_REVOKE", world.missingId("Key"));
    expect(missing).toMatchObject({ allowed: false, code: "NOT_FOUND" });
    for (const id of [theirs.key.id, ours.owner.id, ...strangeIds("Key")]) {
      expect(await ours.admin.can("KEYS_REVOKE", id)).toEqual(missing);
    }
    const colleague = await world.userCaller(await world.user(ours.tenant.id));
    const hidden = await colleague.can("KEYS_READ", ours.key.id);
    expect(hidden).toEqual(await colleague.can("KEYS_READ", world.missingId("Key")));
  });

  test("says what of the state is in the way", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey({ key: { scopes: ["a"] } });
    const some = await world.caller("ADMIN", { tenantId: tenant.id, grantableScopes: [] });
    expect(await some.can("KEYS_ROTATE", key.id)).toMatchObject({
      code: "FORBIDDEN",
      reason: expect.stringContaining("a"),
    });
    ok(await admin.key("deleteKey", { id: key.id }));
    expect(await admin.can("KEYS_ROTATE", key.id)).toMatchObject({
      code: "CONFLICT",
      reason: expect.stringContaining("restoreKey"),
    });
    ok(await admin.key("restoreKey", { id: key.id }));
    ok(await admin.key("revokeKey", { id: key.id, reason: "lost" }));
    expect(await admin.can("KEYS_UPDATE", key.id)).toMatchObject({ code: "CONFLICT" });
    expect(await admin.can("KEYS_REVOKE", key.id)).toMatchObject({ allowed: true });
    ok(await admin.user("deleteUser", { id: owner.id }));
    expect(await admin.can("USERS_UPDATE", owner.id)).toMatchObject({ code: "CONFLICT" });
    const { managementToken } = ok(await admin.createToken({ name: "t", role: "GUEST" }));
    ok(await admin.revokeToken({ id: managementToken.id }));
    expect(await admin.can("TOKENS_ROTATE", managementToken.id)).toMatchObject({ code: "CONFLICT" });
    expect(await admin.can("AUDIT_READ", key.id)).toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test("is for everyone who is known", async ({ world }) => {
    const guest = await world.caller("GUEST");
    expect(await guest.can("KEYS_READ")).toMatchObject({ allowed: false });
    await expect(world.anonymous.can("KEYS_READ")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
