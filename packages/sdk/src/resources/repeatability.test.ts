import type { Send } from "../client/transport.js";
import { data, drop, text } from "../test-helpers/fake-server.js";
import { describe, expect, secret, test } from "../test-helpers/story.js";
import { Account } from "./account.js";
import { ApiGrants } from "./api-grants.js";
import { Apis } from "./apis.js";
import { Audit } from "./audit.js";
import { Integrity } from "./integrity.js";
import { KeyEvents } from "./key-events.js";
import { Keys } from "./keys.js";
import { Lifecycle } from "./lifecycle.js";
import { Limits } from "./limits.js";
import { ManagementTokens } from "./management-tokens.js";
import { OAuthClients } from "./oauth-clients.js";
import { Roles } from "./roles.js";
import { Teams } from "./teams.js";
import { Tenants } from "./tenants.js";
import { TrustedIssuers } from "./trusted-issuers.js";
import { Usage } from "./usage.js";
import { Users } from "./users.js";
import { Webhooks } from "./webhooks.js";

const id = "key_1";

interface Call {
  readonly run: (send: Send) => Promise<unknown>;
  readonly field: string;
}

const call = (field: string, run: Call["run"]): Call => ({ field, run });

const usageOf = (send: Send): Usage => new Usage({ send } as never, {} as never);
const window = { tenantId: "t", from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };

const account = { email: "e", password: "p" };

const repeated: Record<string, Call> = {
  "keys.verify": call("verifyKey", (send) => new Keys(send).verify({ key: secret })),
  "keys.get": call("key", (send) => new Keys(send).get(id)),
  "keys.create": call("createKey", (send) => new Keys(send).create({ tenantId: "t", ownerId: "u", name: "n" })),
  "keys.rotate": call("rotateKey", (send) => new Keys(send).rotate({ id })),
  "keys.reissue": call("reissueKey", (send) => new Keys(send).reissue({ id, ownerId: "u" })),
  "keys.disable": call("disableKey", (send) => new Keys(send).disable({ id })),
  "keys.revoke": call("revokeKey", (send) => new Keys(send).revoke({ id, reason: "leaked" })),
  "keys.delete": call("deleteKey", (send) => new Keys(send).delete({ id })),
  "account.refresh": call("refreshSession", (send) => new Account(send).refresh({ refreshToken: "r" })),
  "roles.get": call("role", (send) => new Roles(send).get(id)),
  "roles.create": call("createRole", (send) => new Roles(send).create({ tenantId: "t", name: "n", permissions: [] })),
  "limits.get": call("key", (send) => new Limits(send).get(id)),
  "limits.topUpQuota": call("topUpQuota", (send) => new Limits(send).topUpQuota({ targetId: id, amount: 1 })),
  "apis.get": call("api", (send) => new Apis(send).get(id)),
  "apis.create": call("createApi", (send) => new Apis(send).create({ tenantId: "t", slug: "s", name: "n" })),
  "apiGrants.get": call("apiGrant", (send) => new ApiGrants(send).get(id)),
  "apiGrants.request": call("requestApiAccess", (send) => new ApiGrants(send).request({ apiId: id, keyId: "k" })),
  "apiGrants.grant": call("grantApiAccess", (send) => new ApiGrants(send).grant({ apiId: id, keyId: "k" })),
  "apiGrants.refuse": call("refuseApiAccess", (send) => new ApiGrants(send).refuse({ id, reason: "r" })),
  "apiGrants.revoke": call("revokeApiAccess", (send) => new ApiGrants(send).revoke({ id, reason: "r" })),
  "teams.get": call("team", (send) => new Teams(send).get(id)),
  "teams.create": call("createTeam", (send) => new Teams(send).create({ tenantId: "t", name: "n" })),
  "teams.removeMember": call("removeTeamMember", (send) => new Teams(send).removeMember({ teamId: id, userId: "u" })),
  "lifecycle.reportLeakedKey": call("reportLeakedKey", (send) => new Lifecycle(send).reportLeakedKey({ key: secret })),
  "lifecycle.hygiene": call("keyHygiene", (send) => new Lifecycle(send).hygiene("t")),
  "tenants.get": call("tenant", (send) => new Tenants(send).get(id)),
  "tenants.create": call("createTenant", (send) => new Tenants(send).create({ slug: "s", name: "n" })),
  "tenants.suspend": call("suspendTenant", (send) => new Tenants(send).suspend({ id })),
  "usage.query": call("usage", (send) => usageOf(send).query(window)),
  "usage.queryPoints": call("usage", (send) => usageOf(send).queryPoints(window)),
  "usage.invalidAttempts": call("invalidAttempts", (send) => usageOf(send).invalidAttempts(window)),
  "users.get": call("user", (send) => new Users(send).get(id)),
  "users.create": call("createUser", (send) => new Users(send).create({ tenantId: "t", email: "e", name: "n" })),
  "users.disable": call("disableUser", (send) => new Users(send).disable({ id })),
  "users.delete": call("deleteUser", (send) => new Users(send).delete({ id })),
  "managementTokens.create": call("createManagementToken", (send) =>
    new ManagementTokens(send).create({ name: "n", role: "GUEST" }),
  ),
  "managementTokens.rotate": call("rotateManagementToken", (send) => new ManagementTokens(send).rotate({ id })),
  "managementTokens.revoke": call("revokeManagementToken", (send) => new ManagementTokens(send).revoke({ id })),
  "oauthClients.create": call("createOAuthClient", (send) =>
    new OAuthClients(send).create({ name: "n", role: "GUEST", grantTypes: ["CLIENT_CREDENTIALS"] }),
  ),
  "oauthClients.rotateSecret": call("rotateOAuthClientSecret", (send) => new OAuthClients(send).rotateSecret({ id })),
  "oauthClients.disable": call("disableOAuthClient", (send) => new OAuthClients(send).disable({ id })),
  "oauthClients.delete": call("deleteOAuthClient", (send) => new OAuthClients(send).delete({ id })),
  "trustedIssuers.create": call("createTrustedIssuer", (send) =>
    new TrustedIssuers(send).create({ tenantId: "t", name: "n", issuer: "https://i.example", audience: "a" }),
  ),
  "trustedIssuers.delete": call("deleteTrustedIssuer", (send) => new TrustedIssuers(send).delete({ id })),
  "trustedIssuers.test": call("testTrustedIssuer", (send) => new TrustedIssuers(send).test({ id })),
  "webhooks.get": call("webhook", (send) => new Webhooks(send).get(id)),
  "webhooks.create": call("createWebhook", (send) =>
    new Webhooks(send).create({ tenantId: "t", name: "n", url: "https://r.example" }),
  ),
  "webhooks.rotateSecret": call("rotateWebhookSecret", (send) => new Webhooks(send).rotateSecret({ id })),
  "webhooks.disable": call("disableWebhook", (send) => new Webhooks(send).disable({ id })),
  "webhooks.delete": call("deleteWebhook", (send) => new Webhooks(send).delete({ id })),
  "webhooks.test": call("testWebhook", (send) => new Webhooks(send).test({ id })),
};

