import * as openid from "openid-client";
import {
  type Caller,
  day,
  describe,
  expect,
  hour,
  minute,
  mutate,
  ok,
  sendGraphql,
  strangeIds,
  test,
  type World,
} from "../../testkit/index.js";
import { beginFlow, clientStory, discover, passThrough } from "../../testkit/oauth.js";

const forbidden = { code: "FORBIDDEN", message: expect.stringContaining("keys:rotate") };
const rotate = (caller: Caller, id: string, input: object = {}) => caller.keySecret("rotateKey", { id, ...input });

/** The answer as it came, so that two can be compared byte for byte. */
async function textOf(caller: Caller, id: string): Promise<string> {
  const document = `mutation ($input: RotateKeyInput!) { rotateKey(input: $input) { __typename
    ... on RotateKeyPayload { secret } ... on Error { code message docsUrl } } }`;
  return (await sendGraphql(caller.url, caller.token, document, { input: { id } })).text;
}

/** An OAuth client's token for a person, with these permissions. */
async function oauthCaller(world: World, scope: string) {
  const { tenant, client, secret } = await clientStory(world);
  const owner = await world.user(tenant.id);
  await world.givePassword(owner.id);
  const config = await discover(world, client.id, openid.ClientSecretBasic(secret ?? ""));
  const flow = await beginFlow(config, { scope });
  const tokens = await openid.authorizationCodeGrant(config, await passThrough(flow, owner.email), {
    pkceCodeVerifier: flow.verifier,
    expectedState: flow.state,
  });
  return { caller: world.as(tokens.access_token), tenant, owner };
}

