import { describe, expect, test, type World } from "../testkit/index.js";
import { rawRequest } from "../testkit/raw-request.js";

// A browser sends some requests to other sites without asking first: GET, and POST with the types of a form. Whoever tricks a
// browser into one must not get it answered, whatever credentials a proxy before Keyplane may add.

const query = "{ viewer { role } }";
const asked = "x-graphql-yoga-csrf";

function send(world: World, method: string, headers: Record<string, string>, body?: string) {
  const url = `${world.url}/graphql${method === "GET" ? `?query=${encodeURIComponent(query)}` : ""}`;
  const authorization = `Bearer ${world.root.token}`;
  return rawRequest(url, { method, headers: { authorization, ...headers }, ...(body ? { chunks: [body] } : {}) });
}

const refused = { status: 403, text: expect.stringContaining('"CSRF_HEADER_MISSING"') };
const answered = { status: 200, text: '{"data":{"viewer":{"role":"ADMIN"}}}' };

describe("cross-site request forgery", () => {
  test.for([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain; application/json",
    "application/jsonp",
  ])("a POST of %s, as a form could send it, is refused", async (type, { world }) => {
    expect(await send(world, "POST", { "content-type": type }, JSON.stringify({ query }))).toMatchObject(refused);
  });

  test("a POST without a type is refused", async ({ world }) => {
    expect(await send(world, "POST", {}, JSON.stringify({ query }))).toMatchObject(refused);
  });

  test("a GET, as a link could send it, is refused", async ({ world }) => {
    expect(await send(world, "GET", {})).toMatchObject(refused);
  });

  test.for([asked, "graphql-require-preflight", "apollo-require-preflight"])(
    "a GET with %s is answered",
    async (header, { world }) => {
      expect(await send(world, "GET", { [header]: "1" })).toMatchObject(answered);
    },
  );

  test.for(["application/json", "application/json; charset=utf-8"])(
    "a POST of %s needs no header: a browser would have asked first",
    async (type, { world }) => {
      expect(await send(world, "POST", { "content-type": type }, JSON.stringify({ query }))).toMatchObject(answered);
    },
  );

  test("a GET never changes anything, with the header neither", async ({ world }) => {
    const mutation = encodeURIComponent('mutation { verifyKey(input: { key: "x" }) { code } }');
    const answer = await rawRequest(`${world.url}/graphql?query=${mutation}`, {
      headers: { authorization: `Bearer ${world.root.token}`, [asked]: "1" },
    });
    expect(answer.status).toBe(405);
  });

  test("a browser that asks is not given leave", async ({ world }) => {
    const answer = await rawRequest(`${world.url}/graphql`, {
      method: "OPTIONS",
      headers: {
        origin: "https://elsewhere.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,authorization",
      },
    });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });
});
