import { generateKey, verdictCodes } from "@keyplane/schema";
import { createGuard } from "@keyplane/sdk/guard";
import { onTestFinished } from "vitest";
import { mutate } from "../testkit/graphql.js";
import { type Caller, day, describe, expect, hour, minute, ok, startServer, test, World } from "../testkit/index.js";
import { findingMutation, policyMutation, shareKey } from "../testkit/lifecycle.js";

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
  /** Where it has happened, if not on the server of all. */
  readonly on?: World;
}

/** One cause for which a key is not valid, as a user would name it. */
interface Cause {
  readonly code: keyof typeof verdictCodes;
  /** What is found besides the verdict. */
  readonly finding?: string;
  /** The mutations that mend it, in order. */
  readonly remedies: readonly string[];
  /** How many of them are sent: the others are alternatives. All, when left out. */
  readonly sent?: number;
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

/** One of an API, and the slug by which a call asks for it. */
const api = (
  spoil: (
    story: Story & { readonly api: { id: string; slug: string } },
    world: World,
  ) => Promise<Partial<Produced> | undefined>,
  input: Record<string, unknown> = {},
) =>
  story(async (told, world) => {
    const made = await world.api(told.tenant.id, input);
    return { call: { api: made.slug }, ...(await spoil({ ...told, api: made }, world)) };
  });

const overdue = async (_: Story, world: World): Promise<undefined> => {
  world.clock.advance(2 * day);
};

const perMinute = { name: "per-minute", limit: 2, windowMs: minute };

/** Every cause of 1-product that this part knows. */
const causes: Readonly<Record<string, Cause>> = {
  "mistyped key": {
    code: "CHECKSUM_MISMATCH",
    finding: "KEY_TEXT_REPAIRED",
    remedies: ["rotateKey"],
    says: /another character at position 20/,
    produce: text((secret) => `${secret.slice(0, 20)}${other(secret[20])}${secret.slice(21)}`),
  },
  "mistyped key, with two neighbours swapped": {
    code: "CHECKSUM_MISMATCH",
    finding: "KEY_TEXT_REPAIRED",
    remedies: ["rotateKey"],
    says: /the characters at positions \d+ and \d+ \(counted from 0\) in the other order/,
    produce: text((secret) => {
      const place = [...secret].findIndex((each, index) => index >= 12 && each !== secret[index + 1]);
      return `${secret.slice(0, place)}${secret[place + 1]}${secret[place]}${secret.slice(place + 2)}`;
    }),
  },
  "mistyped key, with a character missing": {
    code: "MALFORMED",
    finding: "KEY_TEXT_REPAIRED",
    remedies: ["rotateKey"],
    says: /1 character too short: it was not copied whole, or something in it is missing.*a character more at position \d+/,
    produce: text((secret) => `${secret.slice(0, 20)}${secret.slice(21)}`),
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
  "owner of a team's key does not exist": {
    code: "OWNER_NOT_FOUND",
    remedies: ["updateKey", "resolveInvalidUser"],
    says: /was deleted at/,
    produce: story(async ({ admin, tenant, owner, key }, world) => {
      const team = await world.team(tenant.id, [owner.id]);
      ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
      ok(await admin.user("deleteUser", { id: owner.id }));
      return undefined;
    }),
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
  "missing scope of a key that carries more than the policy allows by now": {
    code: "INSUFFICIENT_SCOPE",
    remedies: ["updateKey"],
    says: /lacks the scope orders:write/,
    produce: story(
      async ({ admin, tenant }) => {
        const policy = { allowedScopes: ["orders:read", "orders:write"] };
        ok(await admin.tenant("updateTenant", { id: tenant.id, policy }));
        return { call: { scopes: ["orders:write"] } };
      },
      { key: { scopes: ["orders:read", "orders:old"] } },
    ),
  },
  "replaced secret of a key that carries and lasts more than the policy allows by now": {
    code: "SUPERSEDED",
    remedies: ["updateTenant", "updateKey", "rotateKey", "updateKey"],
    says: /old one stopped at/,
    produce: story(
      async ({ admin, tenant, key }, world) => {
        ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: 0 }));
        world.clock.advance(minute);
        const policy = { allowedScopes: ["orders:list"], maxLifetimeMs: day };
        ok(await admin.tenant("updateTenant", { id: tenant.id, policy }));
        return { call: { scopes: ["orders:read", "orders:write"] } };
      },
      { key: { scopes: ["orders:read", "orders:old"] } },
    ),
  },
  "missing scope of a key that carries more than the policy allows, and should have got a new secret": {
    code: "INSUFFICIENT_SCOPE",
    finding: "ROTATION_OVERDUE",
    remedies: ["updateKey", "updateKey", "rotateKey"],
    says: /lacks the scope orders:write/,
    produce: story(
      async ({ admin, tenant }, world) => {
        world.clock.advance(2 * day);
        const policy = { allowedScopes: ["orders:read", "orders:write"] };
        ok(await admin.tenant("updateTenant", { id: tenant.id, policy }));
        return { call: { scopes: ["orders:write"] } };
      },
      { key: { scopes: ["orders:read", "orders:old"] }, policy: { rotateEveryMs: day } },
    ),
  },
  "revoked key with a scope that the policy does not allow by now": {
    code: "REVOKED",
    remedies: ["updateTenant", "createKey"],
    says: /revoked/,
    produce: story(
      async ({ admin, tenant, key }) => {
        ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { allowedScopes: ["orders:read"] } }));
        ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
        return { call: { scopes: ["orders:write"] } };
      },
      { key: { scopes: ["orders:read", "orders:write"] } },
    ),
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
  "data corruption: the key's row was changed past Keyplane": {
    code: "QUARANTINED",
    remedies: ["createKey", "releaseKey"],
    sent: 1,
    says: /not as Keyplane has written it.*scopes \[\\"orders:read\\"\], and the row says \[\\"admin\\"\]/,
    // An integrity check is about all of a database.
    produce: async () => {
      const on = new World(await startServer());
      const { admin, key, secret } = await on.tenantWithKey({ key: { scopes: ["orders:read"] } });
      await sql(on, `UPDATE "Key" SET "scopes" = '{admin}' WHERE "id" = '${key.id}'`);
      ok(await mutate(on.url, on.root.token, "checkIntegrity", { repair: true }, "integrityRun { id }"));
      await on.server.keyplane.services.integrity.settled();
      return { presented: secret, caller: admin, works: secret, on };
    },
  },
  "API never asked for": {
    code: "API_NOT_GRANTED",
    remedies: ["grantApiAccess", "requestApiAccess"],
    sent: 1,
    says: /has no access to API/,
    produce: api(async () => undefined),
  },
  "request for access pending": {
    code: "API_NOT_GRANTED",
    remedies: ["approveApiAccess"],
    says: /waits for approval.*It was requested at .*because: the new shop/,
    produce: api(async ({ admin, key, api: { id: apiId } }) => {
      ok(await admin.apiGrant("requestApiAccess", { apiId, keyId: key.id, reason: "the new shop" }));
      return undefined;
    }),
  },
  "request for access refused": {
    code: "API_NOT_GRANTED",
    remedies: ["grantApiAccess", "requestApiAccess"],
    sent: 1,
    says: /was requested and refused.*was refused at .*because: not this year/,
    produce: api(async ({ admin, key, api: { id: apiId } }) => {
      const { apiGrant } = ok(await admin.apiGrant("requestApiAccess", { apiId, keyId: key.id }));
      ok(await admin.apiGrant("refuseApiAccess", { id: apiGrant.id, reason: "not this year" }));
      return undefined;
    }),
  },
  "access revoked": {
    code: "API_NOT_GRANTED",
    remedies: ["grantApiAccess", "requestApiAccess"],
    sent: 1,
    says: /was revoked.*was taken away at .*because: unpaid/,
    produce: api(async ({ admin, key, api: { id: apiId } }) => {
      const { apiGrant } = ok(await admin.apiGrant("grantApiAccess", { apiId, keyId: key.id }));
      ok(await admin.apiGrant("revokeApiAccess", { id: apiGrant.id, reason: "unpaid" }));
      return undefined;
    }),
  },
  "API or version that there is not": {
    code: "API_NOT_GRANTED",
    remedies: [],
    says: /no API or version .*@v3.*It has: .* \(v1\)/,
    produce: api(async ({ api: { slug } }) => ({ call: { api: `${slug}@v3` } }), { versions: [{ name: "v1" }] }),
  },
  "API version retired": {
    code: "API_RETIRED",
    remedies: ["updateApi"],
    says: /was retired at.*In service: v2\./,
    produce: api(
      async ({ admin, api: { id, slug } }, world) => {
        const versions = [{ name: "v1", retiredAt: world.clock.in(minute) }, { name: "v2" }];
        ok(await admin.api("updateApi", { id, versions }));
        world.clock.advance(hour);
        return { call: { api: `${slug}@v1` } };
      },
      { access: "OPEN" },
    ),
  },
  "API version deprecated": {
    code: "VALID",
    finding: "API_DEPRECATED",
    remedies: [],
    says: /is deprecated since .* and is refused from/,
    produce: api(
      async ({ admin, api: { id, slug } }, world) => {
        const [deprecatedAt, retiredAt] = [world.clock.in(0), world.clock.in(day)];
        ok(await admin.api("updateApi", { id, versions: [{ name: "v1", deprecatedAt, retiredAt }] }));
        return { call: { api: `${slug}@v1` } };
      },
      { access: "OPEN" },
    ),
  },
  "rate limited": {
    code: "RATE_LIMITED",
    remedies: ["setRateLimits"],
    says: /per-minute of the key: 0 of 2 left in 60000 ms, whole again at/,
    produce: story(async ({ admin, key, secret }, world) => {
      ok(await admin.setRateLimits(key.id, [perMinute]));
      await world.verify(secret, 2);
      return undefined;
    }),
  },
  "rate limited by the owner's burst": {
    code: "RATE_LIMITED",
    remedies: ["setRateLimits"],
    says: /bursts of the owner: 0 of 10 left/,
    produce: story(async ({ admin, owner, secret }, world) => {
      ok(await admin.setRateLimits(owner.id, [perMinute, { name: "bursts", limit: 10, windowMs: hour, burst: 1 }]));
      await world.verify(secret);
      return undefined;
    }),
  },
  "rate limited at an API": {
    code: "RATE_LIMITED",
    remedies: ["setRateLimits"],
    says: /per-minute of the API: 0 of 2 left in 60000 ms/,
    produce: api(
      async ({ admin, secret, api: { id, slug } }) => {
        ok(await admin.setRateLimits(id, [perMinute]));
        for (let call = 0; call < 2; call++) await admin.verify(secret, { api: slug });
        return undefined;
      },
      { access: "OPEN" },
    ),
  },
  "a call larger than a rate limit": {
    code: "RATE_LIMITED",
    remedies: ["setRateLimits"],
    says: /costs more than a limit ever allows/,
    produce: story(async ({ admin, key }) => {
      ok(await admin.setRateLimits(key.id, [{ ...perMinute, unit: "COST" }]));
      return { call: { cost: 7 } };
    }),
  },
  "quota used up": {
    code: "QUOTA_EXCEEDED",
    remedies: ["topUpQuota", "resetQuota"],
    sent: 1,
    says: /The quota of the key: 2 of 2 used since .*, whole again at/,
    produce: story(async ({ admin, key, secret }, world) => {
      ok(await admin.quota("setQuota", { targetId: key.id, limit: 2, refill: "YEARLY" }));
      await world.verify(secret, 2);
      return undefined;
    }),
  },
  "a quota that was made smaller than what was used": {
    code: "QUOTA_EXCEEDED",
    remedies: ["topUpQuota", "resetQuota"],
    sent: 1,
    says: /The quota of the key: 40 of 5 used/,
    produce: story(async ({ admin, key, secret }, world) => {
      ok(await admin.quota("setQuota", { targetId: key.id, limit: 100 }));
      await world.verify(secret, 1, { cost: 40 });
      ok(await admin.quota("setQuota", { targetId: key.id, limit: 5 }));
      return undefined;
    }),
  },
  "a call larger than a quota": {
    code: "QUOTA_EXCEEDED",
    remedies: ["topUpQuota"],
    says: /costs more than the quota of 10 ever allows/,
    produce: story(async ({ admin, key }) => {
      ok(await admin.quota("setQuota", { targetId: key.id, limit: 10, refill: "DAILY" }));
      return { call: { cost: 100 } };
    }),
  },
  "quota of the tenant used up": {
    code: "QUOTA_EXCEEDED",
    remedies: ["topUpQuota", "resetQuota"],
    sent: 1,
    says: /The quota of the tenant: 1 of 1 used since .*, never whole again by itself/,
    produce: story(async ({ tenant, secret }, world) => {
      ok(await world.root.quota("setQuota", { targetId: tenant.id, limit: 1 }));
      await world.verify(secret);
      return { caller: world.root };
    }),
  },
  "rotation overdue, where the tenant refuses such keys": {
    code: "EXPIRED",
    remedies: ["rotateKey"],
    says: /had to get a new secret by/,
    produce: story(overdue, {
      policy: { rotateEveryMs: day, rotationOverdue: "REFUSE" },
    }),
  },
  "rotation overdue": {
    code: "VALID",
    finding: "ROTATION_OVERDUE",
    remedies: ["rotateKey"],
    says: /should have got a new secret by/,
    produce: story(overdue, { policy: { rotateEveryMs: day } }),
  },
  "leaked key": {
    code: "DISABLED",
    finding: "KEY_LEAKED",
    remedies: ["rotateKey", "enableKey", "resolveKeyFinding"],
    says: /was found at https:\/\/example\.com\/leak/,
    produce: story(async ({ admin, secret }) => {
      ok(await findingMutation(admin, "reportLeakedKey", { key: secret, url: "https://example.com/leak" }));
      return undefined;
    }),
  },
  "leaked key that goes on working": {
    code: "VALID",
    finding: "KEY_LEAKED",
    remedies: ["rotateKey", "resolveKeyFinding"],
    says: /was found at a place that is not known/,
    produce: story(async ({ admin, tenant, secret }) => {
      ok(await policyMutation(admin, { tenantId: tenant.id, leakAction: "NOTIFY" }));
      ok(await findingMutation(admin, "reportLeakedKey", { key: secret }));
      return undefined;
    }),
  },
  "leaked key that was revoked": {
    code: "REVOKED",
    finding: "KEY_LEAKED",
    remedies: ["createKey", "resolveKeyFinding"],
    says: /leaked/,
    produce: story(async ({ admin, tenant, secret }) => {
      ok(await policyMutation(admin, { tenantId: tenant.id, leakAction: "REVOKE" }));
      ok(await findingMutation(admin, "reportLeakedKey", { key: secret }));
      return undefined;
    }),
  },
  "wrong environment, scope and address at once": {
    code: "WRONG_ENVIRONMENT",
    remedies: ["updateTenant", "createKey"],
    says: /TEST/,
    produce: story(
      async ({ admin, tenant }) => {
        ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { allowedScopes: ["orders:read"] } }));
        return { call: { environment: "TEST", scopes: ["orders:write"], ip: "203.0.113.7" } };
      },
      { key: { scopes: ["orders:read"], allowedIps: ["10.0.0.0/8"], deniedIps: ["203.0.113.0/24"] } },
    ),
  },
  "revoked key of a user who has as many as the policy allows": {
    code: "REVOKED",
    remedies: ["updateTenant", "createKey"],
    says: /revoked/,
    produce: story(
      async ({ admin, tenant, owner, key }, world) => {
        ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
        await world.key(tenant.id, owner.id);
        return undefined;
      },
      { policy: { maxKeysPerUser: 1 } },
    ),
  },
  "expired key of a user who has as many as the policy allows": {
    code: "EXPIRED",
    remedies: ["updateTenant", "updateKey"],
    says: /expired/,
    produce: story(
      async ({ admin, tenant, owner, key }, world) => {
        ok(await admin.key("updateKey", { id: key.id, expiresAt: world.clock.in(minute) }));
        world.clock.advance(hour);
        await world.key(tenant.id, owner.id);
        return undefined;
      },
      { policy: { maxKeysPerUser: 1 } },
    ),
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
  "API or version that there is not": "the verifier asks for what does not exist; the evidence says what does",
  "API version deprecated": "it is valid: its caller moves to another version in time",
};

