import { hash } from "@node-rs/argon2";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { day, describe, expect, minute, ok, sendGraphql, test, testPassword } from "../../testkit/index.js";

const viewer = "{ viewer { id name role permissions tenantId userId expiresAt } }";

describe("signIn", () => {
  test("with the right password begins a session, whose access token is a caller like any other", async ({ world }) => {
    const { tenant } = await world.tenant();
    const user = await world.user(tenant.id, { role: "ADMIN", name: "Ada" });
    const { session, accessToken, accessTokenExpiresAt, refreshToken, caller } = await world.signIn(user);
    expect(session).toMatchObject({ userId: user.id, tenantId: tenant.id, endedAt: null, isCurrent: false });
    expect(session.expiresAt).toBe(world.clock.in(90 * day));
    expect(refreshToken).toMatch(/^kprefresh_live_/);
    expect(decodeProtectedHeader(accessToken)).toMatchObject({ typ: "at+jwt", alg: "ES256" });
    expect(decodeJwt(accessToken)).toMatchObject({
      sub: user.id,
      sid: session.id,
      aud: world.url,
    });
    expect(Date.parse(accessTokenExpiresAt) - world.clock.now()).toBeGreaterThan(10 * minute - 1_001);

    const { viewer: me } = await caller.query(viewer);
    expect(me).toMatchObject({
      id: session.id,
      name: "Ada",
      role: "ADMIN",
      tenantId: tenant.id,
      userId: user.id,
      expiresAt: null,
    });
    const { key } = ok(await caller.keySecret("createKey", { tenantId: tenant.id, ownerId: user.id, name: "Key" }));
    const { auditLog } = await caller.query(
      "query ($id: ID!) { auditLog(filter: { targetId: $id }) { nodes { actorType actorId actorName } } }",
      { id: key.id },
    );
    expect(auditLog.nodes).toEqual([{ actorType: "user", actorId: user.id, actorName: "Ada" }]);
  });

  test("somebody who is no administrator sees only their own", async ({ world }) => {
    const { tenant, key } = await world.tenantWithKey();
    const user = await world.user(tenant.id, { role: "DEVELOPER" });
    const own = (await world.key(tenant.id, user.id)).key;
    const { caller } = await world.signIn(user);
    const { keys } = await caller.query("{ keys { nodes { id } } }");
    expect(keys.nodes).toEqual([{ id: own.id }]);
    expect(await caller.key("revokeKey", { id: key.id, reason: "x" })).toMatchObject({ code: "FORBIDDEN" });
  });

  test("finds the address in any case, and composes letters as they were composed when the password was set", async ({
    world,
  }) => {
    const { tenant } = await world.tenant();
    const user = await world.user(tenant.id);
    await world.givePassword(user.id);
    const email = ` ${user.email.toUpperCase()} `;
    ok(await world.anonymous.account("signIn", { email, password: testPassword.replace("q", "\uff51") }));
  });

  test("whatever is wrong, the answer is the same", async ({ world }) => {
    const { tenant } = await world.tenant();
    const [right, disabled, deleted, without] = await Promise.all([1, 2, 3, 4].map(() => world.user(tenant.id)));
    for (const user of [right, disabled, deleted]) await world.givePassword(user.id);
    ok(await world.root.user("disableUser", { id: disabled.id }));
    ok(await world.root.user("deleteUser", { id: deleted.id }));
    const other = await world.tenant();
    const suspended = await world.user(other.tenant.id);
    await world.givePassword(suspended.id);
    ok(await world.root.tenant("suspendTenant", { id: other.tenant.id }));
    const attempt = (email: string, password: string, more = {}) =>
      world.anonymous.account("signIn", { email, password, ...more });
    const wrong = await attempt(right.email, `${testPassword}!`);
    expect(wrong).toMatchObject({ __typename: "InvalidCredentialsError", code: "INVALID_CREDENTIALS" });
    for (const answer of [
      await attempt("nobody@example.com", testPassword),
      await attempt("", ""),
      await attempt("no address", testPassword),
      await attempt(disabled.email, testPassword),
      await attempt(deleted.email, testPassword),
      await attempt(without.email, testPassword),
      await attempt(suspended.email, testPassword),
      await attempt(right.email, testPassword, { tenant: other.tenant.slug }),
      await attempt(right.email, testPassword, { tenant: world.missingId("Tenant") }),
      await attempt(right.email, testPassword.toUpperCase()),
    ])
      expect(answer).toEqual(wrong);
    ok(await attempt(right.email, testPassword));
  });

  test("an address that is used in two tenants needs the tenant, by slug or id", async ({ world }) => {
    const [one, two] = [await world.tenant(), await world.tenant()];
    const email = `${world.unique("both")}@example.com`;
    for (const { tenant } of [one, two]) await world.givePassword((await world.user(tenant.id, { email })).id);
    const attempt = (more = {}) => world.anonymous.account("signIn", { email, password: testPassword, ...more });
    expect(await attempt()).toMatchObject({
      code: "INVALID_CREDENTIALS",
      message: expect.stringContaining("name the tenant"),
    });
    expect(ok(await attempt({ tenant: one.tenant.slug })).session.tenantId).toBe(one.tenant.id);
    expect(ok(await attempt({ tenant: two.tenant.id })).session.tenantId).toBe(two.tenant.id);
  });

  test("a hash that was made with less work is made anew, with the same password", async ({ world }) => {
    const { tenant } = await world.tenant();
    const user = await world.user(tenant.id);
    const { prisma } = world.server.keyplane.database;
    const weak = await hash(testPassword, { memoryCost: 1_024, timeCost: 1 });
    await prisma.userPassword.create({ data: { userId: user.id, hash: weak, changedAt: new Date(0) } });
    for (let time = 0; time < 2; time++) {
      ok(await world.anonymous.account("signIn", { email: user.email, password: testPassword }));
      const row = await prisma.userPassword.findUniqueOrThrow({ where: { userId: user.id } });
      expect(row).toMatchObject({ hash: expect.stringContaining("m=19456,t=2,p=1"), changedAt: new Date(0) });
    }
  });

  test("refuses what is too long, and cuts nothing off", async ({ world }) => {
    const long = await world.anonymous.account("signIn", { email: "a@example.com", password: "x".repeat(257) });
    expect(long).toMatchObject({ code: "INVALID_INPUT", issues: [{ path: ["password"] }] });
  });

  test("keeps and shows no secret: not in the log, the audit log or any table", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const user = await world.user(tenant.id);
    world.clock.advance(1);
    const { accessToken, refreshToken, session } = await world.signIn(user);
    const { auditLog } = await admin.query("{ auditLog(first: 100) { nodes { action targetId before after } } }");
    expect(auditLog.nodes[0]).toMatchObject({ action: "session.created", targetId: session.id });
    const { prisma } = world.server.keyplane.database;
    const tokens = await prisma.refreshToken.findMany({ where: { sessionId: session.id } });
    const texts = [JSON.stringify(auditLog), JSON.stringify(tokens), world.server.logs.join("\n")];
    for (const secret of [accessToken, refreshToken, testPassword])
      for (const text of texts) expect(text).not.toContain(secret);
  });

  test("the hundred and first session of a user ends the oldest", async ({ world }) => {
    const { tenant } = await world.tenant();
    const user = await world.user(tenant.id);
    const { session, caller } = await world.signIn(user);
    const { prisma } = world.server.keyplane.database;
    const { id: _, ...row } = await prisma.session.findUniqueOrThrow({ where: { id: session.id } });
    world.clock.advance(1);
    await prisma.session.createMany({
      data: Array.from({ length: 99 }, () => ({
        ...row,
        id: world.missingId("Session"),
        createdAt: new Date(world.clock.now()),
      })),
    });
    await caller.query(viewer);
    await world.signIn(user);
    await expect(caller.query(viewer)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("a request without a token", () => {
  const open = 'mutation { signIn(input: { email: \\"a\\", password: \\"b\\" }) { __typename } }';

  test("whose body reads as two things is refused", async ({ world }) => {
    const body = `{"query":"${open}","x":"&query=query{__schema{types{name}}}&y="}`;
    for (const type of [
      "application/x-www-form-urlencoded",
      "application/graphql",
      "application/json, application/x-www-form-urlencoded",
      "application/json; boundary=multipart/form-data",
      "multipart/form-data; boundary=x",
      "text/plain",
    ]) {
      const headers = { "content-type": type, "x-graphql-yoga-csrf": "1" };
      const response = await fetch(`${world.url}/graphql?query={__typename}`, { method: "POST", headers, body });
      expect([response.status, (await response.json()).errors[0].extensions.code], type).toEqual([
        401,
        "UNAUTHENTICATED",
      ]);
    }
    const headers = { "content-type": "application/json" };
    const good = await fetch(`${world.url}/graphql`, { method: "POST", headers, body: `{"query":"${open}"}` });
    expect((await good.json()).data.signIn.__typename).toBe("InvalidCredentialsError");
  });

  test("has nothing of the schema but what it answers itself", async ({ world }) => {
    for (const query of [
      "{ __schema { types { name } } }",
      '{ __type(name: "Key") { name } }',
      "query { __typename }",
      "mutation { __typename }",
      "subscription { keyEvents { __typename } }",
      "{ viewer { id } }",
    ]) {
      expect((await sendGraphql(world.url, null, query)).status, query).toBe(401);
    }
    const batch = JSON.stringify([{ query: open.replaceAll("\\", "") }]);
    const headers = { "content-type": "application/json" };
    expect((await fetch(`${world.url}/graphql`, { method: "POST", headers, body: batch })).status).toBe(401);
  });
});

describe("an access token", () => {
  test("ends with its ten minutes, and nothing that it created ends with it", async ({ world }) => {
    const { tenant } = await world.tenant();
    const { caller } = await world.signIn(await world.user(tenant.id, { role: "ADMIN" }));
    const { managementToken } = ok(await caller.createToken({ name: "for a job", role: "DEVELOPER" }));
    expect(managementToken.expiresAt).toBeNull();
    world.clock.advance(10 * minute - 1_000);
    await caller.query(viewer);
    world.clock.advance(1_000);
    await expect(caller.query(viewer)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining("refreshSession"),
    });
  });

  test("does what its user may do now: a changed role counts for the next request", async ({ world }) => {
    const { tenant } = await world.tenant();
    const user = await world.user(tenant.id, { role: "ADMIN" });
    const { caller } = await world.signIn(user);
    await caller.query("{ managementTokens { totalCount } }");
    ok(await world.root.user("updateUser", { id: user.id, role: "GUEST" }));
    await expect(caller.query("{ managementTokens { totalCount } }")).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect((await caller.query(viewer)).viewer).toMatchObject({ role: "GUEST", permissions: [] });
  });

  test("is refused while the tenant is suspended, and for good once its user was disabled", async ({ world }) => {
    const { tenant } = await world.tenant();
    const user = await world.user(tenant.id);
    const { caller, refreshToken } = await world.signIn(user);
    const refusal = expect.objectContaining({ code: "UNAUTHENTICATED" });
    ok(await world.root.tenant("suspendTenant", { id: tenant.id }));
    await expect(caller.query(viewer)).rejects.toEqual(refusal);
    expect(await world.anonymous.account("refreshSession", { refreshToken })).toMatchObject({
      code: "INVALID_CREDENTIALS",
    });
    ok(await world.root.tenant("resumeTenant", { id: tenant.id }));
    await caller.query(viewer);
    world.clock.advance(1);
    ok(await world.root.user("disableUser", { id: user.id }));
    await expect(caller.query(viewer)).rejects.toEqual(refusal);
    ok(await world.root.user("enableUser", { id: user.id }));
    await expect(caller.query(viewer)).rejects.toEqual(refusal);
    expect(await world.anonymous.account("refreshSession", { refreshToken })).toMatchObject({
      code: "INVALID_CREDENTIALS",
    });
    await world.signIn(user);
  });

  test("is answered from memory: a warm one asks the database nothing", async ({ world }) => {
    const { tenant } = await world.tenant();
    const { caller } = await world.signIn(await world.user(tenant.id));
    await caller.query(viewer);
    const { prisma } = world.server.keyplane.database;
    await prisma.$executeRawUnsafe('ALTER TABLE "Session" RENAME TO "SessionAway"');
    await prisma.$executeRawUnsafe('ALTER TABLE "SigningKey" RENAME TO "SigningKeyAway"');
    try {
      await caller.query(viewer);
    } finally {
      await prisma.$executeRawUnsafe('ALTER TABLE "SessionAway" RENAME TO "Session"');
      await prisma.$executeRawUnsafe('ALTER TABLE "SigningKeyAway" RENAME TO "SigningKey"');
    }
  });

  test("that is forged or changed opens nothing", async ({ world }) => {
    const { tenant } = await world.tenant();
    const { accessToken } = await world.signIn(await world.user(tenant.id));
    const [head, , signature] = accessToken.split(".");
    const claims = { ...decodeJwt(accessToken), sub: world.missingId("User") };
    const changed = [head, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
    const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${accessToken.split(".")[1]}.`;
    for (const token of [changed, none, `${accessToken}x`, accessToken.slice(0, -3)]) {
      const { status, body } = await sendGraphql(world.url, token, viewer);
      expect([status, body.errors[0].extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
    }
  });
});
