import { request } from "node:http";
import { docsUrlForError, docsUrlForVerdict, generateKey, verdictCodes } from "@keyplane/schema";
import { vi } from "vitest";
import { describe, expect, ok, test, type World } from "../testkit/index.js";
import { type RawAnswer, rawRequest } from "../testkit/raw-request.js";

type Headers = Record<string, string>;

/** What a gateway sends: its token, and its client's headers. */
async function ask(world: World, token: string | null, headers: Headers, query = "", method = "GET") {
  const answer = await rawRequest(`${world.url}/v1/forward-auth${query}`, {
    method,
    headers: { ...(token === null ? {} : { "x-keyplane-token": token }), ...headers },
  });
  return { ...answer, code: answer.headers["x-keyplane-code"] };
}

const bearer = (secret: string): Headers => ({ authorization: `Bearer ${secret}` });
const identity = ["owner-id", "owner-external-id", "tenant-id", "scopes"].map((name) => `x-keyplane-${name}`);

/** The problem of a refusal, after making sure that it is one by RFC 9457 and agrees with the headers. */
function problemOf({ status, headers, text }: RawAnswer) {
  expect(headers).toMatchObject({
    "content-type": "application/problem+json; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  const problem = JSON.parse(text);
  expect(problem).toMatchObject({
    type: expect.stringMatching(/^https?:\/\/.*\.md#[a-z_]+$/),
    title: expect.any(String),
    detail: expect.any(String),
    status,
    code: headers["x-keyplane-code"],
    requestId: headers["x-keyplane-request-id"],
  });
  expect(headers["x-request-id"]).toBe(problem.requestId);
  return problem;
}

describe("/v1/forward-auth lets in", () => {
  test("a valid key, and tells who calls", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const owner = await world.user(tenant.id, { externalId: "acct_42" });
    const { key, secret } = await world.key(tenant.id, owner.id, { scopes: ["orders:read", "orders:write"] });
    const { status, headers, text } = await ask(world, admin.token, bearer(secret));
    expect([status, text]).toEqual([200, ""]);
    expect(headers).toMatchObject({
      "x-keyplane-code": "VALID",
      "x-keyplane-key-id": key.id,
      "x-keyplane-owner-id": owner.id,
      "x-keyplane-owner-external-id": "acct_42",
      "x-keyplane-tenant-id": tenant.id,
      "x-keyplane-scopes": "orders:read orders:write",
      "x-keyplane-request-id": headers["x-request-id"],
      "cache-control": "no-store",
    });
  });

  test("a key in x-api-key, which counts before Authorization", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    expect((await ask(world, admin.token, { "x-api-key": secret })).status).toBe(200);
    expect((await ask(world, admin.token, { "x-api-key": secret, ...bearer("a session") })).status).toBe(200);
    expect((await ask(world, admin.token, { "x-api-key": "wrong", ...bearer(secret) })).status).toBe(401);
    expect((await ask(world, admin.token, { "x-api-key": "", ...bearer(secret) })).status).toBe(200);
  });

  test("by the gateway's token in Authorization, where the key comes in x-api-key", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    expect((await ask(world, null, { "x-api-key": secret, ...bearer(admin.token ?? "") })).status).toBe(200);
    // Without the key, the gateway's own token is not taken for one.
    expect(await ask(world, null, bearer(admin.token ?? ""))).toMatchObject({ status: 401, code: "MALFORMED" });
  });

  test.for(["bearer ", "BEARER ", "Bearer   ", ""])("whoever writes %j before the key", async (scheme, { world }) => {
    const { admin, secret } = await world.tenantWithKey();
    expect((await ask(world, admin.token, { authorization: scheme + secret })).status).toBe(200);
  });

  test.for(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s alike", async (method, { world }) => {
    const { admin, secret } = await world.tenantWithKey();
    expect(await ask(world, admin.token, bearer(secret), "", method)).toMatchObject({ status: 200, text: "" });
    const refused = await ask(world, admin.token, {}, "", method);
    expect([refused.status, refused.code, refused.text === ""]).toEqual([401, "MALFORMED", method === "HEAD"]);
  });

  test("without waiting for a body", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    const status = await new Promise((resolve, reject) => {
      const headers = { "x-keyplane-token": admin.token ?? "", ...bearer(secret), "content-length": "5000000000" };
      const outgoing = request(`${world.url}/v1/forward-auth`, { method: "POST", headers, agent: false }, (answer) => {
        resolve(answer.statusCode);
        outgoing.destroy();
      });
      outgoing.on("error", reject);
      outgoing.write("x");
    });
    expect(status).toBe(200);
  });
});

