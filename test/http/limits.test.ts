import { isRequiredArgument } from "graphql";
import { everyRootField } from "../testkit/any-call.js";
import { holdKey } from "../testkit/hold-key.js";
import { describe, expect, ok, sendGraphql, startServer, test, World } from "../testkit/index.js";
import { rawRequest } from "../testkit/raw-request.js";

/** The code and status of a refusal; `ok` when there is none. */
async function outcomeOf(world: World, query: string, variables: Record<string, unknown> = {}) {
  const accept = { accept: "application/graphql-response+json" };
  const { status, body } = await sendGraphql(world.url, world.root.token, query, variables, accept);
  return body.errors ? `${status} ${body.errors[0].extensions.code}` : "ok";
}

function repeated(count: number, part: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => part(index)).join(" ");
}

describe("the size of a body", () => {
  const megabyte = 1_000_000;
  /** Of a caller who may report usage. */
  const reportBytes = 8 * megabyte;

  /** A well-formed request of exactly so many bytes. */
  function bodyOf(bytes: number): string {
    const query = JSON.stringify({ query: "{ viewer { role } }" });
    return query + " ".repeat(bytes - query.length);
  }

  const send = (world: World, body: string, how: "Content-Length" | "chunks", token = world.root.token) =>
    rawRequest(`${world.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${token}`,
        ...(how === "Content-Length" ? { "content-length": String(body.length) } : { "transfer-encoding": "chunked" }),
      },
      chunks: body.match(/[\s\S]{1,100000}/g) ?? [],
    });

  describe.for([
    ["1 MB", megabyte, "GUEST"],
    ["8 MB from whoever may report usage", reportBytes, "DEVELOPER"],
  ] as const)("%s", ([, bytes, role]) => {
    test.for(["Content-Length", "chunks"] as const)("is read, sent with %s", async (how, { world }) => {
      const { token } = await world.caller(role);
      const answer = await send(world, bodyOf(bytes), how, token);
      expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { data: { viewer: { role } } }]);
    });

    test.for(["Content-Length", "chunks"] as const)(
      "and a byte more is refused, sent with %s",
      async (how, { world }) => {
        const { token } = await world.caller(role);
        const answer = await send(world, bodyOf(bytes + 1), how, token);
        expect([answer.status, JSON.parse(answer.text).errors[0].extensions.code]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
        expect(answer.headers.connection).toBe("close");
      },
    );
  });

  test("a large body is refused before it was sent", async ({ world }) => {
    const answer = await rawRequest(`${world.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "content-length": "5000000000",
        authorization: `Bearer ${world.root.token}`,
      },
      chunks: ["{"],
    }).catch((error: Error) => error);
    expect(answer).toMatchObject({ status: 413 });
  });

  test("nobody who is not known gets a body read", async ({ world }) => {
    const answer = await rawRequest(`${world.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", "transfer-encoding": "chunked" },
      chunks: ["{"],
    });
    expect([answer.status, JSON.parse(answer.text).errors[0].extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
  });
});

describe("the depth of an operation", () => {
  /** `levels` fields within each other. */
  function deep(levels: number, id: string): string {
    const fields = [`tenant(id: "${id}")`, "keys(first: 1)", "nodes", "owner"];
    for (let level = fields.length; level < levels - 1; level += 3) fields.push("keys(first: 1)", "nodes", "owner");
    const inner = [...fields.slice(0, levels - 1), "__typename"];
    return `{ ${inner.join(" { ")} ${"}".repeat(inner.length)}`;
  }

  test("10 levels are answered, 11 are refused", async ({ world }) => {
    const { tenant } = await world.tenantWithKey();
    expect(await outcomeOf(world, deep(10, tenant.id))).toBe("ok");
    expect(await outcomeOf(world, deep(11, tenant.id))).toBe("400 QUERY_TOO_COMPLEX");
  });

  test("levels within fragments count", async ({ world }) => {
    const { tenant } = await world.tenantWithKey();
    const query = `
      query { tenant(id: "${tenant.id}") { ...A } }
      fragment A on Tenant { keys(first: 1) { nodes { owner { ...B } } } }
      fragment B on User { keys(first: 1) { nodes { owner { ...C } } } }
      fragment C on User { keys(first: 1) { nodes { owner { keys(first: 1) { nodes { id } } } } } }`;
    expect(await outcomeOf(world, query)).toBe("400 QUERY_TOO_COMPLEX");
  });

  test("the introspection of tools is not too deep", async ({ world }) => {
    const { getIntrospectionQuery } = await import("graphql");
    const query = getIntrospectionQuery({ descriptions: true, inputValueDeprecation: true, oneOf: true });
    expect(await outcomeOf(world, query)).toBe("ok");
  });
});

