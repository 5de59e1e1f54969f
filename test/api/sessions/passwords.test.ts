import { generateKey } from "@keyplane/schema";
import { day, describe, expect, minute, ok, test, testPassword, type World } from "../../testkit/index.js";
import { mailsTo, tokenFor } from "./mailbox.js";

const newPassword = "seven slow trains to Tromsø";
const viewer = "{ viewer { id } }";

async function someone(world: World, input: Record<string, unknown> = {}) {
  const { tenant, admin } = await world.tenant();
  return { tenant, admin, user: await world.user(tenant.id, input) };
}

const signIn = (world: World, email: string, password: string) =>
  world.anonymous.account("signIn", { email, password });

const setPassword = (world: World, token: string, password = newPassword) =>
  world.anonymous.account("setPassword", { token, password });

const refused = {
  __typename: "InvalidCredentialsError",
  code: "INVALID_CREDENTIALS",
  message: expect.stringContaining("Ask for a new link"),
};

describe("sendPasswordLink", () => {
  test("lets a new user set the first password within seven days, once", async ({ world }) => {
    const { admin, user } = await someone(world, { name: "Ada <b>" });
    world.clock.advance(1);
    const { expiresAt } = ok(await admin.account("sendPasswordLink", { userId: user.id }));
    expect(expiresAt).toBe(world.clock.in(7 * day));
    const token = await tokenFor(world.server, user.email);
    const [mail] = mailsTo(world.server, user.email);
    expect(mail?.headers).toMatch(/^Subject: Set your Keyplane password\r$/m);
    expect(mail?.text).toContain(`${world.url}/password#${token}`);
    world.clock.advance(7 * day - 1);
    ok(await setPassword(world, token));
    ok(await signIn(world, user.email, newPassword));
    expect(await setPassword(world, token)).toMatchObject(refused);
    const { auditLog } = await admin.query(
      "query ($id: ID!) { auditLog(filter: { targetId: $id }) { nodes { action actorType actorId } } }",
      { id: user.id },
    );
    expect(auditLog.nodes.slice(0, 2)).toMatchObject([
      { action: "password.set", actorType: "user", actorId: user.id },
      { action: "password_link.sent", actorType: "management_token" },
    ]);
  });

  test("ends the link before it; the log shows where the mail is, and neither link nor text", async ({ world }) => {
    const { admin, user } = await someone(world);
    ok(await admin.account("sendPasswordLink", { userId: user.id }));
    const first = await tokenFor(world.server, user.email);
    world.clock.advance(1_000);
    ok(await admin.account("sendPasswordLink", { userId: user.id }));
    const second = await tokenFor(world.server, user.email, 2);
    expect(await setPassword(world, first)).toMatchObject(refused);
    ok(await setPassword(world, second));
    const logs = world.server.logs.join("");
    expect(logs).toContain(mailsTo(world.server, user.email)[0]?.file);
    for (const token of [first, second]) expect(logs).not.toContain(token.slice(0, 20));
  });

  test("is refused for whom it cannot help, and for who may not", async ({ world }) => {
    const { tenant, admin, user } = await someone(world);
    const send = (caller: typeof admin, userId: string) => caller.account("sendPasswordLink", { userId });
    expect(await send(await world.caller("DEVELOPER", { tenantId: tenant.id }), user.id)).toMatchObject({
      code: "FORBIDDEN",
    });
    const stranger = (await world.tenant()).admin;
    expect(await send(stranger, user.id)).toEqual(await send(stranger, world.missingId("User")));
    await expect(send(world.anonymous, user.id)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    ok(await admin.user("disableUser", { id: user.id }));
    expect(await send(admin, user.id)).toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("enableUser"),
    });
    ok(await admin.user("deleteUser", { id: user.id }));
    expect(await send(admin, user.id)).toMatchObject({ code: "CONFLICT" });
    expect(mailsTo(world.server, user.email)).toEqual([]);
  });
});

describe("requestPasswordLink", () => {
  const ask = (world: World, email: string, more = {}) =>
    world.anonymous.account("requestPasswordLink", { email, ...more });

  test("sends a link that works for 30 minutes, ends all sessions and the old password", async ({ world }) => {
    const { user } = await someone(world);
    const { caller, refreshToken } = await world.signIn(user);
    ok(await ask(world, user.email));
    const token = await tokenFor(world.server, user.email);
    world.clock.advance(30 * minute - 1);
    const next = ok(await world.anonymous.account("refreshSession", { refreshToken }));
    expect(ok(await setPassword(world, token)).endedSessions).toBe(1);
    for (const each of [caller, world.as(next.accessToken)])
      await expect(each.query(viewer)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await signIn(world, user.email, testPassword)).toMatchObject({ code: "INVALID_CREDENTIALS" });
    ok(await signIn(world, user.email, newPassword));
  });

  test("answers the same whether there is an account or not", async ({ world }) => {
    const { user, admin } = await someone(world);
    const answer = ok(await ask(world, user.email));
    const disabled = (await someone(world)).user;
    ok(await world.root.user("disableUser", { id: disabled.id }));
    for (const email of [`${world.unique()}@example.com`, disabled.email, world.unique()])
      expect(await ask(world, email)).toEqual(answer);
    await tokenFor(world.server, user.email);
    expect(mailsTo(world.server, disabled.email)).toEqual([]);
    expect(admin).toBeDefined();
  });

  test("fills nobody's mailbox: after a few there is a pause, the same for an address without an account", async ({
    world,
  }) => {
    const { user } = await someone(world);
    for (const email of [user.email, `${world.unique()}@example.com`]) {
      for (let count = 0; count < 3; count++) ok(await ask(world, email));
      ok(await ask(world, email));
      expect(await ask(world, email)).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: minute });
    }
  });
});