const sentOnce: Record<string, Call> = {
  "keys.update": call("updateKey", (send) => new Keys(send).update({ id })),
  "keys.enable": call("enableKey", (send) => new Keys(send).enable({ id })),
  "account.signIn": call("signIn", (send) => new Account(send).signIn(account)),
  "account.signOut": call("signOut", (send) => new Account(send).signOut()),
  "account.signOutEverywhere": call("signOutEverywhere", (send) => new Account(send).signOutEverywhere()),
  "account.requestPasswordLink": call("requestPasswordLink", (send) => new Account(send).requestPasswordLink(account)),
  "account.sendPasswordLink": call("sendPasswordLink", (send) => new Account(send).sendPasswordLink({ userId: id })),
  "account.setPassword": call("setPassword", (send) => new Account(send).setPassword({ token: "t", password: "p" })),
  "account.changePassword": call("changePassword", (send) =>
    new Account(send).changePassword({ currentPassword: "a", newPassword: "b" }),
  ),
  "keys.restore": call("restoreKey", (send) => new Keys(send).restore({ id })),
  "roles.update": call("updateRole", (send) => new Roles(send).update({ id })),
  "roles.delete": call("deleteRole", (send) => new Roles(send).delete({ id })),
  "limits.setRateLimits": call("setRateLimits", (send) =>
    new Limits(send).setRateLimits({ targetId: id, rateLimits: [] }),
  ),
  "limits.setQuota": call("setQuota", (send) => new Limits(send).setQuota({ targetId: id, limit: 1 })),
  "limits.removeQuota": call("removeQuota", (send) => new Limits(send).removeQuota({ targetId: id })),
  "limits.resetQuota": call("resetQuota", (send) => new Limits(send).resetQuota({ targetId: id })),
  "integrity.check": call("checkIntegrity", (send) => new Integrity({ send } as never).check()),
  "keys.release": call("releaseKey", (send) => new Keys(send).release({ id, reason: "r" })),
  "apis.update": call("updateApi", (send) => new Apis(send).update({ id })),
  "apis.delete": call("deleteApi", (send) => new Apis(send).delete({ id })),
  "apiGrants.approve": call("approveApiAccess", (send) => new ApiGrants(send).approve({ id })),
  "teams.update": call("updateTeam", (send) => new Teams(send).update({ id })),
  "teams.delete": call("deleteTeam", (send) => new Teams(send).delete({ id })),
  "teams.addMember": call("addTeamMember", (send) => new Teams(send).addMember({ teamId: id, userId: "u" })),
  "lifecycle.updatePolicy": call("updateLifecyclePolicy", (send) =>
    new Lifecycle(send).updatePolicy({ tenantId: "t" }),
  ),
  "lifecycle.resolveFinding": call("resolveKeyFinding", (send) =>
    new Lifecycle(send).resolveFinding({ id: "kfn_1", reason: "r" }),
  ),
  "tenants.update": call("updateTenant", (send) => new Tenants(send).update({ id })),
  "tenants.resume": call("resumeTenant", (send) => new Tenants(send).resume({ id })),
  "oauthClients.update": call("updateOAuthClient", (send) => new OAuthClients(send).update({ id })),
  "oauthClients.enable": call("enableOAuthClient", (send) => new OAuthClients(send).enable({ id })),
  "trustedIssuers.update": call("updateTrustedIssuer", (send) => new TrustedIssuers(send).update({ id })),
  "users.update": call("updateUser", (send) => new Users(send).update({ id })),
  "users.enable": call("enableUser", (send) => new Users(send).enable({ id })),
  "webhooks.update": call("updateWebhook", (send) => new Webhooks(send).update({ id })),
  "webhooks.enable": call("enableWebhook", (send) => new Webhooks(send).enable({ id })),
  "webhooks.redeliver": call("redeliverWebhook", (send) => new Webhooks(send).redeliver({ deliveryId: id })),
};

