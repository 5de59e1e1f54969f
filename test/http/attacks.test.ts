import { getIntrospectionQuery } from "graphql";
import { describe, expect, ok, sendGraphql, test, type World } from "../testkit/index.js";
import { rawRequest } from "../testkit/raw-request.js";

// What scanners of GraphQL try, and what else comes from outside: against somebody without a token, and with one that may nothing.

interface Attack {
  readonly method?: "GET" | "POST";
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** What somebody with a token without any permission is answered: a status, and a code unless that is 200. */
  readonly answer: readonly [status: number, code?: string];
}

const strict = { accept: "application/graphql-response+json" };
const json = { "content-type": "application/json", ...strict };
const csrf = { "x-graphql-yoga-csrf": "1" };

const query = (text: string, more: Record<string, unknown> = {}): string => JSON.stringify({ query: text, ...more });
const times = (count: number, part: (index: number) => string, between = " ") =>
  Array.from({ length: count }, (_, index) => part(index)).join(between);
const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const tooComplex = [400, "QUERY_TOO_COMPLEX"] as const;
const invalid = [400, "GRAPHQL_VALIDATION_FAILED"] as const;
const bad = [400, "BAD_REQUEST"] as const;
const sample = "{ viewer { role } }";
const change = 'mutation { verifyKey(input: { key: "x" }) { code } }';
const formOf = (text: string) => new URLSearchParams({ query: text }).toString();

const attacks: Readonly<Record<string, Attack>> = {
  "a hundred aliases": {
    headers: json,
    body: query(`{ ${times(100, (index) => `a${index}: __typename`)} }`),
    answer: tooComplex,
  },
  "a batch of a hundred": {
    headers: json,
    body: `[${times(100, () => `{"query":"{ __typename }"}`, ",")}]`,
    answer: [413, "BATCH_TOO_LARGE"],
  },
  "an empty batch": { headers: json, body: "[]", answer: [200] },
  "a batch within a batch": { headers: json, body: `[[{"query":"{ __typename }"}]]`, answer: [200, "BAD_REQUEST"] },
  "directives without end": {
    headers: json,
    body: query(`{ __typename ${times(60, () => "@skip(if: false)", "")} }`),
    answer: tooComplex,
  },
  "directives that there are not": {
    headers: json,
    body: query(`{ __typename ${times(40, () => "@aa", "")} }`),
    answer: invalid,
  },
  "introspection in circles": {
    headers: json,
    body: query(`{ __schema { types { ${times(8, () => "fields { type {", " ")} name ${"}".repeat(16)} } } }`),
    answer: invalid,
  },
  "fragments in circles": {
    headers: json,
    body: query("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"),
    answer: invalid,
  },
  "fragments within fragments": {
    headers: json,
    body: query(
      `{ ...F0 } ${times(60, (index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`)} fragment F60 on Query { __typename }`,
    ),
    answer: tooComplex,
  },
  "a field a thousand times": {
    headers: json,
    body: query(`{ viewer { ${times(1_900, () => "role")} } }`),
    answer: tooComplex,
  },
  "a document that is no document": {
    headers: json,
    body: query("{".repeat(1_000)),
    answer: [400, "GRAPHQL_PARSE_FAILED"],
  },
  "a document too long to be read": {
    headers: json,
    body: query(`{ viewer { role } } #${"x".repeat(40_000)}`),
    answer: tooComplex,
  },
  "a query by GET": {
    method: "GET",
    path: `/graphql?query=${encodeURIComponent(sample)}`,
    headers: strict,
    answer: [403, "CSRF_HEADER_MISSING"],
  },
  "a change by GET": {
    method: "GET",
    path: `/graphql?query=${encodeURIComponent(change)}`,
    headers: { ...strict, ...csrf },
    answer: [405, "BAD_REQUEST"],
  },
  "a form": {
    headers: { ...strict, "content-type": "application/x-www-form-urlencoded" },
    body: formOf(change),
    answer: [403, "CSRF_HEADER_MISSING"],
  },
  "plain text": {
    headers: { ...strict, "content-type": "text/plain" },
    body: query(change),
    answer: [403, "CSRF_HEADER_MISSING"],
  },
  "a form in parts, with files": {
    headers: { ...strict, "content-type": "multipart/form-data; boundary=x" },
    body: `--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${query(change)}\r\n--x--\r\n`,
    answer: [403, "CSRF_HEADER_MISSING"],
  },
  "a form in parts, past the header against forgery": {
    headers: { ...strict, ...csrf, "content-type": "multipart/form-data; boundary=x" },
    body: `--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${query(sample)}\r\n--x--\r\n`,
    answer: [415, "BAD_REQUEST"],
  },
  XML: {
    headers: { ...strict, ...csrf, "content-type": "application/xml" },
    body: "<query/>",
    answer: [415, "BAD_REQUEST"],
  },
  "a hash instead of a document": {
    headers: json,
    body: JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: "0".repeat(64) } } }),
    answer: bad,
  },
  "a hash beside another document": {
    headers: json,
    body: query(sample, { extensions: { persistedQuery: { version: 1, sha256Hash: "0".repeat(64) } } }),
    answer: [200],
  },
  "a query that is no text": { headers: json, body: JSON.stringify({ query: { toString: "x" } }), answer: bad },
  "an operation's name that is none": {
    headers: json,
    body: query(sample, { operationName: "Other" }),
    answer: bad,
  },
  "variables that are no object": { headers: json, body: query(sample, { variables: "x" }), answer: bad },
  "variables nested without end": {
    headers: json,
    body: `{"query":"${sample}","variables":{"x":${deep(50_000)}}}`,
    answer: [200],
  },
  "variables that reach for prototypes": {
    headers: json,
    body: `{"query":"${sample}","variables":{"__proto__":{"role":"ADMIN"},"constructor":{"prototype":{"x":1}}}}`,
    answer: [200],
  },
  "a request that reaches for prototypes": {
    headers: json,
    body: `{"query":"${sample}","__proto__":{"x":1}}`,
    answer: bad,
  },
  "a body that says it is compressed": {
    headers: { ...json, "content-encoding": "gzip" },
    body: Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]),
    answer: bad,
  },
  "bytes that are no text": { headers: json, body: Buffer.from([0xff, 0xfe, 0x7b, 0]), answer: bad },
  "no body": { headers: json, body: "", answer: bad },
  "a wish for traces": {
    headers: { ...json, "x-apollo-tracing": "1", "apollo-federation-include-trace": "ftv1" },
    body: query(sample),
    answer: [200],
  },
};

