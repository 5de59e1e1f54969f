import { generateKey, verdictCodes } from "@keyplane/schema";
import { createGuard } from "@keyplane/sdk/guard";
import { type Caller, day, describe, expect, hour, minute, ok, test, type World } from "../testkit/index.js";
import { shareKey } from "../testkit/lifecycle.js";

/** A key that is refused for a real cause. */
interface Produced {
  /** What somebody presents. */
  readonly presented: string;
  /** What the call is for. */
  readonly call?: Record<string, unknown>;
  /** Who diagnoses and sends the remedies. */
  readonly caller: Caller;
  /** What works once the remedies are sent, where they hand out no secret. */
  readonly works?: string;
}

/** One cause for which a key is not valid, as a user would name it. */
interface Cause {
  readonly code: keyof typeof verdictCodes;
  /** What is found besides the verdict. */
  readonly finding?: string;
  /** The mutations that mend it, in order. */
  readonly remedies: readonly string[];
  /** What the diagnosis says to a person, of the check that failed or in a finding. */
  readonly says: RegExp;
  readonly produce: (world: World) => Promise<Produced>;
}

type Story = Awaited<ReturnType<World["tenantWithKey"]>>;

/** A story with one key, of which something goes wrong. */
const story =
  (
    spoil: (story: Story, world: World) => Promise<Partial<Produced> | undefined>,
    options: Parameters<World["tenantWithKey"]>[0] = {},
  ) =>
  async (world: World): Promise<Produced> => {
    const told = await world.tenantWithKey(options);
    // What happens in one moment has no order.
    world.clock.advance(minute);
    const produced = (await spoil(told, world)) ?? {};
    return { presented: told.secret, caller: told.admin, works: told.secret, ...produced };
  };

const text = (spoil: (secret: string) => string) => story(async ({ secret }) => ({ presented: spoil(secret) }));
const other = (character: string | undefined): string => (character === "a" ? "b" : "a");
const sql = (world: World, statement: string) => world.server.keyplane.database.prisma.$executeRawUnsafe(statement);

