import { docsUrlForVerdict, generateKey, type VerdictCode } from "@keyplane/schema";
import {
  type Caller,
  day,
  describe,
  expect,
  GraphqlFailure,
  minute,
  ok,
  sendGraphql,
  test,
  verdictFields,
  type World,
} from "../../testkit/index.js";
import { allBut } from "./key-changes.js";

/** A key that nobody ever issued. */
const unknownKey = (prefix = "kp") => generateKey({ prefix, environment: "LIVE" }).secret;

const verifyDocument = `mutation ($input: VerifyKeyInput!) { verifyKey(input: $input) { ${verdictFields} } }`;

/** The answer as it came, but for what names this one request. */
async function answerOf(caller: Caller, key: string, more: Record<string, unknown> = {}): Promise<string> {
  const { text } = await sendGraphql(caller.url, caller.token, verifyDocument, { input: { key, ...more } });
  return text.replaceAll(/req_[0-9A-Za-z]{24}/g, "<request>");
}

describe("verifyKey", () => {
  test("a valid key comes with all that a verifier may know", async ({ world }) => {
    const given = { name: "Shop", scopes: ["a", "b"], metadata: { plan: "pro" }, expiresAt: world.clock.in(day) };
    const { tenant, admin } = await world.tenant();
    const owner = await world.user(tenant.id, { name: "Ada", externalId: "ada-1" });
    const { key, secret } = await world.key(tenant.id, owner.id, given);
    const { body, headers } = await sendGraphql(world.url, admin.token, verifyDocument, {
      input: { key: secret, scopes: ["b"], environment: "LIVE", ip: "203.0.113.7", cost: 5, tags: ["web"] },
    });
    expect(body.data.verifyKey).toEqual({
      valid: true,
      code: "VALID",
      message: "The key is valid.",
      docsUrl: docsUrlForVerdict("VALID"),
      requestId: headers.get("x-request-id"),
      hint: null,
      api: null,
      tenantId: tenant.id,
      scopes: ["a", "b"],
      missingScopes: [],
      retryAfterMs: null,
      key: {
        id: key.id,
        name: "Shop",
        start: key.start,
        environment: "LIVE",
        metadata: { plan: "pro" },
        expiresAt: given.expiresAt,
      },
      owner: { id: owner.id, externalId: "ada-1", name: "Ada", email: owner.email },
      rateLimits: [],
      quota: null,
    });
    // From memory it is the same answer.
    expect(await answerOf(admin, secret)).toBe(await answerOf(admin, secret));
  });

  test("nothing of the secret stands in any answer or in the log, also of a wrong one", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const hidden = secret.slice(key.start.length);
    const presented = [secret, ` ${secret}`, `Bearer ${secret}`, `${secret}x`, secret.slice(0, -1), `"${secret}"`];
    const swapped = secret.replace(hidden.slice(0, 2), `${hidden[1]}${hidden[0]}`);
    for (const text of [...presented, swapped, secret.toUpperCase(), `key=${secret}`]) {
      const answer = await answerOf(admin, text);
      expect(answer).not.toContain(hidden.slice(4, 20));
    }
    ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
    expect(await answerOf(admin, secret)).not.toContain(hidden.slice(4, 20));
    expect(world.server.logs.filter((line) => line.includes(hidden.slice(4, 20)))).toEqual([]);
  });

  test("a request that is wrong in another place does not get the key back in the error", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const hidden = secret.slice(key.start.length);
    const inputs = [
      { key: secret, scope: "misspelt" },
      { key: [secret] },
      { key: { secret } },
      { key: secret, environment: "live" },
      { key: secret, cost: "1" },
      { key: secret, tags: [""] },
    ];
    // The second time, the document is known and takes another way.
    for (const input of [...inputs, ...inputs]) {
      const { text, body } = await sendGraphql(world.url, admin.token, verifyDocument, { input });
      expect(body.errors[0].extensions.code, JSON.stringify(Object.keys(input))).toBe("BAD_USER_INPUT");
      expect(text).not.toContain(hidden);
    }
    const misspelt = await sendGraphql(world.url, admin.token, verifyDocument, { input: inputs[0] });
    expect(misspelt.body.errors[0].message).toBe(
      'Variable "$input" got invalid value; Field "scope" is not defined by type "VerifyKeyInput". Did you mean "scopes" or "cost"?',
    );
    expect(world.server.logs.filter((line) => line.includes(hidden))).toEqual([]);
  });

  test("verifying writes nothing", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const { prisma } = world.server.keyplane.database;
    const read = async () => ({
      // When it was last used is written later, and by nobody who verifies.
      key: await prisma.key.findUnique({
        where: { id: key.id },
        include: { secrets: true },
        omit: { lastUsedAt: true },
      }),
      events: await prisma.event.count({ where: { keyId: key.id } }),
      records: await prisma.auditRecord.count({ where: { targetId: key.id } }),
    });
    const before = await read();
    world.clock.advance(1_000);
    await admin.verify(secret);
    await admin.verify(secret, { scopes: ["missing"] });
    expect(await read()).toEqual(before);
  });
});