describe("/v1/forward-auth refuses", () => {
  test("a request without a key, and asks for one", async ({ world }) => {
    const none = await ask(world, world.root.token, {});
    expect([none.status, none.headers["www-authenticate"]]).toEqual([401, 'Bearer realm="keyplane"']);
    expect(problemOf(none)).toMatchObject({ code: "MALFORMED", type: docsUrlForVerdict("MALFORMED") });
    // Another scheme's credentials are not looked at.
    const basic = await ask(world, world.root.token, { authorization: "Basic dXNlcjpwYXNz" });
    expect(problemOf(basic).hint).toBe(problemOf(none).hint);
  });

  test("a key in the URL: those stand in logs", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    for (const name of ["key", "api_key", "key_param", "access_token"]) {
      expect((await ask(world, admin.token, {}, `?${name}=${secret}`)).status).toBe(500);
    }
  });

  test("two keys at once", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    expect((await ask(world, admin.token, { "x-api-key": `${secret}, ${secret}` })).code).toBe("MALFORMED");
  });

  test("a mistyped key with a hint, and without repeating it", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    const answer = await ask(world, admin.token, bearer(`${secret.slice(0, -1)}!`));
    const problem = problemOf(answer);
    expect(problem).toMatchObject({ status: 401, code: "MALFORMED", hint: expect.any(String) });
    expect(answer.headers["www-authenticate"]).toBe('Bearer realm="keyplane", error="invalid_token"');
    expect(answer.text + JSON.stringify(answer.headers)).not.toContain(secret.slice(0, -1));
  });

  test("a revoked key without saying whose it is, or why: that was written for operators", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const owner = await world.user(tenant.id, { externalId: "acct_42" });
    const { key, secret } = await world.key(tenant.id, owner.id);
    ok(await admin.key("revokeKey", { id: key.id, reason: "suspected of fraud" }));
    const answer = await ask(world, admin.token, bearer(secret));
    expect([answer.status, answer.code, answer.headers["x-keyplane-key-id"]]).toEqual([401, "REVOKED", key.id]);
    for (const name of identity) expect(answer.headers).not.toHaveProperty(name);
    expect(answer.text).not.toMatch(/fraud|acct_42|usr_|ten_/);
    expect(problemOf(answer).detail).toBe(verdictCodes.REVOKED.message);
  });

  test("a key that lacks a scope of the gateway's query with 403, and names it", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey({ key: { scopes: ["a", "b,c"] } });
    expect((await ask(world, admin.token, bearer(secret), "?scopes=a+b,c")).status).toBe(200);
    expect((await ask(world, admin.token, bearer(secret), "?scopes=a&scopes=b%2Cc")).status).toBe(200);
    const answer = await ask(world, admin.token, bearer(secret), "?scopes=a%20d&scopes=e");
    expect(problemOf(answer)).toMatchObject({ status: 403, code: "INSUFFICIENT_SCOPE", missingScopes: ["d", "e"] });
    expect(answer.headers["www-authenticate"]).toBe('Bearer realm="keyplane", error="insufficient_scope", scope="d e"');
  });

  test("a key of another environment", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    expect((await ask(world, admin.token, bearer(secret), "?environment=LIVE")).status).toBe(200);
    const answer = await ask(world, admin.token, bearer(secret), "?environment=TEST");
    expect([answer.status, answer.code]).toEqual([401, "WRONG_ENVIRONMENT"]);
  });

  test("another tenant's key as an unknown one", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const without = ({ text, headers }: RawAnswer) => {
      const { date: _, ...rest } = headers;
      return JSON.stringify({ text, rest }).replaceAll(/req_\w{24}/g, "req_");
    };
    const unknown = generateKey({ prefix: "kp", environment: "LIVE" }).secret;
    expect(without(await ask(world, ours.admin.token, bearer(theirs.secret)))).toBe(
      without(await ask(world, ours.admin.token, bearer(unknown))),
    );
  });
});

describe("the client's address", () => {
  const bound = { key: { allowedIps: ["203.0.113.0/24"] } };

  test("is not known unless the gateway's query names the header, whatever a client sends", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey(bound);
    for (const name of ["x-real-ip", "x-forwarded-for", "forwarded", "x-client-ip"]) {
      const answer = await ask(world, admin.token, { ...bearer(secret), [name]: "203.0.113.7" });
      expect([answer.status, answer.code]).toEqual([403, "IP_NOT_ALLOWED"]);
    }
  });

  test.for([
    ["x-real-ip", "203.0.113.7", 200],
    ["X-Real-IP", "203.0.113.7", 200],
    ["x-forwarded-for", "198.51.100.1, 203.0.113.7", 200],
    // What a client wrote stands before what the gateway has appended.
    ["x-forwarded-for", "203.0.113.7, 198.51.100.1", 403],
    ["x-forwarded-for", "203.0.113.7,", 403],
    ["x-real-ip", "203.0.113.7:4711", 403],
    ["x-real-ip", "localhost", 403],
    ["x-real-ip", "", 403],
    ["x-real-ip", `fe80::1%${"z".repeat(100)}`, 403],
    ["x-other", null, 403],
  ] as const)("from %s: %j is %i", async ([name, value, status], { world }) => {
    const { admin, secret } = await world.tenantWithKey(bound);
    const headers = { ...bearer(secret), ...(value === null ? {} : { [name]: value }) };
    expect((await ask(world, admin.token, headers, `?ip_header=${name}`)).status).toBe(status);
  });
});