/** Every cause of 1-product that this part knows. */
const causes: Readonly<Record<string, Cause>> = {
  "mistyped key": {
    code: "CHECKSUM_MISMATCH",
    finding: "KEY_TEXT_REPAIRED",
    remedies: ["rotateKey"],
    says: /another character at position 20/,
    produce: text((secret) => `${secret.slice(0, 20)}${other(secret[20])}${secret.slice(21)}`),
  },
  "truncated key": {
    code: "MALFORMED",
    finding: "SIMILAR_KEY",
    remedies: ["rotateKey"],
    says: /cut off/,
    produce: text((secret) => secret.slice(0, 40)),
  },
  "re-cased key": {
    code: "CHECKSUM_MISMATCH",
    finding: "SIMILAR_KEY",
    remedies: ["rotateKey"],
    says: /lower case/,
    produce: text((secret) => secret.toLowerCase()),
  },
  "key with quotes": {
    code: "MALFORMED",
    finding: "KEY_TEXT_REPAIRED",
    remedies: ["rotateKey"],
    says: /quotation mark/i,
    produce: text((secret) => `"${secret}"`),
  },
  "key with white space": {
    code: "MALFORMED",
    finding: "KEY_TEXT_REPAIRED",
    remedies: ["rotateKey"],
    says: /space/i,
    produce: text((secret) => ` ${secret}`),
  },
  "key with a Bearer prefix": {
    code: "MALFORMED",
    finding: "KEY_TEXT_REPAIRED",
    remedies: ["rotateKey"],
    says: /authorization scheme/,
    produce: text((secret) => `Bearer ${secret}`),
  },
  "key with a line break": {
    code: "MALFORMED",
    finding: "KEY_TEXT_REPAIRED",
    remedies: ["rotateKey"],
    says: /line/i,
    produce: text((secret) => `${secret.slice(0, 30)}\n${secret.slice(30)}`),
  },
  "key of another environment": {
    code: "WRONG_ENVIRONMENT",
    remedies: ["createKey"],
    says: /LIVE key, but a TEST key is needed/,
    produce: story(async () => ({ call: { environment: "TEST" } })),
  },
  "key of another vendor": {
    code: "MALFORMED",
    remedies: [],
    says: /Stripe/,
    produce: text(() => "sk_live_4eC39HqLyjWDarjtT1zdp7dc"),
  },
  "wrong format": { code: "MALFORMED", remedies: [], says: /\w/, produce: text(() => "my-secret") },
  "unknown key": {
    code: "NOT_FOUND",
    remedies: [],
    says: /No key with this secret exists here/,
    produce: text(() => generateKey({ prefix: "kp", environment: "LIVE" }).secret),
  },
  "deleted key": {
    code: "NOT_FOUND",
    remedies: ["restoreKey"],
    says: /deleted at/,
    produce: story(async ({ admin, key }) => void ok(await admin.key("deleteKey", { id: key.id }))),
  },
  expired: {
    code: "EXPIRED",
    remedies: ["updateKey"],
    says: /expired at/,
    produce: story(async ({ admin, key }, world) => {
      ok(await admin.key("updateKey", { id: key.id, expiresAt: world.clock.in(minute) }));
      world.clock.advance(hour);
      return undefined;
    }),
  },
  revoked: {
    code: "REVOKED",
    remedies: ["createKey"],
    says: /left the company/,
    produce: story(async ({ admin, key }) => {
      ok(await admin.key("revokeKey", { id: key.id, reason: "left the company" }));
      return undefined;
    }),
  },
  "rotated away": {
    code: "SUPERSEDED",
    remedies: ["rotateKey"],
    says: /old one stopped at/,
    produce: story(async ({ admin, key }) => void ok(await admin.keySecret("rotateKey", { id: key.id }))),
  },
  disabled: {
    code: "DISABLED",
    remedies: ["enableKey"],
    says: /disabled since/,
    produce: story(async ({ admin, key }) => void ok(await admin.key("disableKey", { id: key.id }))),
  },
  "owner does not exist": {
    code: "OWNER_NOT_FOUND",
    remedies: ["resolveInvalidUser"],
    says: /was deleted at/,
    produce: story(async ({ admin, owner }) => void ok(await admin.user("deleteUser", { id: owner.id }))),
  },
  "owner was created anew": {
    code: "OWNER_NOT_FOUND",
    remedies: ["reissueKey", "resolveInvalidUser"],
    says: /was deleted at/,
    produce: story(async ({ admin, owner, tenant }) => {
      ok(await admin.user("deleteUser", { id: owner.id }));
      ok(await admin.user("createUser", { tenantId: tenant.id, email: owner.email, name: "Ada again" }));
      return undefined;
    }),
  },
  "owner disabled": {
    code: "OWNER_DISABLED",
    remedies: ["enableUser"],
    says: /on leave/,
    produce: story(async ({ admin, owner }) => {
      ok(await admin.user("disableUser", { id: owner.id, reason: "on leave" }));
      return undefined;
    }),
  },
  "owner's data outdated": {
    code: "VALID",
    finding: "OWNER_OUTDATED",
    remedies: ["updateUser"],
    says: /Ada Lovelace/,
    produce: story(async () => ({ call: { owner: { name: "Ada Lovelace" } } })),
  },
  "tenant suspended": {
    code: "TENANT_SUSPENDED",
    remedies: ["resumeTenant"],
    says: /suspended since/,
    produce: story(async ({ tenant }, world) => {
      ok(await world.root.tenant("suspendTenant", { id: tenant.id }));
      return { caller: world.root };
    }),
  },
  "missing scope": {
    code: "INSUFFICIENT_SCOPE",
    remedies: ["updateKey"],
    says: /lacks the scope orders:write/,
    produce: story(async () => ({ call: { scopes: ["orders:write"] } })),
  },
  "scope that the tenant's policy does not allow": {
    code: "INSUFFICIENT_SCOPE",
    remedies: ["updateTenant", "updateKey"],
    says: /lacks the scope orders:write/,
    produce: story(async () => ({ call: { scopes: ["orders:write"] } }), {
      policy: { allowedScopes: ["orders:read"] },
    }),
  },
  "scope that the owner's role withholds": {
    code: "INSUFFICIENT_SCOPE",
    remedies: ["updateRole"],
    says: /role of its owner does not allow/,
    produce: story(
      async ({ admin, owner, tenant }, world) => {
        const role = await world.role(tenant.id, { keyScopes: ["orders:read"] });
        ok(await admin.user("updateUser", { id: owner.id, customRoleId: role.id }));
        return { call: { scopes: ["orders:write"] } };
      },
      { key: { scopes: ["orders:write"] } },
    ),
  },
  "scope that the team withholds": {
    code: "INSUFFICIENT_SCOPE",
    remedies: ["updateTeam"],
    says: /its team does not allow/,
    produce: story(
      async ({ admin, owner, tenant, key }, world) => {
        const team = await world.team(tenant.id, [owner.id], { keyScopes: [] });
        ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
        return { call: { scopes: ["orders:write"] } };
      },
      { key: { scopes: ["orders:write"] } },
    ),
  },
  "address not allowed": {
    code: "IP_NOT_ALLOWED",
    remedies: ["updateKey"],
    says: /not on the key's allow list/,
    produce: story(async () => ({ call: { ip: "203.0.113.7" } }), { key: { allowedIps: ["10.0.0.0/8"] } }),
  },
  "address denied": {
    code: "IP_NOT_ALLOWED",
    remedies: ["updateKey"],
    says: /on the key's deny list/,
    produce: story(async () => ({ call: { ip: "203.0.113.7" } }), { key: { deniedIps: ["203.0.113.0/24"] } }),
  },
  "address not allowed by the owner's list": {
    code: "IP_NOT_ALLOWED",
    remedies: ["updateUser"],
    says: /not on the key owner's allow list/,
    produce: story(async ({ admin, owner }) => {
      ok(await admin.user("updateUser", { id: owner.id, allowedIps: ["10.0.0.0/8"] }));
      return { call: { ip: "203.0.113.7" } };
    }),
  },
  "address denied by the tenant's list": {
    code: "IP_NOT_ALLOWED",
    remedies: ["updateTenant"],
    says: /on the tenant's deny list/,
    produce: story(async ({ admin, tenant }) => {
      ok(await admin.tenant("updateTenant", { id: tenant.id, deniedIps: ["203.0.113.0/24"] }));
      return { call: { ip: "203.0.113.7" } };
    }),
  },
  "data corruption: the owner is of another tenant": {
    code: "OWNER_NOT_FOUND",
    remedies: ["reissueKey"],
    says: /contradicts its owner's/,
    produce: story(async ({ tenant, key }, world) => {
      await world.user(tenant.id, { role: "ADMIN" });
      const stranger = await world.tenantWithKey();
      await sql(world, `UPDATE "Key" SET "ownerId" = '${stranger.owner.id}' WHERE "id" = '${key.id}'`);
      return undefined;
    }),
  },
  "data corruption: the environment is not that of the secret": {
    code: "WRONG_ENVIRONMENT",
    remedies: ["rotateKey"],
    says: /stored as a TEST key/,
    produce: story(async ({ key }, world) => {
      await sql(world, `UPDATE "Key" SET "environment" = 'TEST' WHERE "id" = '${key.id}'`);
      return undefined;
    }),
  },
  "shared key": {
    code: "VALID",
    finding: "KEY_SHARED",
    remedies: ["rotateKey", "resolveKeyFinding"],
    says: /40 networks with 40 user agents within 24 hours/,
    produce: story(async ({ admin, key }, world) => {
      await shareKey(world, admin, key.id);
      return undefined;
    }),
  },
};