describe("the complexity of an operation", () => {
  const query = (first: string, head = "") =>
    `query ${head} { keys(first: ${first}) { nodes { tenant { keys(first: ${first}) { nodes { id name } } } } } }`;

  test("lists within lists are refused by the sizes that the document names", async ({ world }) => {
    expect(await outcomeOf(world, query("2"))).toBe("ok");
    expect(await outcomeOf(world, query("100"))).toBe("400 QUERY_TOO_COMPLEX");
  });

  test("and by those that variables name, each time anew for the same document", async ({ world }) => {
    const byVariable = query("$first", "Sizes($first: Int)");
    expect(await outcomeOf(world, byVariable, { first: 2 })).toBe("ok");
    expect(await outcomeOf(world, byVariable, { first: 100 })).toBe("400 QUERY_TOO_COMPLEX");
    expect(await outcomeOf(world, byVariable, { first: 2 })).toBe("ok");
  });

  test("and by the default of a variable", async ({ world }) => {
    const byDefault = query("$first", "Sizes($first: Int = 100)");
    expect(await outcomeOf(world, byDefault)).toBe("400 QUERY_TOO_COMPLEX");
    expect(await outcomeOf(world, byDefault, { first: 2 })).toBe("ok");
  });

  test("and by what counts when no size is named", async ({ world }) => {
    const nested = (levels: number): string =>
      levels === 0 ? "id" : `keys { nodes { owner { ${nested(levels - 1)} } } }`;
    expect(await outcomeOf(world, `{ users(first: 20) { nodes { ${nested(1)} } } }`)).toBe("ok");
    expect(await outcomeOf(world, `{ users(first: 50) { nodes { ${nested(2)} } } }`)).toBe("400 QUERY_TOO_COMPLEX");
  });

  test("a cheap operation of the same document does not let an expensive one through", async ({ world }) => {
    const document = `query Cheap { viewer { role } } ${query("100", "Expensive")}`;
    const send = async (operationName: string) => {
      const response = await fetch(`${world.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${world.root.token}` },
        body: JSON.stringify({ query: document, operationName }),
      });
      return ((await response.json()) as { errors?: { extensions: { code: string } }[] }).errors?.[0]?.extensions.code;
    };
    expect(await send("Cheap")).toBeUndefined();
    expect(await send("Expensive")).toBe("QUERY_TOO_COMPLEX");
  });
});

describe("the words of an operation", () => {
  test("15 aliases are answered, 16 are refused", async ({ world }) => {
    const aliases = (count: number) => `{ ${repeated(count, (index) => `a${index}: viewer { role }`)} }`;
    expect(await outcomeOf(world, aliases(15))).toBe("ok");
    expect(await outcomeOf(world, aliases(16))).toBe("400 QUERY_TOO_COMPLEX");
  });

  test("aliases of __typename count", async ({ world }) => {
    const aliases = (count: number) => `{ ${repeated(count, (index) => `a${index}: __typename`)} }`;
    expect(await outcomeOf(world, aliases(15))).toBe("ok");
    expect(await outcomeOf(world, aliases(16))).toBe("400 QUERY_TOO_COMPLEX");
  });

  test("aliases within fragments count as often as the fragment is used", async ({ world }) => {
    const fragment = `fragment F on Viewer { ${repeated(8, (index) => `a${index}: name`)} }`;
    expect(await outcomeOf(world, `{ viewer { ...F } } ${fragment}`)).toBe("ok");
    expect(await outcomeOf(world, `{ x: viewer { ...F } y: viewer { ...F } } ${fragment}`)).toBe(
      "400 QUERY_TOO_COMPLEX",
    );
  });

  test("16 verifications under aliases are refused: nobody tries many keys in one request", async ({ world }) => {
    const verify = (index: number) => `a${index}: verifyKey(input: { key: "x" }) { code }`;
    expect(await outcomeOf(world, `mutation { ${repeated(16, verify)} }`)).toBe("400 QUERY_TOO_COMPLEX");
  });

  test("50 directives are answered, 51 are refused", async ({ world }) => {
    const directives = (count: number) => `{ viewer { ${repeated(count, () => "name @include(if: true)")} } }`;
    expect(await outcomeOf(world, directives(50))).toBe("ok");
    expect(await outcomeOf(world, directives(51))).toBe("400 QUERY_TOO_COMPLEX");
  });

  test("2000 words and signs are read, more are refused", async ({ world }) => {
    // 20 besides the scopes. That there are too many of those is found later, and is another matter.
    const words = (count: number) =>
      `mutation { verifyKey(input: { key: "x", scopes: [${repeated(count - 20, () => '"a"')}] }) { code } }`;
    expect(await outcomeOf(world, words(2_000))).toBe("200 BAD_USER_INPUT");
    expect(await outcomeOf(world, words(2_001))).toBe("400 QUERY_TOO_COMPLEX");
  });

  test("a document that would take long to validate is refused", async ({ world }) => {
    const same = `{ viewer { ${repeated(1_900, () => "name")} } }`;
    expect(await outcomeOf(world, same)).toBe("400 QUERY_TOO_COMPLEX");
  });
});

