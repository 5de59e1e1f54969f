import { createSchema, createYoga } from "graphql-yoga";
import { describe, expect, test } from "vitest";
import { FakeGuard, verdictOf } from "../test-helpers/fake-guard.js";
import { type KeyplaneContext, useKeyplane } from "./yoga.js";

const schema = createSchema<KeyplaneContext>({
  typeDefs: "type Query { owner: String! }",
  resolvers: { Query: { owner: (_, __, context) => context.keyplane.owner.name } },
});

function yogaWith(guard: FakeGuard) {
  return createYoga({ schema, plugins: [useKeyplane(guard)], logging: false });
}

function post(body: string, key?: string): Request {
  const headers = { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) };
  return new Request("http://api.example/graphql", { method: "POST", headers, body });
}

describe("Yoga", () => {
  test("verifies one key for a batch of operations, and hands each the verdict", async () => {
    const guard = new FakeGuard();
    const yoga = createYoga({ schema, plugins: [useKeyplane(guard)], batching: true });
    const response = await yoga.fetch(post('[{"query":"{owner}"},{"query":"{owner}"}]', "valid"));
    expect(await response.json()).toEqual([{ data: { owner: "Grace" } }, { data: { owner: "Grace" } }]);
    expect(guard.calls).toHaveLength(1);
  });

  test("shows its page, its health and answers preflights without a key", async () => {
    const yoga = yogaWith(new FakeGuard());
    const page = new Request("http://api.example/graphql", { headers: { accept: "text/html" } });
    const origin = { origin: "https://app.example", "access-control-request-method": "POST" };
    const preflight = new Request("http://api.example/graphql", { method: "OPTIONS", headers: origin });
    expect((await yoga.fetch(page)).status).toBe(200);
    expect((await yoga.fetch(new Request("http://api.example/health"))).status).toBe(200);
    expect((await yoga.fetch(preflight)).status).toBe(204);
    expect((await yoga.fetch(post('{"query":"{__typename}"}'))).status).toBe(401);
  });

  test("masks what the guard throws", async () => {
    const guard = new FakeGuard().answers("valid", new TypeError("at the secret place"));
    const response = await yogaWith(guard).fetch(post('{"query":"{owner}"}', "valid"));
    expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining("secret place")]);
  });

  test("refuses operations that come another way, unless their context has a valid verdict", async () => {
    const yoga = yogaWith(new FakeGuard());
    const contextOf = async (more: object): Promise<KeyplaneContext> =>
      (await yoga.getEnveloped({ ...more }).contextFactory()) as unknown as KeyplaneContext;
    await expect(contextOf({})).rejects.toThrow("Unexpected error.");
    await expect(contextOf({ keyplane: verdictOf("REVOKED") })).rejects.toThrow("Unexpected error.");
    expect((await contextOf({ keyplane: verdictOf("VALID") })).keyplane.owner.name).toBe("Grace");
  });
});
