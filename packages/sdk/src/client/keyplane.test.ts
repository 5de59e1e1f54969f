import { inspect } from "node:util";
import { data, drop, failure, text } from "../test-helpers/fake-server.js";
import { describe, expect, expectTypeOf, secret, test, token } from "../test-helpers/story.js";
import type { TypedDocument } from "./document.js";
import { Keyplane } from "./keyplane.js";

interface Named {
  readonly tenant: { readonly name: string } | null;
}
const nameOfTenant = "query Name($id: ID!) { tenant(id: $id) { name } }" as TypedDocument<Named, { id: string }>;

describe("request", () => {
  test("sends a typed document and answers its data, typed", async ({ story }) => {
    story.server.replies(data({ tenant: { name: "Acme" } }));
    const keyplane = new Keyplane({ url: story.server.url, token });
    const answer = await keyplane.request(nameOfTenant, { id: "ten_1" });
    expectTypeOf(answer).toEqualTypeOf<Named>();
    expect(answer).toEqual({ tenant: { name: "Acme" } });
    expect(story.server.requests[0]).toMatchObject({ query: nameOfTenant, variables: { id: "ten_1" } });
  });

  test("takes a plain string without variables", async ({ story }) => {
    story.server.replies(data({ viewer: { id: "tok_1" } }));
    const answer = await new Keyplane({ url: story.server.url, token }).request("{ viewer { id } }");
    expectTypeOf(answer).toBeUnknown();
    expect(answer).toEqual({ viewer: { id: "tok_1" } });
  });

  test("repeats queries, and mutations only on the caller's word", async ({ story }) => {
    const keyplane = new Keyplane({ url: story.server.url, token, maxRetries: 1 });
    const mutation = "mutation { touch }";
    story.server.replies(drop, data({ viewer: null }));
    await keyplane.request("{ viewer { id } }");
    story.server.replies(drop, data({ touch: true }));
    await keyplane.request(mutation, {}, { repeatable: true });
    story.server.replies(drop, data({ touch: true }));
    await expect(keyplane.request(mutation)).rejects.toMatchObject({ code: "CONNECTION_FAILED" });
    expect(story.server.requests).toHaveLength(5);
  });

  test("refuses a subscription", async ({ story }) => {
    const keyplane = new Keyplane({ url: story.server.url, token });
    await expect(keyplane.request("subscription { keyEvents { id } }")).rejects.toThrow(TypeError);
  });

  test("does not compile without its variables, or with others", ({ story }) => {
    const keyplane = new Keyplane({ url: story.server.url, token });
    // @ts-expect-error a required variable is missing
    const missing = () => keyplane.request(nameOfTenant);
    // @ts-expect-error no such variable
    const other = () => keyplane.request(nameOfTenant, { slug: "acme" });
    expect([missing, other]).toHaveLength(2);
  });
});

test("viewer answers who the token is", async ({ story }) => {
  story.server.replies(data({ viewer: { id: "tok_1", role: "ADMIN" } }));
  expect(await new Keyplane({ url: story.server.url, token }).viewer()).toEqual({ id: "tok_1", role: "ADMIN" });
});

describe("the token never shows", () => {
  /** Everything that a logger, a serialiser or an error reporter could make of a value. */
  function shown(value: unknown): string {
    const inspected = inspect(value, { depth: 20, showHidden: true, getters: true });
    return [inspected, JSON.stringify(value), String(value), (value as { stack?: string }).stack].join("\n");
  }

  test("in the client", ({ story }) => {
    const keyplane = new Keyplane({ url: story.server.url, token, headers: { "x-proxy": "Basic c2VjcmV0" } });
    expect(shown(keyplane)).not.toContain(token);
    expect(shown(keyplane)).not.toContain("c2VjcmV0");
    expect(shown(Object.assign({}, keyplane))).not.toContain(token);
  });

  test("in any error", async ({ story }) => {
    const quoting = () =>
      Promise.reject(new TypeError(`Headers.append: "Bearer ${token}" is an invalid header value.`));
    for (const reply of [drop, text(500, token), failure(401, "UNAUTHENTICATED", {}, `unknown token ${token}`)]) {
      for (const fetch of [undefined, quoting]) {
        story.server.replies(reply);
        const keyplane = new Keyplane({ url: story.server.url, token, fetch, maxRetries: 0 });
        const error: unknown = await keyplane.keys.verify({ key: secret }).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(Error);
        expect(shown(error)).not.toContain(token);
        expect(shown(error)).not.toContain(secret);
      }
    }
  });
});
