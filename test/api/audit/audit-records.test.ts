import { createHash } from "node:crypto";
import { schema } from "@keyplane/server";
import {
  type Caller,
  describe,
  expect,
  ok,
  readPage,
  sendGraphql,
  startServer,
  test,
  World,
} from "../../testkit/index.js";

/** What there is before each change: a tenant, its administrator, an owner with a key, another user, another token. */
async function begin(world: World) {
  const story = await world.tenantWithKey({ key: { scopes: ["a"], metadata: { plan: "pro" } } });
  const user = await world.user(story.tenant.id, { externalId: world.unique("crm") });
  const token = ok(await story.admin.createToken({ name: "token", role: "GUEST" })).managementToken;
  const role = await world.role(story.tenant.id);
  const team = await world.team(story.tenant.id, [story.owner.id]);
  return { ...story, user, token, role, team, unique: world.unique() };
}
type Story = Awaited<ReturnType<typeof begin>>;

interface Change {
  readonly action: string;
  readonly targetType: "Tenant" | "User" | "Key" | "ManagementToken" | "CustomRole" | "Team";
  readonly input: (story: Story) => Record<string, unknown>;
  /** The change that must come before. */
  readonly first?: (world: World, story: Story) => Promise<unknown>;
  /** The fields that differ between before and after; "new" and "gone": there is only one of them. */
  readonly differs: readonly string[] | "new" | "gone";
  /** What the record holds, unless it is the target itself. */
  readonly holds?: (story: Story) => Record<string, unknown>;
}

const key = (story: Story) => ({ id: story.key.id, reason: "why" });
const user = (story: Story) => ({ id: story.user.id, reason: "why" });
const tenant = (story: Story) => ({ id: story.tenant.id, reason: "why" });
const statusFields = ["status", "statusChangedAt", "statusReason", "updatedAt"];
const secretFields = ["previousSecretExpiresAt", "rotatedAt", "secretVersion", "start", "updatedAt"];