describe("verifyKey: what is no key", () => {
  test.for([
    { what: "nothing", text: "", hint: "There is no key here" },
    { what: "spaces", text: "  \n", hint: "There is no key here" },
    { what: "a word", text: "hello", hint: "another system" },
    { what: "another vendor's key", text: "sk_live_51H8xYzKJ2eZvKYlo2C0aBcDeF", hint: "Stripe" },
    {
      what: "a management token",
      text: generateKey({ prefix: "keyplane", environment: "LIVE" }).secret,
      hint: "management token",
    },
    { what: "half a character", text: "\ud800", hint: "U+D800" },
    { what: "a NUL", text: "kp_live_\0", hint: "U+0000" },
    { what: "binary", text: "\u0001\u0002ÿ", hint: "U+0001" },
  ])("$what is MALFORMED, with a hint", async ({ text, hint }, { world }) => {
    const { admin } = await world.tenant();
    expect(await admin.verify(text)).toMatchObject({
      valid: false,
      code: "MALFORMED",
      hint: expect.stringContaining(hint),
      key: null,
      owner: null,
      tenantId: null,
      scopes: [],
    });
  });

  test.for([
    { what: "cut off", change: (key: string) => key.slice(0, -1), hint: "1 character too short" },
    { what: "pasted twice", change: (key: string) => key + key, hint: "more than once" },
    { what: "with a line break", change: (key: string) => `${key}\n`, hint: "line break" },
    { what: "in quotes", change: (key: string) => `"${key}"`, hint: "quot" },
    { what: "with its scheme", change: (key: string) => `Bearer ${key}`, hint: "Bearer" },
    { what: "in capitals", change: (key: string) => key.toUpperCase(), hint: "upper case" },
  ])("a key $what is MALFORMED, and the hint names it", async ({ change, hint }, { world }) => {
    const { admin, secret } = await world.tenantWithKey();
    expect(await admin.verify(change(secret))).toMatchObject({
      code: "MALFORMED",
      hint: expect.stringContaining(hint),
      key: null,
    });
  });

  test("a typing error is a CHECKSUM_MISMATCH, at any place", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    for (const place of [key.start.length, secret.length - 7, secret.length - 1]) {
      const typo = secret.slice(0, place) + (secret[place] === "x" ? "y" : "x") + secret.slice(place + 1);
      expect(await admin.verify(typo)).toMatchObject({
        code: "CHECKSUM_MISMATCH",
        hint: expect.stringContaining("At least one character is wrong"),
        key: null,
      });
    }
  });

  test("a megabyte of anything is refused quickly, and more than that before it is read", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    for (const garbage of ["x".repeat(990_000), "_".repeat(990_000), " ".repeat(990_000), "é".repeat(490_000)]) {
      expect(await admin.verify(garbage)).toMatchObject({ code: "MALFORMED", key: null, hint: expect.any(String) });
    }
    // Whoever may report usage, too, may send more at once.
    const verifier = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["KEYS_VERIFY"] });
    await expect(verifier.verify("x".repeat(1_000_000))).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  });

  test("a well-formed key that nobody issued is NOT_FOUND, of any prefix, however often it is tried", async ({
    world,
  }) => {
    const { admin } = await world.tenant();
    for (const prefix of ["kp", "zz", "abcdefghijkl"]) {
      const key = unknownKey(prefix);
      const first = await answerOf(admin, key);
      expect(JSON.parse(first).data.verifyKey).toMatchObject({
        valid: false,
        code: "NOT_FOUND",
        message:
          "No key with this secret exists here. Check that it was issued by this Keyplane; otherwise create a new key.",
        key: null,
        owner: null,
        tenantId: null,
        scopes: [],
        hint: null,
      });
      expect(await answerOf(admin, key)).toBe(first);
    }
  });
});

