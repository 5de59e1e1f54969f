import { describe, expect, test } from "vitest";
import { asked } from "../../test-helpers/command-line.js";
import { commandFor } from "./remedy-commands.js";

const reason = "the secret was replaced";

describe("a remedy is typed as the command that does all of it", () => {
  const cases: readonly (readonly [mutation: string, input: Record<string, unknown>, options: object])[] = [
    ["approveApiAccess", { id: "grt_1" }, {}],
    ["deleteKey", { id: "key_1", reason }, { reason }],
    ["enableKey", { id: "key_1" }, {}],
    ["enableUser", { id: "usr_1" }, {}],
    ["grantApiAccess", { apiId: "api_1", keyId: "key_1" }, { apiId: "api_1", keyId: "key_1" }],
    ["reissueKey", { id: "key_1", ownerId: "usr_1" }, { owner: "usr_1" }],
    ["releaseKey", { id: "key_1", reason }, { reason }],
    ["requestApiAccess", { apiId: "api_1", keyId: "key_1" }, { apiId: "api_1", keyId: "key_1" }],
    ["resetQuota", { targetId: "usr_1", reason }, { reason }],
    [
      "resolveInvalidUser",
      { keyId: "key_1", user: { email: "ada@acme.example", name: "Ada Lovelace", role: "DEVELOPER" } },
      { id: "key_1", email: "ada@acme.example", name: "Ada Lovelace", role: "DEVELOPER" },
    ],
    ["resolveKeyFinding", { id: "kfn_1", reason }, { reason }],
    ["restoreKey", { id: "key_1" }, {}],
    ["resumeTenant", { id: "ten_1" }, {}],
    ["revokeKey", { id: "key_1", reason }, { reason }],
    ["rotateKey", { id: "key_1", overlapMs: 86_400_000 }, { overlap: 86_400_000 }],
    ["rotateKey", { id: "key_1", overlapMs: 0 }, { overlap: 0 }],
    [
      "setRateLimits",
      {
        targetId: "usr_1",
        rateLimits: [
          { name: "a", limit: 20, windowMs: 1_000, burst: null, unit: "REQUESTS" },
          { name: "b", limit: 9, windowMs: 86_400_000, burst: 3, unit: "COST" },
        ],
      },
      { rate: ["a=20/1s", "b=9/1d:burst=3:cost"] },
    ],
    ["topUpQuota", { targetId: "usr_1", amount: 5_000, reason }, { amount: 5_000, reason }],
    ["updateKey", { id: "key_1", scopes: ["a", "b:c"] }, { scopes: ["a", "b:c"] }],
    ["updateKey", { id: "key_1", expiresAt: "2027-01-01T00:00:00.000Z" }, { expiresAt: "2027-01-01T00:00:00.000Z" }],
    ["updateRole", { id: "rol_1", keyScopes: ["a"] }, { keyScopes: ["a"] }],
    ["updateTeam", { id: "tea_1", keyScopes: ["a"] }, { keyScopes: ["a"] }],
    ["updateTenant", { id: "ten_1", policy: { allowedScopes: ["a"] } }, { allowedScopes: ["a"] }],
    ["updateTenant", { id: "ten_1", allowedIps: ["192.0.2.0/24"], deniedIps: [] }, { deniedIps: null }],
    [
      "updateUser",
      { id: "usr_1", email: "a@b.example", externalId: "4 2" },
      { email: "a@b.example", externalId: "4 2" },
    ],
    [
      "createKey",
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
  test.for(cases)("%s %j", async ([mutation, input, options]) => {
    const line = commandFor(mutation, input);
    const { argument, options: read } = await asked(line ?? "");
    expect(read).toMatchObject(options);
    const named = input["id"] ?? input["targetId"];
    if (named !== undefined) expect(argument).toBe(named);
  });

  test("quoted for a shell", () => {
    expect(commandFor("revokeKey", { id: "key_1", reason: "it's $HOME; `x`" })).toBe(
      "keys revoke key_1 --reason 'it'\\''s $HOME; `x`'",
    );
  });

  test.for([
    ["updateApi", { id: "api_1", versions: [] }],
    ["updateKey", { id: "key_1", allowedIps: ["192.0.2.1"] }],
    ["updateKey", { id: "key_1", expiresAt: null }],
    ["createKey", { name: "two\nlines" }],
    ["updateKey", { id: "key_1", scopes: ["a b"] }],
    ["aMutationOfANewerServer", { id: "key_1" }],
  ] as const)("%s %j is none", ([mutation, input]) => expect(commandFor(mutation, input)).toBeNull());
});