async function send(
  world: World,
  token: string | null,
  { method = "POST", path = "/graphql", headers = {}, body }: Attack,
) {
  const answer = await rawRequest(`${world.url}${path}`, {
    method,
    headers: { ...headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    ...(body === undefined ? {} : { chunks: [body] }),
  });
  const parsed = JSON.parse(answer.text);
  return { ...answer, parsed, errors: [parsed].flat()[0]?.errors as { extensions: { code: string } }[] | undefined };
}

let guest: Promise<string> | undefined;
const guestOf = (world: World) => {
  guest ??= world.caller("GUEST").then(({ token }) => token as string);
  return guest;
};

describe("attacks from outside", () => {
  const cases = Object.entries(attacks);

  test.for(cases)("%s: nobody who is not known gets any of it read", async ([, attack], { world }) => {
    const { status, errors, text } = await send(world, null, attack);
    expect([status, errors?.[0]?.extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
    expect(text.length).toBeLessThan(500);
    expect(text).not.toMatch(/Did you mean|__schema|stack|node_modules/);
  });

  test.for(cases)("%s: does no harm with a token", async ([, attack], { world }) => {
    const { status, errors, text, parsed } = await send(world, await guestOf(world), attack);
    expect([status, errors?.[0]?.extensions.code]).toEqual([attack.answer[0], attack.answer[1]]);
    expect(text.length).toBeLessThan(40_000);
    expect(text).not.toMatch(/stacktrace|node_modules|\.ts:\d|tracing|ftv1/);
    expect([parsed].flat().length).toBeLessThanOrEqual(10);
    expect((Object.prototype as { x?: unknown }).x).toBeUndefined();
  });

  test("the server logs nothing of it as its own failure", async ({ world }) => {
    const before = world.server.logs.length;
    for (const [, attack] of cases) await send(world, await guestOf(world), attack);
    const failures = world.server.logs.slice(before).filter((line) => /"level":"(?:error|fatal)"/.test(line));
    expect(failures).toEqual([]);
  });

  test("introspection and the names of fields are for callers who are known; the playground's page needs neither", async ({
    world,
  }) => {
    const introspection = getIntrospectionQuery();
    for (const document of [
      introspection,
      "{ __schema { queryType { name } } }",
      '{ __type(name: "Key") { name } }',
      "{ veiwer { id } }",
    ]) {
      const { status, text } = await sendGraphql(world.url, null, document);
      expect(status).toBe(401);
      expect(text).not.toMatch(/Query|viewer/);
    }
    const page = await rawRequest(`${world.url}/graphql`, { headers: { accept: "text/html" } });
    expect([page.status, page.headers["content-type"]]).toEqual([200, expect.stringContaining("text/html")]);
    const token = await guestOf(world);
    expect((await sendGraphql(world.url, token, introspection)).body.data.__schema.queryType.name).toBe("Query");
    expect((await sendGraphql(world.url, token, "{ veiwer { id } }")).text).toContain("viewer");
  });

  test("metadata nested without end is refused, by a variable and by a document", async ({ world }) => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    const input = { tenantId: tenant.id, ownerId: owner.id, name: "Key" };
    const body = `{"query":"mutation ($input: CreateKeyInput!) { createKey(input: $input) { __typename } }","variables":{"input":{"tenantId":"${tenant.id}","ownerId":"${owner.id}","name":"x","metadata":{"a":${deep(20_000)}}}}}`;
    const answer = await send(world, admin.token, { headers: json, body, answer: [200] });
    expect(answer.parsed).toEqual({ data: { createKey: { __typename: "InvalidInputError" } } });
    const literal = `mutation { createKey(input: { tenantId: "${tenant.id}", ownerId: "${owner.id}", name: "x", metadata: { a: ${deep(900)} } }) { __typename } }`;
    expect((await sendGraphql(world.url, admin.token, literal)).body).toEqual(answer.parsed);
    ok(await admin.keySecret("createKey", input));
  });

  test("every mutation that takes a secret counts what one request tries of it", async ({ world }) => {
    // Declared in the resolver; found by the names of what it takes.
    const { schema } = await import("@keyplane/server");
    const secrets = /^(?:key|password|currentPassword|refreshToken|token)$/;
    const guessable = Object.values(schema.getMutationType()?.getFields() ?? {}).filter(({ args }) =>
      args.some(({ type }) => {
        const named = schema.getType(String(type).replace("!", ""));
        return named && "getFields" in named && Object.keys(named.getFields()).some((name) => secrets.test(name));
      }),
    );
    expect(guessable.map(({ name }) => name)).toContain("verifyKey");
    const ways: Record<string, string> = {
      verifyKey: 'verifyKey(input: { key: "x" }) { code }',
      signIn: `signIn(input: { email: "${world.unique("nobody")}@example.com", password: "x" }) { __typename }`,
      resolveInvalidUser: 'resolveInvalidUser(input: { key: "x" }) { __typename }',
      reportLeakedKey: 'reportLeakedKey(input: { key: "x" }) { __typename }',
      refreshSession: 'refreshSession(input: { refreshToken: "x" }) { __typename }',
      setPassword: 'setPassword(input: { token: "x", password: "x" }) { __typename }',
      changePassword: 'changePassword(input: { currentPassword: "x", newPassword: "x" }) { __typename }',
    };
    const { tenant } = await world.tenant();
    const { accessToken } = await world.signIn(await world.user(tenant.id, { role: "ADMIN" }));
    for (const { name } of guessable) {
      const way = ways[name];
      if (!way)
        throw new Error(`${name} takes a secret: call countAttempt in its resolver, and say here how to call it`);
      const body = JSON.stringify(
        Array.from({ length: 10 }, () => ({ query: `mutation { ${times(15, (index) => `a${index}: ${way}`)} }` })),
      );
      const { parsed } = await send(world, accessToken, { headers: json, body, answer: [200] });
      const refused = (parsed as { errors?: { extensions: { code: string } }[] }[]).filter(({ errors }) =>
        errors?.some(({ extensions }) => extensions.code === "QUERY_TOO_COMPLEX"),
      );
      expect(refused.length).toBeGreaterThanOrEqual(8);
    }
  });
});