describe("setPassword", () => {
  test("by a link that has expired, went to an address that the user has no more, or never was, changes nothing", async ({
    world,
  }) => {
    const link = async () => {
      const { admin, user } = await someone(world);
      ok(await admin.account("sendPasswordLink", { userId: user.id }));
      return { user, token: await tokenFor(world.server, user.email) };
    };
    const [expired, moved] = [await link(), await link()];
    const never = await setPassword(world, generateKey({ prefix: "kplink", environment: "LIVE" }).secret);
    expect(never).toMatchObject(refused);
    ok(await world.root.user("updateUser", { id: moved.user.id, email: `${world.unique()}@example.com` }));
    expect(await setPassword(world, moved.token)).toEqual(never);
    world.clock.advance(7 * day);
    expect(await setPassword(world, expired.token)).toEqual(never);
    for (const text of ["", "x", world.server.rootToken]) expect(await setPassword(world, text)).toEqual(never);
    const { prisma } = world.server.keyplane.database;
    expect(await prisma.userPassword.count({ where: { userId: { in: [expired.user.id, moved.user.id] } } })).toBe(0);
  });

  test("used twice at the same moment sets one password", async ({ world }) => {
    const { admin, user } = await someone(world);
    ok(await admin.account("sendPasswordLink", { userId: user.id }));
    const token = await tokenFor(world.server, user.email);
    const answers = await Promise.all([
      setPassword(world, token),
      setPassword(world, token, `${newPassword} and back`),
    ]);
    expect(answers.filter((answer) => !("code" in answer))).toHaveLength(1);
  });

  test("refuses what is easy to guess, with what would help; the link still works", async ({ world }) => {
    const { tenant, user } = await (async () => {
      const made = await world.root.tenant("createTenant", {
        slug: world.unique("harbourworks"),
        name: "Harbourworks",
      });
      return { tenant: ok(made).tenant, user: await world.user(ok(made).tenant.id, { name: "Grace Hopper" }) };
    })();
    ok(await world.root.account("sendPasswordLink", { userId: user.id }));
    const token = await tokenFor(world.server, user.email);
    for (const [password, message] of [
      ["fourteen chars", "at least 15 characters; this has 14"],
      ["\ufdfa", "at least 15 characters; this has 1"],
      ["passwordpassword", "easy to guess"],
      ["aaaaaaaaaaaaaaaaaaaa", "easy to guess"],
      ["abcdefghijklmnopqrstuvwxyz", "easy to guess"],
      ["123456789012345", "easy to guess"],
      ["qwertyuiopasdfgh", "easy to guess"],
      ["keyplanekeyplane", "belong to your account"],
      ["Harbourworks2026", "belong to your account"],
      ["gracehoppergrace", "belong to your account"],
      ["x".repeat(257), "at most 256 characters"],
      ["broken \ud800 characters here", "broken characters"],
    ] as const) {
      const answer = await setPassword(world, token, password);
      expect(answer, password).toMatchObject({
        code: "INVALID_INPUT",
        issues: [{ path: ["password"], message: expect.stringContaining(message) }],
      });
      expect(JSON.stringify(answer)).not.toContain(password);
    }
    expect(tenant.id).toBe(user.tenantId ?? tenant.id);
    ok(await setPassword(world, token, "æ 🦆 und noch viele andere Zeichen, mit Leerstellen ".padEnd(255, "x")));
  });
});

describe("changePassword", () => {
  const change = (caller: World["root"], currentPassword: string, next = newPassword) =>
    caller.account("changePassword", { currentPassword, newPassword: next });

  test("ends all other sessions of the user, and this one goes on", async ({ world }) => {
    const { user } = await someone(world);
    const [here, there] = [await world.signIn(user), await world.signIn(user)];
    expect(ok(await change(here.caller, testPassword)).endedSessions).toBe(1);
    await here.caller.query(viewer);
    await expect(there.caller.query(viewer)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    ok(await world.anonymous.account("refreshSession", { refreshToken: here.refreshToken }));
    ok(await signIn(world, user.email, newPassword));
    expect(await signIn(world, user.email, testPassword)).toMatchObject({ code: "INVALID_CREDENTIALS" });
  });

  test("needs the current password, and does not let it be guessed", async ({ world }) => {
    const { user } = await someone(world);
    const { caller } = await world.signIn(user);
    for (let count = 0; count < 6; count++)
      expect(await change(caller, "wrong")).toMatchObject({ code: "INVALID_CREDENTIALS" });
    expect(await change(caller, testPassword)).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: 1_000 });
    world.clock.advance(1_000);
    expect(await change(caller, testPassword, testPassword)).toMatchObject({
      code: "INVALID_INPUT",
      issues: [{ path: ["newPassword"] }],
    });
    expect(await change(caller, testPassword, "short")).toMatchObject({
      code: "INVALID_INPUT",
      issues: [{ path: ["newPassword"] }],
    });
  });

  test("is for people who have signed in, not for tokens that act for them", async ({ world }) => {
    const { user } = await someone(world);
    const token = await world.caller("DEVELOPER", { userId: user.id });
    for (const caller of [token, world.root])
      expect(await change(caller, testPassword)).toMatchObject({ code: "FORBIDDEN" });
    await expect(change(world.anonymous, testPassword)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
