import { docsUrlForError } from "@keyplane/schema";
import { describe, expect, ok, test, verdictFields, type World } from "../testkit/index.js";
import { rawRequest } from "../testkit/raw-request.js";

const path = "/v1/verify";

function ask(world: World, token: string | null, body: string | Buffer, options: Record<string, unknown> = {}) {
  const { method = "POST", ...headers } = options as Record<string, string>;
  return rawRequest(`${world.url}${path}`, {
    method,
    headers: {
      "content-type": "application/json",
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    chunks: method === "GET" || method === "HEAD" ? [] : [body],
  });
}

/** Status and code of a refusal, after making sure that it has everything a refusal must have. */
async function refusalOf(world: World, token: string | null, body: string | Buffer, options = {}) {
  const { status, headers, text } = await ask(world, token, body, options);
  const [error] = JSON.parse(text).errors;
  const { code, docsUrl, requestId } = error.extensions;
  expect(docsUrl).toBe(docsUrlForError(code));
  expect(requestId).toBe(headers["x-request-id"]);
  expect(headers["content-type"]).toBe("application/json; charset=utf-8");
  return { refusal: `${status} ${code}`, message: error.message as string, headers };
}

const json = JSON.stringify;

describe("POST /v1/verify", () => {
  test("answers a valid key with the verdict that GraphQL gives, all fields of it", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey({ key: { scopes: ["a"], metadata: { plan: "pro" } } });
    const { status, headers, text } = await ask(world, admin.token, json({ key: secret, scopes: ["a"] }));
    const { requestId: id, ...verdict } = JSON.parse(text);
    const { requestId: _, ...same } = await admin.verify(secret, { scopes: ["a"] });
    expect([status, verdict]).toEqual([200, same]);
    expect(id).toBe(headers["x-request-id"]);
    const named = verdictFields.split("{")[0]?.trim().split(/\s+/) ?? [];
    for (const name of named) expect(JSON.parse(text)).toHaveProperty(name);
    expect(headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
  });

  test("answers a refused key with 200 as well: a refusal is an answer", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.key("revokeKey", { id: key.id, reason: "lost" }));
    const { status, text } = await ask(world, admin.token, json({ key: secret }));
    expect([status, JSON.parse(text)]).toMatchObject([200, { valid: false, code: "REVOKED", key: { id: key.id } }]);
  });

  test("answers another tenant's key as an unknown one", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const { text } = await ask(world, ours.admin.token, json({ key: theirs.secret }));
    expect(JSON.parse(text)).toMatchObject({ code: "NOT_FOUND", key: null, owner: null, tenantId: null });
  });

  test("refuses who is not known, and who lacks the permission", async ({ world }) => {
    const { tenant, secret } = await world.tenantWithKey();
    const guest = await world.caller("GUEST", { tenantId: tenant.id });
    const nobody = await refusalOf(world, null, json({ key: secret }));
    expect(nobody.refusal).toBe("401 UNAUTHENTICATED");
    expect(nobody.headers["www-authenticate"]).toContain("Bearer");
    expect((await refusalOf(world, "somebody", json({ key: secret }))).refusal).toBe("401 UNAUTHENTICATED");
    // The key that is verified is no token.
    expect((await refusalOf(world, secret, json({ key: secret }))).refusal).toBe("401 UNAUTHENTICATED");
    const { refusal, message } = await refusalOf(world, guest.token, json({ key: secret }));
    expect([refusal, message]).toEqual(["403 FORBIDDEN", expect.stringContaining("keys:verify")]);
  });

  test.for(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])("refuses %s with 405", async (method, { world }) => {
    const answer = await ask(world, world.root.token, json({ key: "x" }), { method });
    expect([answer.status, answer.headers.allow]).toEqual([405, "POST"]);
  });

  test.for(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])(
    "refuses %s, as a form could send it, unless the header shows that it was no form; then it asks for JSON",
    async (type, { world }) => {
      const send = (headers = {}) =>
        refusalOf(world, world.root.token, json({ key: "x" }), { "content-type": type, ...headers });
      expect((await send()).refusal).toBe("403 CSRF_HEADER_MISSING");
      expect((await send({ "x-graphql-yoga-csrf": "1" })).refusal).toBe("415 BAD_REQUEST");
    },
  );

  test.for([
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "Application/JSON",
  ])("takes %s", async (type, { world }) => {
    const { status } = await ask(world, world.root.token, json({ key: "x" }), { "content-type": type });
    expect(status).toBe(200);
  });

  test("refuses a type that only begins like JSON", async ({ world }) => {
    const send = (type: string) => refusalOf(world, world.root.token, json({ key: "x" }), { "content-type": type });
    expect((await send("application/json-patch+json")).refusal).toBe("415 BAD_REQUEST");
  });

  test.for(["", "{", "key=x", '{"key":"x"} and more', "\u0000"])("refuses %j as no JSON", async (body, { world }) => {
    const { refusal, message } = await refusalOf(world, world.root.token, body);
    expect([refusal, message]).toEqual(["400 BAD_REQUEST", expect.stringContaining("not JSON")]);
  });

  test.for([
    [null, "JSON object"],
    [[], "JSON object"],
    ["kp_live_", "JSON object"],
    [{}, "key is missing"],
    [{ scopes: [] }, "key is missing"],
    [{ key: null }, "key must be a string"],
    [{ key: 5 }, "key must be a string"],
    [{ key: "x", scopes: "a" }, "scopes must be a list of strings"],
    [{ key: "x", scopes: ["a", 1] }, "scopes must be a list of strings"],
    [{ key: "x", environment: "live" }, 'environment must be "LIVE" or "TEST"'],
    [{ key: "x", ip: 1 }, "ip must be a string"],
    [{ key: "x", cost: 1.5 }, "cost must be a whole number"],
    [{ key: "x", cost: 2 ** 31 }, "cost must be a whole number"],
    [{ key: "x", cost: "1" }, "cost must be a whole number"],
    [{ key: "x", tags: {} }, "tags must be a list of strings"],
    [{ key: "x", api: [] }, "api must be a string"],
    [{ key: "x", meters: [{ name: "a" }] }, "meters must be a list of"],
    [{ key: "x", meters: [{ name: "a", value: 1, more: 1 }] }, "meters must be a list of"],
    [{ key: "x", userAgent: true }, "userAgent must be a string"],
    [{ key: "x", keys: "y" }, 'no field "keys"'],
    [{ key: "x", constructor: 1 }, 'no field "constructor"'],
    [{ key: "x", "a\r\nb": 1 }, 'no field "a\\r\\nb"'],
    [{ key: "x", cost: -1 }, "Give a cost of at least 0."],
    [{ key: "x", ip: "1".repeat(65) }, "Give one address"],
    [{ key: "x", scopes: ["two words"] }, "printable ASCII without spaces"],
    [{ key: "x", tags: ["a\nb"] }, "Remove line breaks"],
    [{ key: "x", api: "-" }, "Name an API"],
    [{ key: "x", meters: [{ name: "UPPER", value: 1 }] }, "Name a meter"],
  ] as const)("refuses %j, naming what is wrong", async ([body, problem], { world }) => {
    const { refusal, message } = await refusalOf(world, world.root.token, json(body));
    expect([refusal, message]).toEqual(["400 BAD_USER_INPUT", expect.stringContaining(problem)]);
  });

  test("refuses a field of an object's own prototype by its name", async ({ world }) => {
    const { refusal, message } = await refusalOf(world, world.root.token, '{"key":"x","__proto__":{}}');
    expect([refusal, message]).toEqual(["400 BAD_USER_INPUT", expect.stringContaining('"__proto__"')]);
  });

  test("takes null for every field that may be left out", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    const nothing = { scopes: null, environment: null, ip: null, cost: null, tags: null, api: null, meters: null };
    const { text } = await ask(world, admin.token, json({ key: secret, userAgent: null, ...nothing }));
    expect(JSON.parse(text)).toMatchObject({ valid: true });
  });

  test("refuses a body over the limit, and does not read the rest of it", async ({ world }) => {
    const large = json({ key: "x".repeat(1_000_000) });
    const { refusal, headers } = await refusalOf(world, world.root.token, large);
    expect([refusal, headers.connection]).toEqual(["413 PAYLOAD_TOO_LARGE", "close"]);
  });
});