/** Every mutation that changes something, and what its record says. A mutation that is added needs its line here. */
const changes: Readonly<Record<string, Change>> = {
  createTenant: {
    action: "tenant.created",
    targetType: "Tenant",
    input: ({ unique }) => ({ slug: unique, name: "New" }),
    differs: "new",
  },
  updateTenant: {
    action: "tenant.updated",
    targetType: "Tenant",
    input: (story) => ({ id: story.tenant.id, name: "New", policy: { maxLifetimeMs: 86_400_000 } }),
    differs: ["maxKeyLifetimeMs", "name", "updatedAt"],
  },
  suspendTenant: { action: "tenant.suspended", targetType: "Tenant", input: tenant, differs: statusFields },
  resumeTenant: {
    action: "tenant.resumed",
    targetType: "Tenant",
    input: tenant,
    first: (world, story) => world.root.tenant("suspendTenant", { id: story.tenant.id }),
    differs: statusFields,
  },
  createUser: {
    action: "user.created",
    targetType: "User",
    input: (story) => ({ tenantId: story.tenant.id, email: `${story.unique}@example.com`, name: "New" }),
    differs: "new",
  },
  updateUser: {
    action: "user.updated",
    targetType: "User",
    input: (story) => ({ id: story.user.id, name: "New", role: "GUEST" }),
    differs: ["name", "role", "updatedAt"],
  },
  disableUser: { action: "user.disabled", targetType: "User", input: user, differs: statusFields },
  enableUser: {
    action: "user.enabled",
    targetType: "User",
    input: user,
    first: (world, story) => world.root.user("disableUser", { id: story.user.id }),
    differs: statusFields,
  },
  deleteUser: {
    action: "user.deleted",
    targetType: "User",
    input: user,
    differs: ["activeEmail", "externalId", ...statusFields],
  },
  createKey: {
    action: "key.created",
    targetType: "Key",
    input: (story) => ({ tenantId: story.tenant.id, ownerId: story.user.id, name: "New" }),
    differs: "new",
  },
  updateKey: {
    action: "key.updated",
    targetType: "Key",
    input: (story) => ({ id: story.key.id, name: "New", scopes: ["a", "b"], metadata: { plan: "free" } }),
    differs: ["metadata", "name", "scopes", "updatedAt"],
  },
  rotateKey: {
    action: "key.rotated",
    targetType: "Key",
    input: (story) => ({ id: story.key.id, overlapMs: 60_000 }),
    differs: secretFields,
  },
  reissueKey: {
    action: "key.reissued",
    targetType: "Key",
    input: (story) => ({ id: story.key.id, ownerId: story.user.id }),
    differs: ["ownerId", ...secretFields],
  },
  disableKey: {
    action: "key.disabled",
    targetType: "Key",
    input: key,
    differs: ["disabledAt", "disabledReason", "updatedAt"],
  },
  enableKey: {
    action: "key.enabled",
    targetType: "Key",
    input: key,
    first: (world, story) => world.root.key("disableKey", key(story)),
    differs: ["disabledAt", "disabledReason", "updatedAt"],
  },
  revokeKey: {
    action: "key.revoked",
    targetType: "Key",
    input: key,
    differs: ["revokedAt", "revokedBy", "revokedReason", "updatedAt"],
  },
  deleteKey: { action: "key.deleted", targetType: "Key", input: key, differs: ["deletedAt", "updatedAt"] },
  restoreKey: {
    action: "key.restored",
    targetType: "Key",
    input: key,
    first: (world, story) => world.root.key("deleteKey", key(story)),
    differs: ["deletedAt", "updatedAt"],
  },
  createManagementToken: {
    action: "management_token.created",
    targetType: "ManagementToken",
    input: (story) => ({ tenantId: story.tenant.id, name: "New", role: "GUEST" }),
    differs: "new",
  },
  revokeManagementToken: {
    action: "management_token.revoked",
    targetType: "ManagementToken",
    input: (story) => ({ id: story.token.id, reason: "why" }),
    differs: ["revokedAt", "revokedReason"],
  },
  rotateManagementToken: {
    action: "management_token.rotated",
    targetType: "ManagementToken",
    input: (story) => ({ id: story.token.id, overlapMs: 60_000 }),
    differs: ["previousStopsAt", "rotatedAt", "start"],
  },
  createRole: {
    action: "role.created",
    targetType: "CustomRole",
    input: (story) => ({ tenantId: story.tenant.id, name: "New", permissions: ["KEYS_READ"] }),
    differs: "new",
  },
  updateRole: {
    action: "role.updated",
    targetType: "CustomRole",
    input: (story) => ({ id: story.role.id, name: "New", keyScopes: ["a"] }),
    differs: ["keyScopes", "name", "restrictKeyScopes", "updatedAt"],
  },
  deleteRole: {
    action: "role.deleted",
    targetType: "CustomRole",
    input: (story) => ({ id: story.role.id }),
    differs: "gone",
  },
  createTeam: {
    action: "team.created",
    targetType: "Team",
    input: (story) => ({ tenantId: story.tenant.id, name: "New" }),
    differs: "new",
  },
  updateTeam: {
    action: "team.updated",
    targetType: "Team",
    input: (story) => ({ id: story.team.id, name: "New" }),
    differs: ["name", "updatedAt"],
  },
  deleteTeam: {
    action: "team.deleted",
    targetType: "Team",
    input: (story) => ({ id: story.team.id }),
    differs: "gone",
  },
  addTeamMember: {
    action: "team.member_added",
    targetType: "Team",
    input: (story) => ({ teamId: story.team.id, userId: story.user.id }),
    differs: "new",
    holds: (story) => ({ userId: story.user.id }),
  },
  removeTeamMember: {
    action: "team.member_removed",
    targetType: "Team",
    input: (story) => ({ teamId: story.team.id, userId: story.owner.id }),
    differs: "gone",
    holds: (story) => ({ userId: story.owner.id }),
  },
};

const recordFields =
  "tenantId actorType actorId actorName action targetType targetId before after address requestId createdAt";