describe("verifyKey: environments", () => {
  test("a key of another environment than asked for is refused, known or not", async ({ world }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    const testKey = await world.key(tenant.id, owner.id, { environment: "TEST" });
    const message = "This is a LIVE key, but a TEST key is needed. Use a TEST key.";
    expect(await admin.verify(secret, { environment: "TEST" })).toMatchObject({
      valid: false,
      code: "WRONG_ENVIRONMENT",
      message,
      key: { id: key.id },
    });
    expect(await admin.verify(unknownKey(), { environment: "TEST" })).toMatchObject({
      code: "WRONG_ENVIRONMENT",
      message,
      key: null,
    });
    expect(await admin.verify(testKey.secret, { environment: "LIVE" })).toMatchObject({ code: "WRONG_ENVIRONMENT" });
    expect(await admin.verify(testKey.secret, { environment: "TEST" })).toMatchObject({ valid: true });
    for (const environment of [undefined, null]) {
      for (const each of [secret, testKey.secret]) {
        expect(await admin.verify(each, { environment })).toMatchObject({ valid: true });
      }
    }
  });

  test("a deleted key of another environment shows no more than an unknown one", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.key("deleteKey", { id: key.id }));
    expect(await answerOf(admin, secret, { environment: "TEST" })).toBe(
      await answerOf(admin, unknownKey(), { environment: "TEST" }),
    );
  });
});

describe("verifyKey: the first reason that applies", () => {
  const request = { scopes: ["orders:write"], environment: "LIVE", ip: "203.0.113.7" };

  test("is told, in the order of the codes", async ({ world }) => {
    const { root } = world;
    const { tenant, owner, key, secret } = await world.tenantWithKey({
      key: { environment: "TEST", deniedIps: ["203.0.113.0/24"], expiresAt: world.clock.in(minute) },
    });
    ok(await root.keySecret("rotateKey", { id: key.id }));
    ok(await root.key("disableKey", { id: key.id }));
    ok(await root.user("deleteUser", { id: owner.id }));
    ok(await root.key("revokeKey", { id: key.id, reason: "x" }));
    ok(await root.key("deleteKey", { id: key.id }));
    ok(await root.tenant("suspendTenant", { id: tenant.id }));
    world.clock.advance(minute);
    const others = { scopes: request.scopes, ip: request.ip };
    expect(await root.verify(secret, request)).toMatchObject({ code: "WRONG_ENVIRONMENT" });
    expect(await root.verify(secret, others)).toMatchObject({ code: "NOT_FOUND" });
    ok(await root.key("restoreKey", { id: key.id }));
    expect(await root.verify(secret, others)).toMatchObject({ code: "REVOKED" });
  });

  test("is told, one after another as each is mended, until nothing is left", async ({ world }) => {
    const { root } = world;
    const { tenant, owner, key, secret } = await world.tenantWithKey({
      key: { scopes: ["orders:read"], deniedIps: ["203.0.113.0/24"], expiresAt: world.clock.in(minute) },
    });
    const heir = await world.user(tenant.id);
    let presented = secret;
    const told: string[] = [];
    const tell = async () => told.push((await root.verify(presented, request)).code);
    let current = ok(await root.keySecret("rotateKey", { id: key.id })).secret;
    ok(await root.key("disableKey", { id: key.id }));
    ok(await root.user("deleteUser", { id: owner.id }));
    ok(await root.tenant("suspendTenant", { id: tenant.id }));
    world.clock.advance(minute);
    await tell();
    ok(await root.key("updateKey", { id: key.id, expiresAt: null }));
    await tell();
    presented = current;
    await tell();
    ok(await root.key("enableKey", { id: key.id }));
    await tell();
    current = ok(await root.keySecret("reissueKey", { id: key.id, ownerId: heir.id })).secret;
    presented = current;
    ok(await root.user("disableUser", { id: heir.id }));
    await tell();
    ok(await root.user("enableUser", { id: heir.id }));
    await tell();
    ok(await root.tenant("resumeTenant", { id: tenant.id }));
    await tell();
    ok(await root.key("updateKey", { id: key.id, scopes: ["orders:write"] }));
    await tell();
    ok(await root.key("updateKey", { id: key.id, deniedIps: [] }));
    await tell();
    const inOrder: VerdictCode[] = [
      "EXPIRED",
      "SUPERSEDED",
      "DISABLED",
      "OWNER_NOT_FOUND",
      "OWNER_DISABLED",
      "TENANT_SUSPENDED",
      "INSUFFICIENT_SCOPE",
      "IP_NOT_ALLOWED",
      "VALID",
    ];
    expect(told).toEqual(inOrder);
  });

  test("leaves the key, its owner and its tenant in every refusal of a key that exists", async ({ world }) => {
    const { root } = world;
    const { tenant, owner, key, secret } = await world.tenantWithKey({ key: { scopes: ["a"] } });
    const known = {
      valid: false,
      key: { id: key.id, start: key.start },
      owner: { id: owner.id, email: owner.email },
      tenantId: tenant.id,
      scopes: ["a"],
    };
    expect(await root.verify(secret, { scopes: ["b", "a", "c", "b"] })).toMatchObject({
      ...known,
      code: "INSUFFICIENT_SCOPE",
      missingScopes: ["b", "c"],
      message: "The key lacks the scopes b, c. Add what is missing with updateKey, or use another key.",
    });
    ok(await root.tenant("suspendTenant", { id: tenant.id, reason: "unpaid" }));
    expect(await root.verify(secret)).toMatchObject({ ...known, code: "TENANT_SUSPENDED" });
    ok(await root.user("disableUser", { id: owner.id, reason: "on leave" }));
    expect(await root.verify(secret)).toMatchObject({
      ...known,
      code: "OWNER_DISABLED",
      message: expect.stringContaining("because: on leave"),
    });
    ok(await root.user("deleteUser", { id: owner.id, reason: "left" }));
    expect(await root.verify(secret)).toMatchObject({
      ...known,
      code: "OWNER_NOT_FOUND",
      message: expect.stringContaining("because: left. Reissue the key to another user with reissueKey."),
    });
    ok(await root.key("revokeKey", { id: key.id, reason: "x" }));
    const verdict = await root.verify(secret);
    expect(verdict).toMatchObject({ ...known, code: "REVOKED" });
    expect(verdict.docsUrl).toBe(docsUrlForVerdict("REVOKED"));
  });
});

