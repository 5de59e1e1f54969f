import { mutate } from "../../testkit/graphql.js";
import { guessUntilHeldUp } from "../../testkit/guesses.js";
import { day, hour, minute, ok, startServer, World } from "../../testkit/index.js";
import { findingMutation, policyMutation, shareKey } from "../../testkit/lifecycle.js";
import {
  api,
  type Cause,
  foundAt,
  idle,
  nameOf,
  other,
  overdue,
  pastKeyplane,
  perMinute,
  presentTheKey,
  sql,
  story,
  text,
  unknownKey,
  wrongText,
} from "./story.js";

/** Every cause of 1-product that this part knows. */
export const causes: Readonly<Record<string, Cause>> = {
  "mistyped key": {
    code: "CHECKSUM_MISMATCH",
    origin: wrongText,
    finding: "KEY_TEXT_REPAIRED",
    remedies: ["rotateKey"],
    says: /another character at position 20/,
    produce: text((secret) => `${secret.slice(0, 20)}${other(secret[20])}${secret.slice(21)}`),
  },
  "mistyped key, with two neighbours swapped": {
    code: "CHECKSUM_MISMATCH",
    origin: wrongText,
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
    origin: wrongText,
    finding: "KEY_TEXT_REPAIRED",
    remedies: ["rotateKey"],
    says: /1 character too short: it was not copied whole, or something in it is missing.*a character more at position \d+/,
    produce: text((secret) => `${secret.slice(0, 20)}${secret.slice(21)}`),
  },
  "truncated key": {
    code: "MALFORMED",
    origin: wrongText,
    finding: "SIMILAR_KEY",
    remedies: ["rotateKey"],
    says: /cut off/,
    produce: text((secret) => secret.slice(0, 40)),
  },
  "re-cased key": {
    code: "CHECKSUM_MISMATCH",
    origin: wrongText,
    finding: "SIMILAR_KEY",
    remedies: ["rotateKey"],
    says: /lower case/,
    produce: text((secret) => secret.toLowerCase()),
  },
  "key with quotes": {
    code: "MALFORMED",
    origin: wrongText,
    finding: "KEY_TEXT_REPAIRED",
    remedies: ["rotateKey"],
    says: /quotation mark/i,
    produce: text((secret) => `"${secret}"`),
  },
  "key with white space": {
    code: "MALFORMED",
    origin: wrongText,
    finding: "KEY_TEXT_REPAIRED",
    remedies: ["rotateKey"],
    says: /space/i,
    produce: text((secret) => ` ${secret}`),
  },
  "key with a Bearer prefix": {
    code: "MALFORMED",
    origin: wrongText,
    finding: "KEY_TEXT_REPAIRED",
    remedies: ["rotateKey"],
    says: /authorization scheme/,
    produce: text((secret) => `Bearer ${secret}`),
  },
  "key with a line break": {
    code: "MALFORMED",
    origin: wrongText,
    finding: "KEY_TEXT_REPAIRED",
    remedies: ["rotateKey"],
    says: /line/i,
    produce: text((secret) => `${secret.slice(0, 30)}\n${secret.slice(30)}`),
  },
  "key of another environment": {
    code: "WRONG_ENVIRONMENT",
    origin: "CREATED",
    remedies: ["createKey"],
    says: /LIVE key, but a TEST key is needed/,
    produce: story(async () => ({ call: { environment: "TEST" } })),
  },
  "key of another vendor": {
    code: "MALFORMED",
    origin: wrongText,
    remedies: [],
    says: /Stripe/,
    instead: presentTheKey,
    produce: text(() => "sk_live_4eC39HqLyjWDarjtT1zdp7dc"),
  },
  "wrong format": {
    code: "MALFORMED",
    origin: wrongText,
    remedies: [],
    says: /\w/,
    instead: presentTheKey,
    produce: text(() => "my-secret"),
  },
  "unknown key": {
    code: "NOT_FOUND",
    origin: wrongText,
    remedies: [],
    says: /No key with this secret exists here/,
    instead: {
      says: /Check that it was issued by this Keyplane; otherwise create a new key/,
      async done({ tenantId, ownerId, caller }) {
        const { secret } = ok(await caller.keySecret("createKey", { tenantId, ownerId, name: "New" }));
        return { presented: secret };
      },
    },
    produce: text(unknownKey),
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
      const since = world.clock.in(minute);
      ok(await admin.key("updateKey", { id: key.id, expiresAt: since }));
      world.clock.advance(hour);
      return { since };
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
    alternatives: [{ mutation: "resolveInvalidUser" }],
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
    origin: { nobody: "it was so with us all along: your own system has changed" },
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
    origin: "CREATED",
    remedies: ["updateKey"],
    says: /lacks the scope orders:write/,
    produce: story(async () => ({ call: { scopes: ["orders:write"] } })),
  },
  "scope that the tenant's policy does not allow": {
    code: "INSUFFICIENT_SCOPE",
    origin: "CREATED",
    remedies: ["updateTenant", "updateKey"],
    says: /lacks the scope orders:write/,
    produce: story(async () => ({ call: { scopes: ["orders:write"] } }), {
      policy: { allowedScopes: ["orders:read"] },
    }),
  },
  "missing scope of a key that carries more than the policy allows by now": {
    code: "INSUFFICIENT_SCOPE",
    origin: "CREATED",
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
    origin: "CREATED",
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
    origin: "CREATED",
    remedies: ["updateKey"],
    says: /not on the key's allow list/,
    produce: story(async () => ({ call: { ip: "203.0.113.7" } }), { key: { allowedIps: ["10.0.0.0/8"] } }),
  },
  "address denied": {
    code: "IP_NOT_ALLOWED",
    origin: "CREATED",
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
    origin: pastKeyplane,
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
    alternatives: [{ mutation: "releaseKey" }],
    says: /not as Keyplane has written it.*scopes \[\\"orders:read\\"\], and the row says \[\\"admin\\"\]/,
    // An integrity check is about all of a database.
    produce: async () => {
      const on = new World(await startServer());
      const spoil = story(
        async ({ key }) => {
          await sql(on, `UPDATE "Key" SET "scopes" = '{admin}' WHERE "id" = '${key.id}'`);
          return { on, by: /^Keyplane \(keyplane\)$/ };
        },
        { key: { scopes: ["orders:read"] } },
      );
      const produced = await spoil(on);
      ok(await mutate(on.url, on.root.token, "checkIntegrity", { repair: true }, "integrityRun { id }"));
      await on.server.keyplane.services.integrity.settled();
      return produced;
    },
  },
  "API never asked for": {
    code: "API_NOT_GRANTED",
    remedies: ["grantApiAccess", "requestApiAccess"],
    alternatives: [{ mutation: "requestApiAccess", afterwards: ["approveApiAccess"] }],
    says: /has no access to API/,
    produce: api(async (_, world) => ({ by: await nameOf(world.root) })),
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
    alternatives: [{ mutation: "requestApiAccess", afterwards: ["approveApiAccess"] }],
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
    alternatives: [{ mutation: "requestApiAccess", afterwards: ["approveApiAccess"] }],
    says: /was revoked.*was taken away at .*because: unpaid/,
    produce: api(async ({ admin, key, api: { id: apiId } }) => {
      const { apiGrant } = ok(await admin.apiGrant("grantApiAccess", { apiId, keyId: key.id }));
      ok(await admin.apiGrant("revokeApiAccess", { id: apiGrant.id, reason: "unpaid" }));
      return undefined;
    }),
  },
  "API or version that there is not": {
    code: "API_NOT_GRANTED",
    origin: { nobody: "there is no such thing that anybody could have changed" },
    remedies: [],
    says: /no API or version .*@v3.*It has: .* \(v1\)/,
    instead: {
      says: /Correct the <code>api<\/code> that the verifier asks for/,
      async done({ said, works }) {
        const [, slug, version] = /It has: (\S+) \((v\d)\)/.exec(said) ?? [];
        return { presented: works, call: { api: `${slug}@${version}` } };
      },
    },
    produce: api(async ({ api: { slug } }) => ({ call: { api: `${slug}@v3` } }), {
      versions: [{ name: "v1" }],
      access: "OPEN",
    }),
  },
  "API version retired": {
    code: "API_RETIRED",
    remedies: ["updateApi"],
    says: /was retired at.*In service: v2\./,
    produce: api(
      async ({ admin, api: { id, slug } }, world) => {
        const since = world.clock.in(minute);
        ok(await admin.api("updateApi", { id, versions: [{ name: "v1", retiredAt: since }, { name: "v2" }] }));
        world.clock.advance(hour);
        return { call: { api: `${slug}@v1` }, since };
      },
      { access: "OPEN" },
    ),
  },
  "API version deprecated": {
    code: "VALID",
    finding: "API_DEPRECATED",
    remedies: [],
    says: /is deprecated since .* and is refused from/,
    instead: {
      says: /Call a newer version: v2\./,
      async done({ said, works, call }) {
        const version = /Call a newer version: (\w+)/.exec(said)?.[1];
        return { presented: works, call: { api: String(call?.["api"]).replace("@v1", `@${version}`) } };
      },
    },
    produce: api(
      async ({ admin, api: { id, slug } }, world) => {
        const [deprecatedAt, retiredAt] = [world.clock.in(0), world.clock.in(day)];
        ok(await admin.api("updateApi", { id, versions: [{ name: "v1", deprecatedAt, retiredAt }, { name: "v2" }] }));
        return { call: { api: `${slug}@v1` } };
      },
      { access: "OPEN" },
    ),
  },
  "rate limited": {
    code: "RATE_LIMITED",
    remedies: ["setRateLimits"],
    says: /per-minute of the key: 0 of 2 left in 60000 ms, .*whole again at/,
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
    alternatives: [{ mutation: "resetQuota" }],
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
    alternatives: [{ mutation: "resetQuota" }],
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
    alternatives: [{ mutation: "resetQuota" }],
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
  "rotation overdue, where the key itself is to be refused": {
    code: "EXPIRED",
    remedies: ["rotateKey"],
    says: /had to get a new secret by .*, and it is to be refused when it is overdue/,
    produce: story(overdue, { key: { rotateEveryMs: day, rotationOverdue: "REFUSE" } }),
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
    origin: "CREATED",
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
        const since = world.clock.in(minute);
        ok(await admin.key("updateKey", { id: key.id, expiresAt: since }));
        world.clock.advance(hour);
        await world.key(tenant.id, owner.id);
        return { since };
      },
      { policy: { maxKeysPerUser: 1 } },
    ),
  },
  "data corruption: the environment is not that of the secret": {
    code: "WRONG_ENVIRONMENT",
    origin: pastKeyplane,
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
      return { since: await foundAt(admin, key.id, "SHARED") };
    }),
  },
  "address that tried out too many keys": {
    code: "NOT_FOUND",
    answered: "RATE_LIMITED",
    origin: wrongText,
    finding: "ADDRESS_HELD_UP",
    remedies: [],
    says: /too many unknown keys from the network of 198\.51\.100\.7: for another \d+ ms/,
    instead: {
      says: /Then they are let in again by themselves/,
      async done({ said, works }, world) {
        // Nobody has presented it before: until then it is not even looked for.
        world.clock.advance(Number(/for another (\d+) ms/.exec(said)?.[1]));
        return { presented: works, call: { ip: "198.51.100.7" } };
      },
    },
    produce: story(async (_, world) => {
      const call = { ip: "198.51.100.7" };
      await guessUntilHeldUp(() => world.root.verify(unknownKey(), call));
      return { presented: unknownKey(), call, caller: world.root };
    }),
  },
  "key without an end, which the tenant's policy does not want": {
    code: "VALID",
    finding: "KEY_NEVER_EXPIRES",
    remedies: ["updateKey"],
    says: /It has no expiresAt/,
    produce: story(async ({ admin, tenant, key }) => {
      ok(await policyMutation(admin, { tenantId: tenant.id, neverExpiringAction: "REMIND" }));
      return { since: await foundAt(admin, key.id, "NEVER_EXPIRES") };
    }),
  },
  "idle key": {
    code: "VALID",
    finding: "KEY_IDLE",
    remedies: ["disableKey", "revokeKey"],
    sent: 1,
    ends: "DISABLED",
    says: /was not used for as long as the tenant's policy says/,
    produce: idle,
  },
  "idle key that nobody needs": {
    code: "VALID",
    finding: "KEY_IDLE",
    remedies: ["disableKey", "revokeKey"],
    ends: "REVOKED",
    says: /Revoke it when nobody needs it/,
    produce: idle,
  },
};

