import { fastify } from "fastify";
import { afterEach, describe, expect, test } from "vitest";
import { FakeGuard } from "../test-helpers/fake-guard.js";
import { type FastifyRouteOptions, keyplane } from "./fastify.js";

const headers = { "x-api-key": "valid" };
let app = fastify();
afterEach(async () => {
  await app.close();
  app = fastify();
});

describe("a route of Fastify", () => {
  test("asks for its own scopes in place of the plugin's", async () => {
    const guard = new FakeGuard();
    app.register(keyplane, { guard, scopes: ["orders:write"], environment: "LIVE" });
    app.get("/own", { config: { keyplane: { scopes: ["orders:read"] } } }, async () => "own");
    app.get("/usual", async () => "usual");
    expect((await app.inject({ url: "/own", headers })).statusCode).toBe(200);
    expect((await app.inject({ url: "/usual", headers })).statusCode).toBe(403);
    expect(guard.calls.map(({ request }) => [request?.scopes, request?.environment])).toEqual([
      [["orders:read"], "LIVE"],
      [["orders:write"], "LIVE"],
    ]);
  });

  test("is public only by its own word", async () => {
    app.register(keyplane, { guard: new FakeGuard() });
    app.get("/health", { config: { keyplane: false } }, async (request) => JSON.stringify(request.keyplane));
    app.get("/", async () => "not reached");
    expect((await app.inject("/health")).body).toBe("null");
    expect((await app.inject("/")).statusCode).toBe(401);
  });

  test("needs a key although it was written before the plugin was loaded, and although there is none", async () => {
    app.get("/early", async () => "not reached");
    app.register(keyplane, { guard: new FakeGuard() });
    expect((await app.inject("/early")).statusCode).toBe(401);
    expect((await app.inject("/nowhere")).statusCode).toBe(401);
    expect((await app.inject({ url: "/nowhere", headers })).statusCode).toBe(404);
  });

  test("outside the scope of the plugin needs none", async () => {
    app.register(async (scope) => {
      scope.register(keyplane, { guard: new FakeGuard() });
      scope.get("/inside", async () => "not reached");
    });
    app.get("/outside", async () => "reached");
    expect((await app.inject("/inside")).statusCode).toBe(401);
    expect((await app.inject("/outside")).body).toBe("reached");
  });

  test.each([{ scope: ["a"] }, { scopes: "a" }, { realm: "b" }, true])(
    "with the options %j cannot be written",
    async (own) => {
      await app.register(keyplane, { guard: new FakeGuard() });
      const config = { keyplane: own as unknown as FastifyRouteOptions };
      expect(() => app.get("/", { config }, async () => "")).toThrow(TypeError);
    },
  );

  test("that was written too early for that fails when it is called", async () => {
    const own = { scope: ["a"] } as FastifyRouteOptions;
    app.get("/", { config: { keyplane: own } }, async () => "not reached");
    app.register(keyplane, { guard: new FakeGuard() });
    expect((await app.inject({ url: "/", headers })).statusCode).toBe(500);
  });
});