describe("rotateKey by whoever owns the key", () => {
  test.for([
    [
      "who has signed in",
      async (world: World, owner: { id: string; email: string }) => (await world.signIn(owner)).caller,
    ],
    ["by a token that acts for them", (world: World, owner: { id: string }) => world.userCaller(owner)],
  ] as const)("a DEVELOPER %s rotates it, at once and by its first use", async ([, callerOf], { world }) => {
    const { owner, key, secret } = await world.tenantWithKey();
    const caller = await callerOf(world, owner);
    const first = ok(await rotate(caller, key.id));
    expect([(await world.verify(secret)).code, (await world.verify(first.secret)).code]).toEqual([
      "SUPERSEDED",
      "VALID",
    ]);
    // Once more discards the one that waits.
    const dropped = ok(await rotate(caller, key.id, { activateOnFirstUse: true }));
    const waiting = ok(await rotate(caller, key.id, { activateOnFirstUse: true, overlapMs: hour }));
    expect((await world.verify(dropped.secret)).code).toBe("SUPERSEDED");
    expect((await world.verify(first.secret)).code).toBe("VALID");
    expect((await world.verify(waiting.secret)).code).toBe("VALID");
    const { prisma } = world.server.keyplane.database;
    await expect.poll(() => prisma.keySecret.count({ where: { keyId: key.id, isPending: true } })).toBe(0);
    world.clock.advance(hour);
    expect((await world.verify(first.secret)).code).toBe("SUPERSEDED");
    expect((await world.verify(waiting.secret)).code).toBe("VALID");
  });

  test("so does an OAuth client for them that was given keys:rotate_own, and none that was not", async ({ world }) => {
    for (const [scope, isGiven] of [
      ["tenants:read users:read keys:read keys:rotate_own", true],
      ["tenants:read users:read keys:read", false],
    ] as const) {
      const { caller, tenant, owner } = await oauthCaller(world, scope);
      const { key, secret } = await world.key(tenant.id, owner.id);
      const answer = await rotate(caller, key.id);
      if (isGiven) expect((await world.verify(ok(answer).secret)).code).toBe("VALID");
      else expect(answer).toMatchObject(forbidden);
      expect((await world.verify(secret)).code).toBe(isGiven ? "SUPERSEDED" : "VALID");
    }
  });

  test("is told in the audit log and as an event, by whom", async ({ world }) => {
    const { owner, key } = await world.tenantWithKey();
    const caller = await world.userCaller(owner);
    ok(await rotate(caller, key.id));
    const { prisma } = world.server.keyplane.database;
    const { viewer } = await caller.query("{ viewer { id } }");
    const where = { targetId: key.id, action: "key.rotated" };
    expect(await prisma.auditRecord.findMany({ where })).toMatchObject([{ actorId: viewer.id }]);
    expect(await prisma.event.count({ where: { keyId: key.id, type: "ROTATED" } })).toBe(1);
  });

  test("every other key answers alike: a colleague's, one of their team, another tenant's, and one that there is not", async ({
    world,
  }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const colleague = await world.user(ours.tenant.id);
    const team = await world.team(ours.tenant.id, [ours.owner.id, colleague.id]);
    const [hidden, shared] = [
      await world.key(ours.tenant.id, colleague.id),
      await world.key(ours.tenant.id, colleague.id, { teamId: team.id }),
    ];
    const caller = await world.userCaller(ours.owner);
    expect((await caller.query("query ($id: ID!) { key(id: $id) { id } }", { id: shared.key.id })).key).not.toBeNull();
    const missing = await textOf(caller, world.missingId("Key"));
    expect(JSON.parse(missing).data.rotateKey).toMatchObject({ __typename: "ForbiddenError", ...forbidden });
    for (const id of [hidden.key.id, shared.key.id, theirs.key.id, ours.owner.id, ...strangeIds("Key")]) {
      expect(await textOf(caller, id), id).toBe(missing);
    }
    for (const { secret } of [hidden, shared, theirs]) expect((await world.verify(secret)).code).toBe("VALID");
  });

  test("who sees the whole tenant by a custom role, but may rotate only their own, does no more", async ({ world }) => {
    const { tenant, owner, key } = await world.tenantWithKey();
    const other = await world.key(tenant.id, (await world.user(tenant.id)).id);
    const role = await world.role(tenant.id, { base: "ADMIN", permissions: ["KEYS_READ", "KEYS_ROTATE_OWN"] });
    ok(await world.root.user("updateUser", { id: owner.id, customRoleId: role.id }));
    const caller = await world.userCaller(owner, "GUEST", { customRoleId: role.id });
    const read = "query ($id: ID!) { key(id: $id) { id } }";
    expect((await caller.query(read, { id: other.key.id })).key).not.toBeNull();
    expect(await textOf(caller, other.key.id)).toBe(await textOf(caller, world.missingId("Key")));
    expect(await caller.can("KEYS_ROTATE", other.key.id)).toMatchObject({ allowed: false, code: "FORBIDDEN" });
    expect((await world.verify(other.secret)).code).toBe("VALID");
    const payload = "__typename ... on RotateKeyPayload { secret } ... on Error { code message }";
    const document = `mutation ($input: RotateKeyInput!) { rotateKey(input: $input) { ${payload} } }`;
    expect((await caller.query(document, { input: { id: key.id } })).rotateKey.secret).toEqual(expect.any(String));
  });

  test("nothing else of it is theirs to change", async ({ world }) => {
    const { tenant, owner, key, secret } = await world.tenantWithKey();
    const caller = await world.userCaller(owner);
    const lacks = { code: "FORBIDDEN" };
    for (const mutation of ["updateKey", "disableKey", "enableKey", "deleteKey", "restoreKey"])
      expect(await caller.key(mutation, { id: key.id })).toMatchObject(lacks);
    expect(await caller.key("revokeKey", { id: key.id, reason: "x" })).toMatchObject(lacks);
    expect(await caller.keySecret("reissueKey", { id: key.id, ownerId: owner.id })).toMatchObject(lacks);
    const another = { tenantId: tenant.id, ownerId: owner.id, name: "Key" };
    expect(await caller.keySecret("createKey", another)).toMatchObject(lacks);
    expect((await world.verify(secret)).code).toBe("VALID");
  });

  test("who acts for nobody owns nothing, and who lacks the permission may not", async ({ world }) => {
    const { tenant, owner, key, secret } = await world.tenantWithKey();
    const [guest, role] = [await world.user(tenant.id, { role: "GUEST" }), await world.role(tenant.id)];
    const ofGuest = await world.key(tenant.id, guest.id);
    const holder = await world.user(tenant.id, { customRoleId: role.id });
    const ofHolder = await world.key(tenant.id, holder.id);
    for (const [caller, id] of [
      [await world.caller("DEVELOPER", { tenantId: tenant.id }), key.id],
      [await world.caller("DEVELOPER"), key.id],
      [await world.userCaller(owner, "DEVELOPER", { permissions: ["KEYS_READ"] }), key.id],
      [await world.userCaller(guest, "GUEST"), ofGuest.key.id],
      [(await world.signIn(holder)).caller, ofHolder.key.id],
    ] as const) {
      expect(await rotate(caller, id)).toMatchObject(forbidden);
      expect(await caller.can("KEYS_ROTATE_OWN", id)).toMatchObject({ allowed: false, code: "FORBIDDEN" });
      expect(await caller.can("KEYS_ROTATE", id)).toMatchObject({ allowed: false, code: "FORBIDDEN" });
    }
    for (const each of [secret, ofGuest.secret, ofHolder.secret]) expect((await world.verify(each)).code).toBe("VALID");
  });

  test("a user who is disabled, and one of a suspended tenant, is not known any more", async ({ world }) => {
    const [disabled, suspended] = [await world.tenantWithKey(), await world.tenantWithKey()];
    for (const { tenant, owner, key } of [disabled, suspended]) {
      const callers = [await world.userCaller(owner), (await world.signIn(owner)).caller];
      if (tenant.id === disabled.tenant.id) ok(await world.root.user("disableUser", { id: owner.id }));
      else ok(await world.root.tenant("suspendTenant", { id: tenant.id }));
      for (const caller of callers)
        await expect(rotate(caller, key.id)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });

  test("what refuses every rotation refuses theirs", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    const caller = await world.userCaller(owner);
    const keyWith = async (input: Record<string, unknown> = {}) => (await world.key(tenant.id, owner.id, input)).key.id;
    const [revoked, deleted, scoped] = [await keyWith(), await keyWith(), await keyWith({ scopes: ["a", "b"] })];
    const expired = await keyWith({ expiresAt: world.clock.in(minute) });
    ok(await admin.key("revokeKey", { id: revoked, reason: "lost" }));
    ok(await admin.key("deleteKey", { id: deleted }));
    world.clock.advance(minute);
    for (const id of [revoked, deleted, expired])
      expect(await rotate(caller, id)).toMatchObject({ __typename: "ConflictError", code: "CONFLICT" });
    const limited = await world.userCaller(owner, "DEVELOPER", { grantableScopes: ["a"] });
    expect(await rotate(limited, scoped)).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("may not give the scopes b"),
    });
    expect(await limited.can("KEYS_ROTATE_OWN", scoped)).toMatchObject({ allowed: false, code: "FORBIDDEN" });
    ok(await rotate(caller, scoped));
    ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { allowedScopes: ["a"] } }));
    expect(await rotate(caller, scoped)).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("fit") });
    expect(await rotate(caller, scoped, { overlapMs: -1 })).toMatchObject({ code: "INVALID_INPUT" });
  });

  test.for([
    ["its tenant's", { rotationOverlapMs: hour }, {}, hour],
    ["its own, though its tenant's is longer", { rotationOverlapMs: day }, { rotationOverlapMs: hour }, hour],
    ["none, by its tenant's", { rotationOverlapMs: 0 }, {}, 0],
  ] as const)(
    "the overlap is at most what the policy says of the key: %s",
    async ([, policy, rules, longest], { world }) => {
      const { admin, owner, key, secret } = await world.tenantWithKey({ policy, key: rules });
      const caller = await world.userCaller(owner);
      const waits = [{}, { activateOnFirstUse: true }];
      for (const input of waits) {
        expect(await rotate(caller, key.id, { ...input, overlapMs: longest + 1 })).toMatchObject({
          __typename: "InvalidInputError",
          issues: [{ path: ["overlapMs"], message: expect.stringMatching(`for ${longest} ms at most.*keys:rotate`) }],
        });
      }
      expect((await world.verify(secret)).code).toBe("VALID");
      for (const input of waits)
        for (const overlapMs of [longest, null]) ok(await rotate(caller, key.id, { ...input, overlapMs }));
      // Who may rotate every key makes such rules.
      ok(await rotate(admin, key.id, { overlapMs: longest + 1 }));
    },
  );

  test("where no rule says an overlap, theirs is any", async ({ world }) => {
    const { owner, key, secret } = await world.tenantWithKey({
      policy: { rotateEveryMs: 2 * day, rotationOverdue: "REFUSE" },
    });
    const caller = await world.userCaller(owner);
    world.clock.advance(day);
    ok(await rotate(caller, key.id, { overlapMs: 2_147_483_647 }));
    expect((await world.verify(secret)).code).toBe("VALID");
  });

  test.for([
    ["a tenant that says no overlap", { rotationOverlapMs: 0 }, {}, [0, "stays refused"]],
    ["a tenant that says nothing of overlaps", {}, {}, [day, "accepted again, and works on for 1 day"]],
    [
      "its own rule",
      { rotationOverdue: "WARN" },
      { rotationOverdue: "REFUSE" },
      [day, "accepted again, and works on for 1 day"],
    ],
  ] as const)(
    "a secret that is refused as overdue does not come back by their rotation: %s",
    async ([, policy, rules, [allowedMs, effect]], { world }) => {
      const { admin, owner, key, secret } = await world.tenantWithKey({
        policy: { rotateEveryMs: day, rotationOverdue: "REFUSE", ...policy },
        key: rules,
      });
      const caller = await world.userCaller(owner);
      world.clock.advance(day);
      expect((await world.verify(secret)).code).toBe("EXPIRED");
      for (const overlapMs of [1, 2_147_483_647])
        expect(await rotate(caller, key.id, { overlapMs })).toMatchObject({
          __typename: "InvalidInputError",
          issues: [{ path: ["overlapMs"], message: expect.stringContaining("Give 0, or ask") }],
        });
      expect((await world.verify(secret)).code).toBe("EXPIRED");
      const [remedy] = (await caller.diagnose({ keyId: key.id })).remedies;
      expect(remedy).toMatchObject({
        code: "EXPIRED",
        permitted: true,
        variables: { input: { overlapMs: 0 } },
        effect: expect.stringContaining("stays refused"),
      });
      // An administrator may decide otherwise where no rule says, and is told so.
      expect((await admin.diagnose({ keyId: key.id })).remedies[0]).toMatchObject({
        variables: { input: { overlapMs: allowedMs } },
        effect: expect.stringContaining(effect),
      });
      const rotated = await caller.remedy(remedy);
      expect((await world.verify(secret)).code).toBe("SUPERSEDED");
      expect((await world.verify(rotated.secret)).code).toBe("VALID");
    },
  );

  test("one that is refused as overdue is accepted again for as long as the policy says, and no longer", async ({
    world,
  }) => {
    const { owner, key, secret } = await world.tenantWithKey({
      policy: { rotateEveryMs: day, rotationOverdue: "REFUSE", rotationOverlapMs: hour },
    });
    const caller = await world.userCaller(owner);
    world.clock.advance(day);
    const [remedy] = (await caller.diagnose({ keyId: key.id })).remedies;
    expect(remedy).toMatchObject({
      variables: { input: { overlapMs: hour } },
      effect: expect.stringContaining("accepted again, and works on for 1 hour"),
    });
    await caller.remedy(remedy);
    world.clock.advance(hour - 1);
    expect((await world.verify(secret)).code).toBe("VALID");
    world.clock.advance(1);
    expect((await world.verify(secret)).code).toBe("SUPERSEDED");
  });

  test("a retry gets the same secret, but none when the key is somebody else's by then", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const caller = await world.userCaller(owner);
    const attempt = { idempotencyKey: world.unique(), overlapMs: hour };
    const first = ok(await rotate(caller, key.id, attempt));
    expect(ok(await rotate(caller, key.id, attempt)).secret).toBe(first.secret);
    ok(await admin.keySecret("reissueKey", { id: key.id, ownerId: (await world.user(tenant.id)).id }));
    const repeated = await rotate(caller, key.id, attempt);
    expect(repeated).toMatchObject(forbidden);
    expect(repeated).not.toHaveProperty("secret");
    // Nor when they are no longer a DEVELOPER.
    const again = await world.key(tenant.id, owner.id);
    const second = { idempotencyKey: world.unique() };
    ok(await rotate(caller, again.key.id, second));
    ok(await admin.user("updateUser", { id: owner.id, role: "GUEST" }));
    expect(await rotate(caller, again.key.id, second)).toMatchObject(forbidden);
  });

  test("can and diagnoseKey say so of their own key", async ({ world }) => {
    const { tenant, owner, key } = await world.tenantWithKey({
      policy: { rotateEveryMs: hour, rotationOverdue: "REFUSE" },
    });
    const other = await world.key(tenant.id, (await world.user(tenant.id)).id);
    const caller = await world.userCaller(owner);
    for (const action of ["KEYS_ROTATE", "KEYS_ROTATE_OWN"])
      expect(await caller.can(action, key.id)).toMatchObject({ action, allowed: true, code: null });
    expect(await caller.can("KEYS_ROTATE_OWN")).toMatchObject({ allowed: true });
    expect(await caller.can("KEYS_ROTATE")).toMatchObject({ allowed: false });
    for (const action of ["KEYS_ROTATE", "KEYS_ROTATE_OWN"]) {
      const [hidden, missing] = [
        await caller.can(action, other.key.id),
        await caller.can(action, world.missingId("Key")),
      ];
      expect(hidden).toMatchObject({ allowed: false, code: "FORBIDDEN" });
      expect(hidden).toEqual(missing);
    }
    world.clock.advance(hour);
    const [remedy] = (await caller.diagnose({ keyId: key.id })).remedies;
    expect(remedy).toMatchObject({
      code: "EXPIRED",
      permissions: ["KEYS_ROTATE_OWN"],
      permitted: true,
      permittedTo: null,
    });
    expect((await caller.remedy(remedy)).secret).toEqual(expect.any(String));
    const program = await world.caller("DEVELOPER", { tenantId: tenant.id });
    const [refused] = (await program.diagnose({ keyId: other.key.id })).remedies;
    expect(refused).toMatchObject({ code: "EXPIRED", permissions: ["KEYS_ROTATE"], permitted: false });
  });
});