describe("verifyKey: for whom", () => {
  const asked = [{}, { environment: "TEST" }, { scopes: ["a"] }, { ip: "203.0.113.7" }];

  test("another tenant's key is byte for byte an unknown one, whatever is asked and whatever became of it", async ({
    world,
  }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenantWithKey({ key: { deniedIps: ["203.0.113.7"] } })];
    const compare = async (state: string) => {
      for (const more of asked) {
        const unknown = await answerOf(ours.admin, unknownKey(), more);
        // Twice: at first it may be read, then it is in memory.
        for (let time = 0; time < 2; time++) {
          expect(await answerOf(ours.admin, theirs.secret, more), state).toBe(unknown);
        }
      }
    };
    await compare("unseen");
    expect(await theirs.admin.verify(theirs.secret, { ip: "203.0.113.8" })).toMatchObject({ valid: true });
    await compare("valid");
    ok(await theirs.admin.keySecret("rotateKey", { id: theirs.key.id }));
    await compare("superseded");
    ok(await theirs.admin.user("disableUser", { id: theirs.owner.id }));
    ok(await theirs.admin.key("revokeKey", { id: theirs.key.id, reason: "x" }));
    await compare("revoked");
    ok(await theirs.admin.key("deleteKey", { id: theirs.key.id }));
    await compare("deleted");
  });

  test("a person's token verifies that person's keys; a colleague's is an unknown one", async ({ world }) => {
    const { tenant, owner, secret } = await world.tenantWithKey();
    const colleague = await world.user(tenant.id);
    const [own, other] = [
      await world.caller("DEVELOPER", { userId: owner.id }),
      await world.caller("DEVELOPER", { userId: colleague.id }),
    ];
    expect(await own.verify(secret)).toMatchObject({ valid: true });
    expect(await answerOf(other, secret)).toBe(await answerOf(other, unknownKey()));
  });

  test("needs keys:verify and nothing else", async ({ world }) => {
    const { tenant, secret } = await world.tenantWithKey();
    const verifier = await world.caller("DEVELOPER", { tenantId: tenant.id, permissions: ["KEYS_VERIFY"] });
    expect(await verifier.verify(secret)).toMatchObject({ valid: true, owner: { name: "User" } });
    for (const caller of [await allBut(world, tenant.id, "keys:verify"), await world.caller("GUEST")]) {
      for (const input of [{}, { scopes: [""] }]) {
        await expect(caller.verify(secret, input)).rejects.toMatchObject({
          code: "FORBIDDEN",
          message: expect.stringContaining("keys:verify"),
        });
      }
    }
  });

  test("is not for callers who are not known", async ({ world }) => {
    const { secret } = await world.tenantWithKey();
    await expect(world.anonymous.verify(secret)).rejects.toThrow(GraphqlFailure);
    await expect(world.anonymous.verify(secret)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("verifyKey: the request", () => {
  const list = (length: number, entry: (index: number) => string = (index) => `s${index}`) =>
    Array.from({ length }, (_, index) => entry(index));

  test.for([
    { what: "101 scopes", input: { scopes: list(101) }, place: "scopes: Give at most 100 scopes." },
    { what: "an empty scope", input: { scopes: ["a", ""] }, place: "scopes.1: Remove the empty scope." },
    { what: "a scope of 129 characters", input: { scopes: ["x".repeat(129)] }, place: "scopes.0: Shorten" },
    { what: "a scope with a space", input: { scopes: ["a b"] }, place: "scopes.0: Use printable ASCII" },
    { what: "an address of 65 characters", input: { ip: "1".repeat(65) }, place: "ip: Give one address" },
    { what: "a negative cost", input: { cost: -1 }, place: "cost: Give a cost of at least 0." },
    { what: "a cost over a million", input: { cost: 1_000_001 }, place: "cost: Give a cost of at most 1000000." },
    { what: "21 tags", input: { tags: list(21) }, place: "tags: Give at most 20 tags." },
    { what: "an empty tag", input: { tags: ["a", ""] }, place: "tags.1: Remove the empty tag." },
    { what: "a tag of 65 characters", input: { tags: ["x".repeat(65)] }, place: "tags.0: Shorten this tag" },
  ])("with $what is refused, whatever the key", async ({ input, place }, { world }) => {
    const { admin, secret } = await world.tenantWithKey();
    for (const key of [secret, unknownKey(), "hello"]) {
      await expect(admin.verify(key, input)).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
        message: expect.stringContaining(place),
      });
    }
  });

  test("may be as large as that", async ({ world }) => {
    const scopes = list(100, (index) => `${index}`.padEnd(128, "x"));
    const { admin, secret } = await world.tenantWithKey({ key: { scopes } });
    const most = { scopes, ip: "x".repeat(64), cost: 1_000_000, tags: list(20, (index) => `${index}`.padEnd(64, "é")) };
    expect(await admin.verify(secret, most)).toMatchObject({ valid: true });
    expect(await admin.verify(secret, { cost: 0, scopes: [], tags: [], ip: "" })).toMatchObject({ valid: true });
  });

  test("with nulls says no more than the key alone", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    const nulls = { scopes: null, environment: null, ip: null, cost: null, tags: null };
    expect(await answerOf(admin, secret, nulls)).toBe(await answerOf(admin, secret));
  });

  test("of the wrong type is refused as the caller's mistake", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    for (const wrong of [{ key: null }, { key: 5 }, { scopes: [null] }, { cost: 1.5 }, { ip: 5 }, { tags: [{}] }]) {
      await expect(admin.verify(secret, wrong), JSON.stringify(wrong)).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
      });
    }
  });
});

