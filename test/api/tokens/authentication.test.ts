import { generateKey } from "@keyplane/schema";
import { Caller, describe, expect, minute, ok, sendGraphql, test, type World } from "../../testkit/index.js";

const whoAmI = "{ viewer { id } }";
const send = (world: World, authorization: string) => sendGraphql(world.url, null, whoAmI, {}, { authorization });

describe("a management token", () => {
  test("is sent as Bearer, in any case and with spaces around it", async ({ world }) => {
    const { rootToken } = world.server;
    for (const header of [`Bearer ${rootToken}`, `bearer ${rootToken}`, `BEARER   ${rootToken}  `]) {
      expect((await send(world, header)).status, header).toBe(200);
    }
  });

  test("that is missing, unknown or sent in another way is refused, with what to do", async ({ world }) => {
    const { rootToken } = world.server;
    const { secret } = await world.tenantWithKey();
    for (const header of [
      "",
      "Bearer",
      "Bearer ",
      rootToken,
      `Basic ${rootToken}`,
      `Token ${rootToken}`,
      `Bearer:${rootToken}`,
      `Bearer ${rootToken}, Bearer ${rootToken}`,
      `Bearer ${rootToken.slice(0, -1)}`,
      `Bearer ${rootToken.toUpperCase()}`,
      `Bearer "${rootToken}"`,
      "Bearer é",
      `Bearer ${"x".repeat(10_000)}`,
      `Bearer ${secret}`, // an API key is not a management token
    ]) {
      const { status, headers, body } = await send(world, header);
      expect(status, header).toBe(401);
      expect(headers.get("www-authenticate")).toBe('Bearer realm="keyplane"');
      const [{ message, extensions }] = body.errors;
      expect(message).toMatch(/Send|must read|Use another one/);
      expect(extensions).toEqual({
        code: "UNAUTHENTICATED",
        docsUrl: expect.stringContaining("#unauthenticated"),
        requestId: headers.get("x-request-id"),
      });
      expect(JSON.stringify(body)).not.toContain(rootToken);
    }
  });

  test("that was revoked answers as one that never was", async ({ world }) => {
    const { secret, managementToken } = ok(await world.root.createToken({ name: "token", role: "GUEST" }));
    ok(await world.root.revokeToken({ id: managementToken.id }));
    const never = generateKey({ prefix: "keyplane", environment: "LIVE" }).secret;
    const withoutRequest = async (token: string) => (await send(world, `Bearer ${token}`)).text.replace(/req_\w+/, "");
    expect(await withoutRequest(secret)).toBe(await withoutRequest(never));
  });

  describe("that is not known says what looks wrong with its text, known to nobody but the format", () => {
    const text = generateKey({ prefix: "keyplane", environment: "LIVE" }).secret;
    const another = text.endsWith("0") ? "1" : "0";
    const unknown = "This management token is not known, or it was revoked. Use another one.";
    const perhaps = `${unknown} Unless it is the value of KEYPLANE_ROOT_TOKEN, this may be why: `;

    test.for([
      [
        "cut off",
        text.slice(0, -3),
        "The token is 3 characters too short: its end was cut off. Copy the whole token again.",
      ],
      ["mistyped", text.slice(0, -1) + another, "At least one character is wrong. Copy the token instead of typing it"],
      ["in quotation marks", `"${text}"`, "a quotation mark. Send the token without quotation marks."],
      ["with the scheme twice", `Bearer ${text}`, "The text begins with an authorization scheme such as Bearer."],
      [
        "an API key",
        generateKey({ prefix: "kp", environment: "LIVE" }).secret,
        "This is an API key, not a management token.",
      ],
      [
        "never set",
        "undefined",
        "This is what a program sends when the variable that should hold the token is not set.",
      ],
      ["of another system", "AKIAIOSFODNN7EXAMPLE", "an AWS access key id, not a token issued by Keyplane."],
      ["a text that KEYPLANE_ROOT_TOKEN could hold", "correct-horse-battery-staple", "a dash"],
    ] as const)("%s", async ([, token, hint], { world }) => {
      const { status, body } = await send(world, `Bearer ${token}`);
      expect(status).toBe(401);
      const [{ message }] = body.errors;
      expect(message.startsWith(perhaps), message).toBe(true);
      expect(message).toContain(hint);
      expect(message).not.toContain(token);
    });

    test("and nothing where nothing looks wrong", async ({ world }) => {
      const [{ message }] = (await send(world, `Bearer ${text}`)).body.errors;
      expect(message).toBe(unknown);
    });
  });

  test("works until the millisecond of its end, and says when that was", async ({ world }) => {
    const expiresAt = world.clock.in(minute);
    const caller = await world.caller("GUEST", { expiresAt });
    world.clock.advance(minute - 1);
    await caller.query(whoAmI);
    world.clock.advance(1);
    await expect(caller.query(whoAmI)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining(`expired at ${expiresAt}`),
    });
  });

  test("needs its user and its tenant, both of them", async ({ world }) => {
    const { tenant, owner } = await world.tenantWithKey();
    const caller = await world.caller("DEVELOPER", { userId: owner.id });
    const works = async (yes: boolean) => {
      const answer = await sendGraphql(world.url, caller.token, whoAmI);
      expect(answer.status).toBe(yes ? 200 : 401);
    };
    await works(true);
    ok(await world.root.user("disableUser", { id: owner.id }));
    await works(false);
    ok(await world.root.tenant("suspendTenant", { id: tenant.id }));
    await works(false);
    ok(await world.root.user("enableUser", { id: owner.id }));
    await works(false);
    ok(await world.root.tenant("resumeTenant", { id: tenant.id }));
    await works(true);
    ok(await world.root.user("deleteUser", { id: owner.id }));
    await works(false);
  });

  test("that is refused runs nothing, not even a mutation sent with it", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const stranger = new Caller(world.url, "unknown-token");
    await expect(stranger.key("revokeKey", { id: key.id, reason: "x" })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
  });
});