describe("a token with a limit", () => {
  test.for([
    ["of scopes", () => ({ grantableScopes: ["x"] })],
    ["of time", (world: World) => ({ expiresAt: world.clock.in(hour) })],
  ] as const)("%s makes nobody who could rotate a key that is there", async ([, limitOf], { world }) => {
    const { tenant, owner } = await world.tenantWithKey({ key: { scopes: ["y"] } });
    const limited = await world.caller("ADMIN", { tenantId: tenant.id, ...limitOf(world) });
    const mail = () => `${world.unique("new")}@acme.example`;
    const lacks = { code: "FORBIDDEN", message: expect.stringContaining("keys:rotate_own") };
    // Whoever has the address becomes the owner of the key.
    expect(await limited.user("updateUser", { id: owner.id, email: mail() })).toMatchObject(lacks);
    expect(await limited.user("updateUser", { id: owner.id, externalId: world.unique() })).toMatchObject(lacks);
    const guest = await world.user(tenant.id, { role: "GUEST" });
    ok(await limited.user("updateUser", { id: guest.id, email: mail() }));
    expect(await limited.user("updateUser", { id: guest.id, role: "DEVELOPER" })).toMatchObject(lacks);
    const custom = (permissions: string[]) => ({
      tenantId: tenant.id,
      name: world.unique(),
      permissions,
      keyScopes: ["x"],
    });
    const { role } = ok(await limited.role("createRole", custom(["KEYS_READ", "KEYS_ROTATE_OWN"])));
    expect(await limited.user("updateUser", { id: guest.id, customRoleId: role.id })).toMatchObject(lacks);
    const reading = ok(await limited.role("createRole", custom(["KEYS_READ"]))).role;
    ok(await limited.user("updateUser", { id: guest.id, customRoleId: reading.id }));
    const wider = { id: reading.id, permissions: ["KEYS_READ", "KEYS_ROTATE_OWN"] };
    expect(await limited.role("updateRole", wider)).toMatchObject(lacks);
    const issuer = { tenantId: tenant.id, name: "IdP", issuer: `http://127.0.0.1:1/${world.unique()}`, audience: "x" };
    const trusted = { ...issuer, defaultRole: "DEVELOPER" };
    const selection = "trustedIssuer { id }";
    expect(await mutate(world.url, limited.token, "createTrustedIssuer", trusted, selection)).toMatchObject(lacks);
    // As the refusal advises.
    const asGuests = { ...trusted, issuer: `${issuer.issuer}/guests`, defaultRole: "GUEST" };
    ok(await mutate(world.url, limited.token, "createTrustedIssuer", asGuests, selection));
    // Who is new owns no key.
    ok(await limited.user("createUser", { tenantId: tenant.id, email: mail(), name: "New", role: "DEVELOPER" }));
    ok(await limited.user("createUser", { tenantId: tenant.id, email: mail(), name: "New", customRoleId: role.id }));
  });
});