describe("operations in one request", () => {
  const send = async (world: World, count: number) => {
    const response = await fetch(`${world.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${world.root.token}` },
      body: JSON.stringify(Array.from({ length: count }, () => ({ query: "{ viewer { role } }" }))),
    });
    return { status: response.status, body: await response.json() };
  };

  test("10 are answered", async ({ world }) => {
    const { status, body } = await send(world, 10);
    expect(status).toBe(200);
    expect(body).toEqual(Array.from({ length: 10 }, () => ({ data: { viewer: { role: "ADMIN" } } })));
  });

  test("11 are refused", async ({ world }) => {
    expect(await send(world, 11)).toMatchObject({
      status: 413,
      body: { errors: [{ extensions: { code: "BATCH_TOO_LARGE", requestId: expect.stringMatching(/^req_/) } }] },
    });
  });
});

describe("the size of a page", () => {
  const lists = everyRootField()
    .filter(({ field }) => field.args.some((arg) => arg.name === "first"))
    .map(({ field }) => field);

  test.for(lists.map(({ name }) => name))("%s gives 1 to 100 entries", async (list, { world }) => {
    const { tenant } = await world.tenant();
    const required = lists.find(({ name }) => name === list)?.args.filter(isRequiredArgument) ?? [];
    const of = required
      .map(({ name }) => `${name}: "${name === "tenantId" ? tenant.id : world.missingId("Webhook")}", `)
      .join("");
    const page = (first: number) => outcomeOf(world, `{ ${list}(${of}first: ${first}) { nodes { __typename } } }`);
    expect([await page(1), await page(100)]).toEqual(["ok", "ok"]);
    for (const first of [0, -1, 101, 2_147_483_647]) expect(await page(first)).toBe("200 BAD_USER_INPUT");
  });
});

describe("the time of a request", () => {
  test("what takes too long is answered with TIMEOUT, and a warm verification is not held up", async () => {
    const server = await startServer({}, { timeLimitMs: 3_000 });
    try {
      const world = new World(server);
      const { admin, key, secret } = await world.tenantWithKey();
      expect(await admin.verify(secret)).toMatchObject({ code: "VALID" });

      const release = await holdKey(server, key.id);
      const query = `mutation { disableKey(input: { id: "${key.id}" }) { __typename } }`;
      const { status, body } = await sendGraphql(server.url, admin.token, query);
      expect([status, body.errors[0].extensions.code]).toEqual([504, "TIMEOUT"]);
      expect(await admin.verify(secret)).toMatchObject({ code: "VALID" });
      await release();
      // The change itself was not undone by the answer: a repeat finds it, or makes it.
      ok(await admin.key("disableKey", { id: key.id }));
      expect(await admin.verify(secret)).toMatchObject({ code: "DISABLED" });
    } finally {
      await server.stop();
    }
  });
});

describe("the length of a query's text", () => {
  const text = (characters: number) => `{ viewer { role } } #${"x".repeat(characters - 21)}`;

  test("32000 characters are read, one more is not, whatever they say", async ({ world }) => {
    expect(await outcomeOf(world, text(32_000))).toBe("ok");
    expect(await outcomeOf(world, text(32_001))).toMatch(/QUERY_TOO_COMPLEX$/);
  });
});