/** What no mutation mends, and why a key must not be made valid there. */
const notMended: Readonly<Record<string, string>> = {
  "key of another vendor": "it opens another vendor's API",
  "wrong format": "it is no key",
  "unknown key": "nobody has issued it",
};

/** Codes that other parts of the product produce; their tests show verdict and remedy. */
const elsewhere: readonly string[] = [
  "QUARANTINED",
  "API_NOT_GRANTED",
  "API_RETIRED",
  "RATE_LIMITED",
  "QUOTA_EXCEEDED",
];

// biome-ignore lint/suspicious/noExplicitAny: what the API answers
const mutationOf = ({ mutation }: any): string => /(\w+)\(input: \$input\)/.exec(mutation)?.[1] ?? "";

describe("every cause for which a key is not valid", () => {
  test.for(Object.entries(causes))(
    "%s: told by its verdict, explained, and mended by the remedy as it is given",
    async ([name, cause], { world }) => {
      const { presented, call = {}, caller, works } = await cause.produce(world);
      const { owner: _, ...asked } = call;
      expect(await world.root.verify(presented, asked)).toMatchObject({ code: cause.code });

      const diagnosis = await caller.diagnose({ key: presented, ...call });
      expect(diagnosis.verdict).toMatchObject({ code: cause.code, docsUrl: expect.stringContaining("/docs/") });
      const failed = diagnosis.checks.filter(({ outcome }: { outcome: string }) => outcome === "FAILED");
      expect(failed.map(({ code }: { code: string }) => code)).toEqual(cause.code === "VALID" ? [] : [cause.code]);
      expect(diagnosis.findings.map(({ code }: { code: string }) => code)).toEqual(
        cause.finding ? [cause.finding] : [],
      );
      expect(JSON.stringify([failed, diagnosis.findings])).toMatch(cause.says);
      expect(diagnosis.remedies.map(mutationOf)).toEqual(cause.remedies);
      if (diagnosis.remedies.length === 0) return expect(notMended[name]).toBeTruthy();

      let secret = works ?? presented;
      // Of alternatives for one code the first; otherwise one after the other.
      const steps = cause.remedies.includes("reissueKey") ? diagnosis.remedies.slice(0, 1) : diagnosis.remedies;
      for (const remedy of steps) {
        expect(remedy).toMatchObject({ permitted: true, permittedTo: null, effect: expect.stringMatching(/\w{3}/) });
        const result = await caller.remedy(remedy);
        expect(result, JSON.stringify(result)).toMatchObject({ __typename: expect.stringMatching(/Payload$/) });
        secret = result.secret ?? secret;
      }
      expect(await world.root.verify(secret, asked)).toMatchObject({ valid: true, code: "VALID" });
      expect((await caller.diagnose({ key: secret, ...call })).remedies).toEqual([]);
    },
  );

  test("every verdict code has its cause here, or in the part of the product that refuses with it", () => {
    const produced = new Set(Object.values(causes).map(({ code }) => code as string));
    expect(Object.keys(verdictCodes).filter((code) => !produced.has(code))).toEqual(elsewhere);
  });

  test("several causes at once are mended by all remedies, one after the other", async ({ world }) => {
    const { admin, key, owner, secret } = await world.tenantWithKey({ key: { allowedIps: ["10.0.0.1"] } });
    world.clock.advance(minute);
    ok(await admin.key("updateKey", { id: key.id, expiresAt: world.clock.in(minute) }));
    ok(await admin.key("disableKey", { id: key.id }));
    ok(await admin.user("disableUser", { id: owner.id }));
    world.clock.advance(day);
    const call = { scopes: ["a", "b"], ip: "10.0.0.2" };
    const { remedies } = await admin.diagnose({ key: secret, ...call });
    expect(remedies.map(mutationOf)).toEqual(["updateKey", "enableKey", "enableUser", "updateKey", "updateKey"]);
    for (const remedy of remedies) expect(await admin.remedy(remedy)).not.toHaveProperty("code");
    expect(await world.verify(secret, 1, call)).toMatchObject({ valid: true });
  });

  test("malformed request: an error of its own, with its page", async ({ world }) => {
    const { secret } = await world.tenantWithKey();
    const failure = await world.root.verify(secret, { scopes: ["not a scope"] }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "BAD_USER_INPUT" });
    const { errors } = failure as { errors: { extensions: { docsUrl: string } }[] };
    expect(errors[0]?.extensions.docsUrl).toMatch(/error-codes\.md#bad_user_input$/);
  });

  test("verifier cannot reach the control plane: UNAVAILABLE, and nothing is let in", async ({ world }) => {
    const { secret } = await world.tenantWithKey();
    const guard = createGuard({
      url: "http://127.0.0.1:1",
      token: world.root.token ?? "",
      usage: false,
      timeoutMs: 500,
    });
    try {
      const verdict = await guard.verify(secret);
      expect(verdict).toMatchObject({ valid: false, code: "UNAVAILABLE" });
      expect(verdict.docsUrl).toMatch(/error-codes\.md#unavailable$/);
    } finally {
      await guard.close();
    }
  });
});
