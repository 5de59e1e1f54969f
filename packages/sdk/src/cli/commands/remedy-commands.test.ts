import { describe, expect, test } from "vitest";
import { asked } from "../../test-helpers/command-line.js";
import { commandFor, spellings } from "./remedy-commands.js";

const reason = "the secret was replaced";

type Case = readonly [mutation: string, path: string, input: Record<string, unknown>, options: object];

describe("a remedy is typed as the command that does all of it", () => {
  const cases: readonly Case[] = [
    ["approveApiAccess", "apis approve", { id: "grt_1" }, {}],
    [
      "createUser",
      "users create",
      { tenantId: "ten_1", email: "a@b.example", name: "Ada L", role: "GUEST", allowedIps: ["10.0.0.0/8"] },
      { tenant: "ten_1", email: "a@b.example", name: "Ada L", role: "GUEST", allowedIps: ["10.0.0.0/8"] },
    ],
    [
      "createUser",
      "users create",
      { tenantId: "ten_1", email: "a@b.example", name: "Ada", customRoleId: "rol_1", deniedIps: ["10.0.0.1"] },
      { tenant: "ten_1", customRole: "rol_1", deniedIps: ["10.0.0.1"] },
    ],
    ["deleteKey", "keys delete", { id: "key_1", reason }, { reason }],
    ["disableKey", "keys disable", { id: "key_1", reason }, { reason }],
    ["enableKey", "keys enable", { id: "key_1" }, {}],
    ["enableUser", "users enable", { id: "usr_1" }, {}],
    ["grantApiAccess", "apis grant", { apiId: "api_1", keyId: "key_1" }, { apiId: "api_1", keyId: "key_1" }],
    ["reissueKey", "keys reissue", { id: "key_1", ownerId: "usr_1" }, { owner: "usr_1" }],
    ["releaseKey", "keys release", { id: "key_1", reason }, { reason }],
    ["requestApiAccess", "apis request", { apiId: "api_1", keyId: "key_1" }, { apiId: "api_1", keyId: "key_1" }],
    ["resetQuota", "quotas reset", { targetId: "usr_1", reason }, { reason }],
    [
      "resolveInvalidUser",
      "keys resolve",
      { keyId: "key_1", user: { email: "ada@acme.example", name: "Ada Lovelace", role: "DEVELOPER" } },
      { id: "key_1", email: "ada@acme.example", name: "Ada Lovelace", role: "DEVELOPER" },
    ],
    [
      "resolveInvalidUser",
      "keys resolve",
      { keyId: "key_1", user: { email: "a@b.example", customRoleId: "rol_1", allowedIps: ["10.0.0.0/8"] } },
      { id: "key_1", email: "a@b.example", customRole: "rol_1", allowedIps: ["10.0.0.0/8"], deniedIps: undefined },
    ],
    ["resolveKeyFinding", "findings resolve", { id: "kfn_1", reason }, { reason }],
    ["restoreKey", "keys restore", { id: "key_1" }, {}],
    ["resumeTenant", "tenants resume", { id: "ten_1" }, {}],
    ["revokeKey", "keys revoke", { id: "key_1", reason }, { reason }],
    ["rotateKey", "keys rotate", { id: "key_1", overlapMs: 86_400_000 }, { overlap: 86_400_000 }],
    ["rotateKey", "keys rotate", { id: "key_1", overlapMs: 0 }, { overlap: 0 }],
    [
      "setRateLimits",
      "limits set",
      {
        targetId: "usr_1",
        rateLimits: [
          { name: "a", limit: 20, windowMs: 1_000, burst: null, unit: "REQUESTS" },
          { name: "b", limit: 9, windowMs: 86_400_000, burst: 3, unit: "COST" },
        ],
      },
      { rate: ["a=20/1s", "b=9/1d:burst=3:cost"] },
    ],
    [
      "topUpQuota",
      "quotas top-up",
      { targetId: "usr_1", amount: 5_000, reason, idempotencyKey: "diagnosis-1" },
      { amount: 5_000, reason, attempt: "diagnosis-1" },
    ],
    ["updateKey", "keys update", { id: "key_1", scopes: ["a", "b:c"] }, { scopes: ["a", "b:c"] }],
    [
      "updateKey",
      "keys update",
      { id: "key_1", expiresAt: "2027-01-01T00:00:00.000Z" },
      { expiresAt: "2027-01-01T00:00:00.000Z" },
    ],
    ["updateKey", "keys update", { id: "key_1", teamId: null }, { team: "" }],
    [
      "updateKey",
      "keys update",
      { id: "key_1", allowedIps: ["192.0.2.1"], deniedIps: [] },
      { allowedIps: ["192.0.2.1"], deniedIps: null },
    ],
    [
      "updateApi",
      "apis update",
      {
        id: "api_1",
        versions: [
          { name: "v1", deprecatedAt: "2026-10-01T00:00:00.000Z", retiredAt: "2026-12-31T00:00:00.000Z" },
          { name: "v2", deprecatedAt: null, retiredAt: null },
        ],
      },
      { versions: ["v1:deprecated=2026-10-01T00:00:00.000Z:retired=2026-12-31T00:00:00.000Z", "v2"] },
    ],
    ["updateRole", "roles update", { id: "rol_1", keyScopes: ["a"] }, { keyScopes: ["a"] }],
    ["updateTeam", "teams update", { id: "tea_1", keyScopes: ["a"] }, { keyScopes: ["a"] }],
    ["updateTenant", "tenants update", { id: "ten_1", policy: { allowedScopes: ["a"] } }, { allowedScopes: ["a"] }],
    [
      "updateTenant",
      "tenants update",
      { id: "ten_1", allowedIps: ["192.0.2.0/24"], deniedIps: [] },
      { deniedIps: null },
    ],
    [
      "updateUser",
      "users update",
      { id: "usr_1", email: "a@b.example", externalId: "4 2" },
      { email: "a@b.example", externalId: "4 2" },
    ],
    ["updateUser", "users update", { id: "usr_1", deniedIps: ["192.0.2.9"] }, { deniedIps: ["192.0.2.9"] }],
    [
      "createKey",
      "keys create",
      {
        tenantId: "ten_1",
        ownerId: "usr_1",
        teamId: "tea_1",
        name: "Orders & more",
        environment: "TEST",
        scopes: ["a"],
        metadata: { plan: "pro" },
        allowedIps: [],
        deniedIps: ["192.0.2.7"],
        expiresAt: "2027-01-01T00:00:00.000Z",
        rotateEveryMs: 7_776_000_000,
        rotationWebhookId: "whk_1",
      },
      {
        tenant: "ten_1",
        owner: "usr_1",
        team: "tea_1",
        name: "Orders & more",
        environment: "TEST",
        scopes: ["a"],
        metadata: { plan: "pro" },
        allowedIps: undefined,
        deniedIps: ["192.0.2.7"],
        expiresAt: "2027-01-01T00:00:00.000Z",
        rotateEvery: 7_776_000_000,
        rotationWebhook: "whk_1",
      },
    ],
  ];
  test.for(cases)("%s: %s %j", async ([mutation, path, input, options]) => {
    const line = commandFor(mutation, input);
    const { path: found, argument, options: read } = await asked(line ?? "");
    expect(found).toBe(path);
    expect(read).toMatchObject(options);
    const named = input["id"] ?? input["targetId"];
    if (named !== undefined) expect(argument).toBe(named);
  });

  test("every command that is a remedy's is typed above", () => {
    expect([...new Set(cases.map(([mutation]) => mutation))].sort()).toEqual(Object.keys(spellings).sort());
  });

  test("quoted for a shell", () => {
    expect(commandFor("revokeKey", { id: "key_1", reason: "it's $HOME; `x`" })).toBe(
      "keys revoke key_1 --reason 'it'\\''s $HOME; `x`'",
    );
  });

  test.for([
    ["updateApi", { id: "api_1", versions: [] }],
    ["updateApi", { id: "api_1", versions: [{ name: "v1:x", deprecatedAt: null, retiredAt: null }] }],
    ["updateKey", { id: "key_1", expiresAt: null }],
    ["createKey", { name: "two\nlines" }],
    ["updateKey", { id: "key_1", scopes: ["a b"] }],
    ["aMutationOfANewerServer", { id: "key_1" }],
  ] as const)("%s %j is none", ([mutation, input]) => expect(commandFor(mutation, input)).toBeNull());
});