async function send(caller: Caller, mutation: string, { targetType }: Change, input: Record<string, unknown>) {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}`;
  const thing = targetType === "CustomRole" ? "role" : `${targetType[0]?.toLowerCase()}${targetType.slice(1)}`;
  const secret = /^(?:createKey|rotateKey|reissueKey|createManagementToken)$/.test(mutation) ? "secret" : "";
  const document = `mutation ($input: ${type}Input!) { ${mutation}(input: $input) { __typename
    ... on ${type}Payload { ${thing} { id } ${secret} } ... on Error { code message } } }`;
  const headers = { "x-forwarded-for": "203.0.113.9" };
  const answer = await sendGraphql(caller.url, caller.token, document, { input }, headers);
  const result = ok(answer.body.data[mutation]);
  return {
    requestId: answer.headers.get("x-request-id"),
    targetId: result[thing].id as string,
    secret: (result.secret ?? null) as string | null,
  };
}

/** How many there are of what somebody did: what Keyplane does by itself may come at any time. */
const countOf = (world: World): Promise<number> =>
  world.server.keyplane.database.prisma.auditRecord.count({ where: { actorType: { not: "system" } } });

describe("the audit log", () => {
  test("has a line in this file for every mutation that changes something", () => {
    const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {});
    // Neither changes anything that is managed here, and both happen too often: they are in the call log.
    const calls = ["verifyKey", "recordUsage"];
    // What people do with their own account is told by tests beside it, because it is no token that does it.
    const account = ["signIn", "refreshSession", "signOut", "signOutEverywhere", "changePassword", "setPassword"];
    const links = ["requestPasswordLink", "sendPasswordLink"];
    // Of OAuth clients and trusted issuers, test/api/oauth tells.
    const oauth = mutations.filter((name) => /OAuthClient|TrustedIssuer/.test(name));
    // And of these, test/api/apis, limits, integrity, diagnosis, lifecycle and webhooks.
    const beside = mutations.filter((name) =>
      /Apis?(?:Access)?$|Quota$|RateLimits$|Integrity$|releaseKey|InvalidUser$|LeakedKey$|KeyFinding$|LifecyclePolicy$|Webhook(?:Secret)?$/.test(
        name,
      ),
    );
    const elsewhere = [...calls, ...account, ...links, ...oauth, ...beside];
    expect(mutations.filter((name) => !elsewhere.includes(name)).sort()).toEqual(Object.keys(changes).sort());
  });

  test.for(Object.entries(changes))(
    "%s is recorded once: who, what, from where, before and after",
    async ([mutation, change], { world }) => {
      const story = await begin(world);
      await change.first?.(world, story);
      const actorName = world.unique("auditor");
      const caller = await world.caller("ADMIN", { name: actorName });
      const { id: actorId } = (await caller.query("{ viewer { id } }")).viewer;
      world.clock.advance(1_000);
      const before = await countOf(world);
      const { requestId, targetId, secret } = await send(caller, mutation, change, change.input(story));

      expect(await countOf(world)).toBe(before + 1);
      const { nodes } = await readPage(world.root, "auditLog", { filter: { targetId, actorId } }, recordFields);
      expect(nodes).toHaveLength(1);
      const [record] = nodes;
      expect(record).toMatchObject({
        tenantId: mutation === "createTenant" ? targetId : story.tenant.id,
        actorType: "management_token",
        actorId,
        actorName,
        action: change.action,
        targetType: change.targetType,
        targetId,
        address: "127.0.0.1",
        requestId,
        createdAt: new Date(world.clock.now()).toISOString(),
      });
      const isGone = change.differs === "gone";
      expect(isGone ? record.before : record.after).toMatchObject(change.holds?.(story) ?? { id: targetId });
      if (typeof change.differs === "string") expect(isGone ? record.after : record.before).toBeNull();
      else expect(differences(record.before, record.after)).toEqual([...change.differs].sort());

      for (const known of [secret, story.secret, caller.token].filter((value) => value !== null)) {
        expect(JSON.stringify(record)).not.toContain(known);
        expect(JSON.stringify(record)).not.toContain(createHash("sha256").update(known).digest("hex"));
      }
    },
  );

  test("times are texts and numbers are numbers in what it keeps", async ({ world }) => {
    const { tenant } = await world.tenant({ maxLifetimeMs: 86_400_000 });
    const { nodes } = await readPage(world.root, "auditLog", { filter: { targetId: tenant.id } }, "after");
    expect(nodes[0].after).toMatchObject({ maxKeyLifetimeMs: 86_400_000, createdAt: tenant.createdAt });
  });

  test("has nothing of a change that was refused", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey({ policy: { maxKeysPerUser: 1 } });
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    const before = await countOf(world);
    const user = { tenantId: tenant.id, name: "x" };
    expect(await admin.user("createUser", { ...user, email: "x" })).toMatchObject({ code: "INVALID_INPUT" });
    expect(await admin.user("createUser", { ...user, email: owner.email })).toMatchObject({ code: "CONFLICT" });
    expect(await admin.user("deleteUser", { id: world.missingId("User") })).toMatchObject({ code: "NOT_FOUND" });
    expect(await developer.user("deleteUser", { id: owner.id })).toMatchObject({ code: "FORBIDDEN" });
    const second = { tenantId: tenant.id, ownerId: owner.id, name: "x" };
    expect(await admin.keySecret("createKey", second)).toMatchObject({ code: "LIMIT_REACHED" });
    await expect(world.anonymous.key("deleteKey", { id: key.id })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await countOf(world)).toBe(before);
  });

  test("has nothing of reads, of verifications and of repetitions that change nothing", async ({ world }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    const token = { name: "token", role: "GUEST", idempotencyKey: world.unique() };
    const { managementToken } = ok(await admin.createToken(token));
    ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
    ok(await admin.revokeToken({ id: managementToken.id }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    const before = await countOf(world);
    ok(await admin.createToken(token));
    ok(await admin.key("revokeKey", { id: key.id, reason: "again" }));
    ok(await admin.revokeToken({ id: managementToken.id }));
    ok(await admin.user("deleteUser", { id: owner.id }));
    ok(await world.root.tenant("resumeTenant", { id: tenant.id }));
    await admin.verify(secret);
    await readPage(admin, "auditLog");
    expect(await countOf(world)).toBe(before);
  });

  test("of changes at the same time has one record for the one that happened", async ({ world }) => {
    const { tenant, owner } = await world.tenantWithKey();
    const times = Array.from({ length: 4 });
    await Promise.all(times.map(async () => ok(await world.root.user("disableUser", { id: owner.id }))));
    await Promise.all(times.map(async () => ok(await world.root.tenant("suspendTenant", { id: tenant.id }))));
    for (const [targetId, action] of [
      [owner.id, "user.disabled"],
      [tenant.id, "tenant.suspended"],
    ]) {
      const filter = { targetId, action };
      expect(await readPage(world.root, "auditLog", { filter })).toMatchObject({ totalCount: 1 });
    }
  });

  test("believes a proxy about the address only when told to, and then only what the proxy itself saw", async () => {
    const server = await startServer({ KEYPLANE_TRUST_PROXY: "true" });
    try {
      const world = new World(server);
      const document = `mutation ($input: CreateTenantInput!) { createTenant(input: $input) { __typename
        ... on CreateTenantPayload { tenant { id } } } }`;
      const addressAfter = async (headers: Record<string, string>) => {
        const input = { slug: world.unique(), name: "Tenant" };
        const { body } = await sendGraphql(server.url, server.rootToken, document, { input }, headers);
        const filter = { targetId: body.data.createTenant.tenant.id };
        return (await readPage(world.root, "auditLog", { filter }, "address")).nodes[0].address;
      };
      expect(await addressAfter({ "x-forwarded-for": "10.0.0.1, 203.0.113.9" })).toBe("203.0.113.9");
      expect(await addressAfter({ "x-forwarded-for": "2001:db8::1" })).toBe("2001:db8::1");
      for (const nonsense of ["", " , ", "x".repeat(1_000), "<script>", "203.0.113.9:1234, unknown"]) {
        expect(await addressAfter({ "x-forwarded-for": nonsense }), nonsense).toBe("127.0.0.1");
      }
      expect(await addressAfter({})).toBe("127.0.0.1");
    } finally {
      await server.stop();
    }
  });
});

function differences(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).sort();
}