/** The causes as the product names them, and the rows above that are of each; an empty list: a test beside the table. */
export const asNamed: Readonly<Record<string, readonly (keyof typeof causes)[]>> = {
  "mistyped key": [
    "mistyped key",
    "mistyped key, with two neighbours swapped",
    "mistyped key, with a character missing",
  ],
  "truncated key": ["truncated key"],
  "re-cased key": ["re-cased key"],
  "key with quotes, white space, a Bearer prefix or a line break in it": [
    "key with quotes",
    "key with white space",
    "key with a Bearer prefix",
    "key with a line break",
  ],
  "key of another environment or another vendor": ["key of another environment", "key of another vendor"],
  "wrong format": ["wrong format"],
  "unknown key": ["unknown key", "deleted key", "address that tried out too many keys"],
  expired: [
    "expired",
    "expired key of a user who has as many as the policy allows",
    "key without an end, which the tenant's policy does not want",
  ],
  revoked: [
    "revoked",
    "revoked key with a scope that the policy does not allow by now",
    "revoked key of a user who has as many as the policy allows",
  ],
  "rotated away": [
    "rotated away",
    "replaced secret of a key that carries and lasts more than the policy allows by now",
    "rotation overdue, where the tenant refuses such keys",
    "rotation overdue, where the key itself is to be refused",
    "rotation overdue",
  ],
  disabled: ["disabled", "idle key", "idle key that nobody needs"],
  "owner does not exist": ["owner does not exist", "owner of a team's key does not exist", "owner was created anew"],
  "owner disabled or deleted": ["owner disabled", "owner does not exist"],
  "owner's data outdated": ["owner's data outdated"],
  "tenant suspended": ["tenant suspended"],
  "missing scope or role": [
    "missing scope",
    "scope that the tenant's policy does not allow",
    "missing scope of a key that carries more than the policy allows by now",
    "missing scope of a key that carries more than the policy allows, and should have got a new secret",
    "scope that the owner's role withholds",
    "scope that the team withholds",
    "wrong environment, scope and address at once",
  ],
  "API not granted": ["API never asked for", "access revoked", "API or version that there is not"],
  "request for access pending or refused": ["request for access pending", "request for access refused"],
  "API version deprecated or retired": ["API version deprecated", "API version retired"],
  "address not allowed": [
    "address not allowed",
    "address denied",
    "address not allowed by the owner's list",
    "address denied by the tenant's list",
  ],
  "rate limited": [
    "rate limited",
    "rate limited by the owner's burst",
    "rate limited at an API",
    "a call larger than a rate limit",
  ],
  "quota used up": [
    "quota used up",
    "a quota that was made smaller than what was used",
    "a call larger than a quota",
    "quota of the tenant used up",
  ],
  "malformed request": [],
  "shared key": ["shared key"],
  "leaked key": ["leaked key", "leaked key that goes on working", "leaked key that was revoked"],
  "data corruption": [
    "data corruption: the owner is of another tenant",
    "data corruption: the key's row was changed past Keyplane",
    "data corruption: the environment is not that of the secret",
  ],
  "verifier cannot reach the control plane": [],
};