describe("verifyKey: addresses", () => {
  const bound = (world: World, lists: Record<string, unknown>) => world.tenantWithKey({ key: lists });

  test("a key with lists needs the caller's address", async ({ world }) => {
    const { admin, secret } = await bound(world, { allowedIps: ["0.0.0.0/0"] });
    for (const ip of [undefined, null]) {
      expect(await admin.verify(secret, { ip })).toMatchObject({
        code: "IP_NOT_ALLOWED",
        message: expect.stringContaining("did not pass the caller's. Pass ip when verifying."),
      });
    }
    for (const ip of ["", "localhost", "203.0.113.7:443"]) {
      expect(await admin.verify(secret, { ip })).toMatchObject({
        code: "IP_NOT_ALLOWED",
        message: expect.stringContaining("is no IPv4 or IPv6 address"),
      });
    }
    expect(await admin.verify(secret, { ip: "203.0.113.7" })).toMatchObject({ valid: true });
  });

  test("ranges are CIDR: the host bits of the range do not matter, those of the caller do", async ({ world }) => {
    const { admin, secret } = await bound(world, {
      allowedIps: ["10.1.2.3/8", "2001:db8::/32"],
      deniedIps: ["10.9.0.0/16"],
    });
    const verdicts = {
      "10.255.255.255": "VALID",
      "::ffff:10.0.0.1": "VALID",
      "2001:db8:ffff::1": "VALID",
      "11.0.0.0": "IP_NOT_ALLOWED",
      "10.9.255.255": "IP_NOT_ALLOWED",
      "10.10.0.0": "VALID",
      "2001:db9::": "IP_NOT_ALLOWED",
    };
    for (const [ip, code] of Object.entries(verdicts))
      expect(await admin.verify(secret, { ip }), ip).toMatchObject({ code });
  });
});
