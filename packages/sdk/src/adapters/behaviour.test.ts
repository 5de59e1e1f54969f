import { verdictCodes } from "@keyplane/schema";
import { afterEach, describe, expect, test } from "vitest";
import { confidential, FakeGuard, verdictOf } from "../test-helpers/fake-guard.js";
import { type AnyOptions, type Application, type Call, subjects } from "./test-helpers/subjects.js";

const bearer = (key: string): Call => ({ headers: { authorization: `Bearer ${key}` } });

describe.each(subjects)("$name", ({ start, onlyUpgrades, hasPreflight, seesAddress }) => {
  const open: Application[] = [];
  afterEach(async () => {
    for (const application of open.splice(0)) await application.close();
  });

  async function application(guard: FakeGuard, options?: AnyOptions): Promise<Application> {
    const started = await start(guard, options);
    open.push(started);
    return started;
  }

  describe("lets in", () => {
    test.each<[string, Call]>([
      ["Authorization: Bearer", bearer("valid")],
      ["a scheme in any case, with spaces", { headers: { authorization: "bEARER  valid" } }],
      ["Authorization without its scheme", { headers: { authorization: "valid" } }],
      ["x-api-key", { headers: { "x-api-key": "valid" } }],
      ["the same key in both", { headers: { authorization: "Bearer valid", "x-api-key": "valid" } }],
      ["x-api-key beside another scheme", { headers: { authorization: "Basic dTpw", "x-api-key": "valid" } }],
    ])("a valid key by %s, and the handler sees the verdict", async (_, call) => {
      const guard = new FakeGuard();
      const answer = await (await application(guard, { scopes: ["orders:read"] })).send(call);
      expect(answer).toMatchObject({ status: 200, handler: { keyId: "key_orders", owner: "Grace", code: "VALID" } });
      expect(guard.calls.map(({ key }) => key)).toEqual(["valid"]);
      expect(guard.bound).toBe(onlyUpgrades ? guard.bound : 0);
    });

    test("a key in the header that was asked for, and in no other", async () => {
      const app = await application(new FakeGuard(), { header: "X-Orders-Key", bearer: false });
      expect((await app.send({ headers: { "x-orders-key": "valid" } })).status).toBe(200);
      expect((await app.send({ headers: { "x-api-key": "valid" } })).status).toBe(401);
      expect((await app.send(bearer("valid"))).status).toBe(401);
      expect((await app.send({ headers: { authorization: "Bearer jwt", "x-orders-key": "valid" } })).status).toBe(200);
    });

    test("a key in the URL only where that was asked for", async () => {
      const guard = new FakeGuard();
      expect((await (await application(guard)).send({ query: "?api_key=valid" })).status).toBe(401);
      expect(guard.calls).toEqual([]);
      const asked = await application(guard, { queryParameter: "api_key" });
      expect((await asked.send({ query: "?api_key=valid" })).status).toBe(200);
      expect((await asked.send({ query: "?api_key=valid&api_key=valid" })).status).toBe(400);
      expect((await asked.send({ query: "?api_key=other", ...bearer("valid") })).status).toBe(400);
    });
  });

  describe("answers without asking the guard", () => {
    test.each<[string, Call]>([
      ["no credentials", {}],
      ["credentials of another scheme", { headers: { authorization: "Basic dTpw" } }],
      ["a scheme alone", { headers: { authorization: "Bearer" } }],
      ["an empty header", { headers: { "x-api-key": "" } }],
    ])("%s: 401 without an error", async (_, call) => {
      const guard = new FakeGuard();
      const { status, headers, text } = await (await application(guard)).send(call);
      expect(status).toBe(401);
      expect(headers).toMatchObject({
        "content-type": "application/problem+json; charset=utf-8",
        "cache-control": "no-store",
        "www-authenticate": 'Bearer realm="keyplane"',
      });
      expect(JSON.parse(text)).toEqual({
        type: "https://keyplane.globex.example/docs/sdk/adapters.md#key_missing",
        title: "Key missing",
        status: 401,
        detail: "This API needs a key, and the request has none. Send it in the header Authorization: Bearer <key>.",
        code: "KEY_MISSING",
      });
      expect(guard.calls).toEqual([]);
    });

    test.each<[string, Call]>([
      ["two keys", { headers: { authorization: "Bearer valid", "x-api-key": "other" } }],
      ["two lines of Authorization", { headers: { authorization: ["Bearer valid", "Bearer valid"] } }],
      ["two lines of x-api-key", { headers: { "x-api-key": ["valid", "valid"] } }],
      ["two lines that a proxy has joined", { headers: { "x-api-key": "valid, other" } }],
    ])("%s: 400", async (_, call) => {
      const guard = new FakeGuard();
      const { status, headers, text } = await (await application(guard)).send(call);
      expect([status, JSON.parse(text).code]).toEqual([400, "KEY_AMBIGUOUS"]);
      expect(headers["www-authenticate"]).toBe('Bearer realm="keyplane", error="invalid_request"');
      expect(text).not.toMatch(/valid(?!ity)|other/);
      expect(guard.calls).toEqual([]);
    });
  });

  describe("tells of a refused key", () => {
    const refused = Object.entries(verdictCodes).filter(([code]) => code !== "VALID");

    test("the status of the registry, whatever the code, and nothing that is not the caller's", async () => {
      const guard = new FakeGuard();
      const app = await application(guard);
      for (const [code, { httpStatus, title, message }] of refused) {
        const verdict = verdictOf(code);
        guard.answers("found-on-the-street", verdict);
        const { status, headers, text, handler } = await app.send(bearer("found-on-the-street"));
        expect([code, status, handler]).toEqual([code, httpStatus, null]);
        expect(JSON.parse(text)).toEqual({
          type: verdict.docsUrl,
          title,
          status: httpStatus,
          detail: message,
          code,
          requestId: "req_1",
        });
        const isChallenged = status === 401 || code === "INSUFFICIENT_SCOPE";
        expect("www-authenticate" in headers).toBe(isChallenged);
        if (status === 401) expect(headers["www-authenticate"]).toBe('Bearer realm="keyplane", error="invalid_token"');
        const all = text + JSON.stringify(headers);
        for (const secret of ["found-on-the-street", ...confidential]) expect(all).not.toContain(secret);
      }
    });

    test("the hint for a malformed key", async () => {
      const guard = new FakeGuard().answers("kp_", verdictOf("MALFORMED", { key: null, hint: "The key is cut off." }));
      const { text } = await (await application(guard)).send({ headers: { "x-api-key": "kp_" } });
      expect(JSON.parse(text)).toMatchObject({ code: "MALFORMED", hint: "The key is cut off." });
    });

    test("the missing scopes, 403", async () => {
      const app = await application(new FakeGuard(), { scopes: () => ["orders:read", "orders:write", "x:y"] });
      const { status, headers, text } = await app.send(bearer("valid"));
      expect(status).toBe(403);
      expect(headers["www-authenticate"]).toBe(
        'Bearer realm="keyplane", error="insufficient_scope", scope="orders:write x:y"',
      );
      expect(JSON.parse(text)).toMatchObject({ code: "INSUFFICIENT_SCOPE", missingScopes: ["orders:write", "x:y"] });
    });

    test.each([
      ["RATE_LIMITED", 429, 1_200, "2"],
      ["QUOTA_EXCEEDED", 429, 86_400_000, "86400"],
      ["RATE_LIMITED", 429, 0, "1"],
      ["RATE_LIMITED", 429, null, undefined],
    ] as const)("%s: %d, after %s ms, Retry-After %s", async (code, expected, retryAfterMs, retryAfter) => {
      const guard = new FakeGuard().answers("k", verdictOf(code, { retryAfterMs }));
      const { status, headers, text } = await (await application(guard)).send(bearer("k"));
      expect([status, headers["retry-after"]]).toEqual([expected, retryAfter]);
      expect(JSON.parse(text).retryAfterMs).toBe(retryAfterMs ?? undefined);
    });

    test("that there is no verdict, 503", async () => {
      const guard = new FakeGuard().answers("k", verdictOf("UNAVAILABLE"));
      const { status, headers, text } = await (await application(guard)).send(bearer("k"));
      expect([status, headers["retry-after"], headers["www-authenticate"]]).toEqual([503, "1", undefined]);
      expect(JSON.parse(text)).toMatchObject({ code: "UNAVAILABLE", title: "No verdict at the moment" });
    });

    test("a code that is newer than this version, 403", async () => {
      const guard = new FakeGuard().answers("k", verdictOf("SLEEPING"));
      const { status, text } = await (await application(guard)).send(bearer("k"));
      expect([status, JSON.parse(text).code]).toEqual([403, "SLEEPING"]);
      expect(text).not.toContain("Initech");
    });

    test("the reason that somebody typed only where that was asked for", async () => {
      const guard = new FakeGuard().answers("k", verdictOf("REVOKED"));
      const { text } = await (await application(guard, { exposeReason: true, realm: "Orders" })).send(bearer("k"));
      expect(JSON.parse(text).detail).toBe("Refused: she left for Initech.");
    });

    test("as much of the reason as the owner of the API allows", async () => {
      const guard = new FakeGuard().answers("k", verdictOf("REVOKED"));
      const told = async (exposeReason: "none" | "code" | "message") => {
        const answer = await (await application(guard, { exposeReason })).send(bearer("k"));
        return { ...answer, problem: JSON.parse(answer.text) };
      };
      const { status, problem: nothing, text } = await told("none");
      expect([status, Object.keys(nothing).sort()]).toEqual([401, ["requestId", "status", "title", "type"]]);
      expect(nothing).toMatchObject({ type: "about:blank", title: "Unauthorized", status: 401 });
      expect(text).not.toMatch(/revoked|REVOKED/);
      const { problem: code } = await told("code");
      expect(code).toMatchObject({ code: "REVOKED", type: expect.stringMatching(/#revoked$/) });
      expect(code.detail).not.toContain("Initech");
      expect((await told("message")).problem.detail).toContain("Initech");
    });
  });

  describe("lets nobody in", () => {
    test.each<[string, ReturnType<typeof verdictOf>]>([
      ["of whom there is no owner", verdictOf("VALID", { owner: null })],
      ["of whom there is no key", verdictOf("VALID", { key: null })],
      ["whose verdict contradicts itself", verdictOf("VALID", { valid: false })],
      ["whose verdict contradicts itself the other way", verdictOf("REVOKED", { valid: true })],
    ])("%s", async (_, verdict) => {
      const guard = new FakeGuard().answers("k", verdict);
      const { status, handler, text } = await (await application(guard)).send(bearer("k"));
      expect([status, handler, JSON.parse(text).code]).toEqual([503, null, "UNAVAILABLE"]);
    });

    test.each<[string, FakeGuard, AnyOptions]>([
      ["when the guard throws", new FakeGuard().answers("valid", new TypeError("no such scope")), {}],
      ["when the guard answers nothing", new FakeGuard().answers("valid", undefined), {}],
      ["when a function among the options throws", new FakeGuard(), { scopes: () => JSON.parse("[") }],
      ["when a function gives no scopes", new FakeGuard(), { scopes: () => undefined as unknown as string[] }],
      ["when a function gives a promise", new FakeGuard(), { scopes: (async () => []) as unknown as () => string[] }],
      ["when a function gives no environment", new FakeGuard(), { environment: () => "" }],
      ["when the address cannot be told", new FakeGuard(), { clientAddress: () => JSON.parse("[") }],
    ])("%s", async (_, guard, options) => {
      const { status, handler } = await (await application(guard, options)).send(bearer("valid"));
      expect([status, handler]).toEqual([500, null]);
    });

    test("whose key would end a header of the answer", async () => {
      const missingScopes = ['a"\r\nset-cookie: a=1', "b\u0000", "fine", "später"];
      const verdict = verdictOf("INSUFFICIENT_SCOPE", { missingScopes, hint: "\r\nset-cookie: a=1" });
      const { status, headers } = await (await application(new FakeGuard().answers("k", verdict))).send(bearer("k"));
      expect([status, headers["set-cookie"]]).toEqual([403, undefined]);
      expect(headers["www-authenticate"]).toBe('Bearer realm="keyplane", error="insufficient_scope", scope="fine"');
    });

    test("at all where the options cannot be meant", async () => {
      for (const options of [{ scope: ["orders:read"] }, { scopes: ["a b"] }, { realm: 'a"' }] as AnyOptions[]) {
        await expect((async () => start(new FakeGuard(), options))()).rejects.toThrow(TypeError);
      }
      await expect((async () => start({} as FakeGuard))()).rejects.toThrow("Give a guard, as createGuard makes it.");
    });
  });

  describe("asks the guard", () => {
    test("for what the options say, with the user agent and the address at the other end", async () => {
      const guard = new FakeGuard();
      const app = await application(guard, {
        scopes: ["orders:read"],
        environment: "LIVE",
        usage: () => ({ api: "orders/v2", cost: 2, tags: ["eu"] }),
      });
      const forged = { "x-forwarded-for": "192.0.2.66", forwarded: "for=192.0.2.66", "x-real-ip": "192.0.2.66" };
      await app.send({ headers: { "x-api-key": "valid", "user-agent": "curl/8", ...forged } });
      expect(guard.calls[0]?.request).toEqual({
        scopes: ["orders:read"],
        environment: "LIVE",
        ip: seesAddress ? "127.0.0.1" : undefined,
        usage: { api: "orders/v2", cost: 2, tags: ["eu"], userAgent: "curl/8" },
      });
    });

    test.each<[string, AnyOptions, string | undefined]>([
      ["the one proxy", { trustedProxies: 1 }, "203.0.113.7"],
      ["two proxies", { trustedProxies: 2 }, "192.0.2.66"],
      ["more proxies than there were", { trustedProxies: 3 }, undefined],
      ["a function", { clientAddress: () => "[2001:db8::1]:4711" }, "2001:db8::1"],
      ["a function that knows none", { clientAddress: () => undefined }, undefined],
      ["a function that tells nonsense", { clientAddress: () => "unknown" }, undefined],
    ])("with the address that %s tells", async (_, options, ip) => {
      const guard = new FakeGuard();
      const headers = { "x-api-key": "valid", "x-forwarded-for": "192.0.2.66, 203.0.113.7" };
      expect((await (await application(guard, options)).send({ headers })).status).toBe(200);
      expect(guard.calls[0]?.request?.ip).toBe(ip);
    });
  });

  describe.skipIf(onlyUpgrades)("answers other methods:", () => {
    test("HEAD as GET, without a body", async () => {
      const app = await application(new FakeGuard());
      const { status, headers, text } = await app.send({ method: "HEAD" });
      expect([status, headers["www-authenticate"], text]).toEqual([401, 'Bearer realm="keyplane"', ""]);
    });
  });

  describe.runIf(hasPreflight)("answers browsers:", () => {
    const preflight: Call = {
      method: "OPTIONS",
      headers: { origin: "https://app.example", "access-control-request-method": "GET" },
    };

    test("a preflight needs a key, unless it was asked to go on; other OPTIONS always do", async () => {
      expect((await (await application(new FakeGuard())).send(preflight)).status).toBe(401);
      const asked = await application(new FakeGuard(), { allowPreflight: true });
      expect(await asked.send(preflight)).toMatchObject({ status: 200, text: "preflight" });
      expect((await asked.send({ method: "OPTIONS" })).status).toBe(401);
      expect((await asked.send({ ...preflight, method: "POST" })).status).toBe(401);
    });

    test("headers that were set in front of it stay on a refusal", async () => {
      const { headers } = await (await application(new FakeGuard())).send();
      expect(headers["access-control-allow-origin"]).toBe("https://app.example");
    });
  });
});