describe("after an attempt whose outcome is not known", () => {
  for (const [name, { run, field }] of Object.entries(repeated)) {
    test(`${name} is sent again, as it was sent first`, async ({ story }) => {
      story.server.replies(drop, data({ [field]: null }));
      expect(await run(story.send)).toBeNull();
      const [first, second] = story.server.requests;
      expect(second).toMatchObject({ query: first?.query, variables: first?.variables });
    });
  }

  for (const [name, { run, field }] of Object.entries(sentOnce)) {
    test(`${name} is not sent again`, async ({ story }) => {
      story.server.replies(drop, data({ [field]: null }));
      await expect(run(story.send)).rejects.toMatchObject({ code: "CONNECTION_FAILED" });
      expect(story.server.requests).toHaveLength(1);
    });

    test(`${name} is sent again where it certainly was not done`, async ({ story }) => {
      story.server.replies(text(429, ""), data({ [field]: null }));
      expect(await run(story.send)).toBeNull();
    });
  }

  for (const List of [
    Audit,
    KeyEvents,
    Keys,
    ManagementTokens,
    OAuthClients,
    Tenants,
    TrustedIssuers,
    Users,
    Webhooks,
  ]) {
    test(`every page of a list of ${List.name} is asked for again`, async ({ story }) => {
      const field = {
        Audit: "auditLog",
        KeyEvents: "keyEvents",
        Keys: "keys",
        ManagementTokens: "managementTokens",
        OAuthClients: "oauthClients",
        Tenants: "tenants",
        TrustedIssuers: "trustedIssuers",
        Users: "users",
        Webhooks: "webhooks",
      };
      const pages = { nodes: [1], pageInfo: { endCursor: null, hasNextPage: false }, totalCount: 1 };
      story.server.replies(drop, data({ [field[List.name as keyof typeof field]]: pages }));
      // Only following needs more than a way to send.
      const lists = List === KeyEvents ? new List({ send: story.send } as never) : new List(story.send as never);
      expect((await lists.list().page()).nodes).toEqual([1]);
    });
  }
});

describe("an idempotencyKey", () => {
  const input = { tenantId: "t", ownerId: "u", name: "n" };
  const created = data({ createKey: null });

  test("is made for each call and shared by its attempts", async ({ story }) => {
    story.server.replies(drop, created, drop, created);
    await story.keys.create(input);
    await story.keys.create(input);
    const [a, b, c, d] = story.server.requests.map(({ variables }) => variables.input?.["idempotencyKey"]);
    expect(a).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect([b, d]).toEqual([a, c]);
    expect(c).not.toBe(a);
  });

  test("can be the caller's own, in the options or in the input, which wins", async ({ story }) => {
    story.server.replies(created);
    await story.keys.create(input, { idempotencyKey: "job-1" });
    await story.keys.create({ ...input, idempotencyKey: "job-2" }, { idempotencyKey: "job-1" });
    const keys = story.server.requests.map(({ variables }) => variables.input?.["idempotencyKey"]);
    expect(keys).toEqual(["job-1", "job-2"]);
  });

  test("is not added to the caller's own object", async ({ story }) => {
    story.server.replies(created);
    const own = Object.freeze({ ...input });
    await story.keys.create(own);
    expect(own).toEqual(input);
  });
});