// biome-ignore lint/suspicious/noExplicitAny: what the API answers
const mutationOf = ({ mutation }: any): string => /(\w+)\(input: \$input\)/.exec(mutation)?.[1] ?? "";

describe("every cause for which a key is not valid", () => {
  test.for(Object.entries(causes))(
    "%s: told by its verdict, explained, and mended by the remedy as it is given",
    async ([name, cause], { world: shared }) => {
      const { presented, call = {}, caller, works, on } = await cause.produce(shared);
      const world = on ?? shared;
      if (on) onTestFinished(() => on.server.stop());
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
      const sent = cause.sent ?? (cause.remedies.includes("reissueKey") ? 1 : cause.remedies.length);
      const steps = diagnosis.remedies.slice(0, sent);
      for (const remedy of steps) {
        expect(remedy).toMatchObject({ permitted: true, permittedTo: null, effect: expect.stringMatching(/\w{3}/) });
        const result = await caller.remedy(remedy);
        expect(result, JSON.stringify(result)).toMatchObject({ __typename: expect.stringMatching(/Payload$/) });
        secret = result.secret ?? secret;
      }
      // First, because it takes nothing from the limits that were just raised.
      expect((await caller.diagnose({ key: secret, ...call })).remedies).toEqual([]);
      expect(await world.root.verify(secret, asked)).toMatchObject({ valid: true, code: "VALID" });
    },
  );

  test("every verdict code has its cause here", () => {
    const produced = new Set(Object.values(causes).map(({ code }) => code as string));
    expect(Object.keys(verdictCodes).filter((code) => !produced.has(code))).toEqual([]);
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