describe("what a gateway leaves as usage", () => {
  test("is one verification, with what its query and its client's headers say", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const record = vi.spyOn(world.server.keyplane.recording, "record");
    const query = "?api=orders/v2&cost=3&tags=b&tags=a&ip_header=x-real-ip";
    await ask(world, admin.token, { ...bearer(secret), "user-agent": "curl/8", "x-real-ip": "203.0.113.7" }, query);
    const events = record.mock.calls.map(([event]) => event).filter(({ keyId }) => keyId === key.id);
    record.mockRestore();
    expect(events).toMatchObject([
      { code: "VALID", api: "orders/v2", cost: 3, tags: ["a", "b"], ip: "203.0.113.7", userAgent: "curl/8" },
    ]);
  });
});

describe("a gateway that is configured wrongly lets nothing in, and its operator sees why", () => {
  // 401 and 403 would reach the client as if its key were at fault, and nginx turns whatever else is not 2xx into 500.
  test("with a token that is missing, unknown, or without the permission", async ({ world }) => {
    const { tenant, secret } = await world.tenantWithKey();
    const guest = await world.caller("GUEST", { tenantId: tenant.id });
    const warnings = () => world.server.logs.filter((line) => line.includes("a gateway gets no verdicts")).length;
    const before = warnings();
    for (const [token, headers, code] of [
      [null, {}, "UNAUTHENTICATED"],
      [null, { "x-api-key": secret }, "UNAUTHENTICATED"],
      [null, bearer(secret), "UNAUTHENTICATED"],
      ["somebody", bearer(secret), "UNAUTHENTICATED"],
      ["", bearer(secret), "UNAUTHENTICATED"],
      [guest.token, bearer(secret), "FORBIDDEN"],
    ] as const) {
      const answer = await ask(world, token, headers);
      expect([answer.status, answer.code]).toEqual([500, code]);
      expect(problemOf(answer)).toMatchObject({
        type: docsUrlForError(code),
        detail: expect.stringMatching(/^Gateway: .*token/),
      });
      expect(answer.headers).not.toHaveProperty("www-authenticate");
      for (const name of identity) expect(answer.headers).not.toHaveProperty(name);
    }
    expect(warnings()).toBeGreaterThan(0);
    // Not one for each request.
    expect(warnings() - before).toBeLessThanOrEqual(1);
  });

  test.for([
    ["?scope=a", '"scope"'],
    ["?__proto__=a", '"__proto__"'],
    ["?key=x", '"key"'],
    ["?environment=live", "environment"],
    ["?environment=LIVE&environment=TEST", "environment"],
    ["?api=", "api"],
    ["?api=%0d%0a", "Name an API"],
    ["?cost=1.5", "cost"],
    ["?cost=-1", "cost"],
    ["?cost=1000001", "cost"],
    ["?ip_header=a%20b", "ip_header"],
    ["?ip_header=", "ip_header"],
    ["?tags=a%0d%0ab", "Remove line breaks"],
    ['?scopes="', "printable ASCII"],
  ] as const)("with the query %s", async ([query, problem], { world }) => {
    const { admin, secret } = await world.tenantWithKey({ key: { scopes: ["a"] } });
    const answer = await ask(world, admin.token, bearer(secret), query);
    expect(problemOf(answer)).toMatchObject({
      status: 500,
      code: "BAD_USER_INPUT",
      detail: expect.stringContaining(problem),
    });
  });

  test("with a path below: some gateways append their client's", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    expect((await ask(world, admin.token, bearer(secret), "/orders/7?scopes=a")).status).toBe(404);
  });
});

describe("no value can break out of its header", () => {
  const strange = 'ann\u00e9 100% \u{1F511}\u4e2d, "quoted"; a=b \t';

  test("an external id of any text is percent-encoded, and comes back as it was", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    for (const externalId of [strange.trim(), "ann@example.com", "%0d%0aX-Admin: 1", "\u2603"]) {
      const owner = await world.user(tenant.id, { externalId });
      const { secret } = await world.key(tenant.id, owner.id, { metadata: { a: "\r\nx: y" }, name: "n\u00e4me" });
      const { status, headers } = await ask(world, admin.token, bearer(secret));
      expect(status).toBe(200);
      const sent = String(headers["x-keyplane-owner-external-id"]);
      expect(sent).toMatch(/^[\x20-\x7e]*$/);
      expect(decodeURIComponent(sent)).toBe(externalId);
      expect(headers).not.toHaveProperty("x-admin");
    }
  });

  test("an owner without an external id has an empty one, which replaces what a client wrote", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    const { headers } = await ask(world, admin.token, bearer(secret));
    expect(headers).toMatchObject({ "x-keyplane-owner-external-id": "", "x-keyplane-scopes": "" });
  });
});
