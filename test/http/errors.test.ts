import { connect } from "node:net";
import { docsUrlForError, errorCodes, generateKey } from "@keyplane/schema";
import { afterAll, beforeAll } from "vitest";
// Not a part of the SDK's face: the very text that it sends.
import { VerifyKeyDocument } from "../../packages/sdk/src/_generated/documents.js";
import { holdKey } from "../testkit/hold-key.js";
import { describe, expect, ok, sendGraphql, startServer, type TestServer, test, World } from "../testkit/index.js";
import { rawRequest } from "../testkit/raw-request.js";

const requestId = /^req_[0-9A-Za-z]{24}$/;

describe("a fault of the server's own", () => {
  let server: TestServer;
  let world: World;

  beforeAll(async () => {
    server = await startServer();
    world = new World(server);
    await world.tenantWithKey();
    await server.keyplane.database.prisma.$executeRawUnsafe('ALTER TABLE "User" RENAME COLUMN "email" TO "broken"');
  });
  afterAll(() => server.stop());

  test("is told with the request's id and without a word of what it was", async () => {
    const { body, headers } = await sendGraphql(world.url, world.root.token, "{ users { nodes { name } } }");
    const id = headers.get("x-request-id");
    expect(body.data).toBeNull();
    expect(JSON.stringify(body)).not.toMatch(/column|prisma|SELECT/i);
    expect(body.errors).toMatchObject([
      {
        message: `${errorCodes.INTERNAL.message} Request id: ${id}.`,
        path: ["users"],
        extensions: { code: "INTERNAL", docsUrl: docsUrlForError("INTERNAL"), requestId: id },
      },
    ]);
  });

  test("stands in the log with the request's id, and with what it was", async () => {
    const { headers } = await sendGraphql(world.url, world.root.token, "{ users { nodes { name } } }");
    const id = headers.get("x-request-id") ?? "";
    const lines = server.logs.filter((line) => line.includes(id)).map((line) => JSON.parse(line));
    const failure = lines.find((line) => line.level === "error");
    expect(failure).toMatchObject({ requestId: id, msg: "a request failed" });
    expect(failure.err.message).toMatch(/user\.findMany[\s\S]*column/);
  });

  test("is masked within a mutation too", async () => {
    const create = 'mutation { createUser(input: { tenantId: "x", email: "a@b.example", name: "x" }) { __typename } }';
    const { body } = await sendGraphql(world.url, world.root.token, create);
    expect(JSON.stringify(body)).not.toMatch(/column|prisma|SELECT/i);
  });

  test("spoils only its own part of an answer", async () => {
    const { body } = await sendGraphql(
      world.url,
      world.root.token,
      "{ viewer { role } keys { nodes { owner { name } } } }",
    );
    expect(body.errors[0].extensions.code).toBe("INTERNAL");
  });
});

describe("before GraphQL", () => {
  /** Takes every table that a request needs first, so that reading waits. The embedded database has one connection only. */
  async function holdTables(server: TestServer): Promise<() => Promise<void>> {
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let transaction: Promise<void> = Promise.resolve();
    await new Promise<void>((held, failed) => {
      transaction = server.keyplane.database.transaction(async (tx) => {
        await tx.$executeRaw`LOCK TABLE "ManagementToken", "KeySecret" IN ACCESS EXCLUSIVE MODE`;
        held();
        await ended;
      });
      transaction.catch(failed);
    });
    return () => {
      end();
      return transaction;
    };
  }

  const verify = (server: TestServer, token: string) =>
    sendGraphql(
      server.url,
      token,
      String(VerifyKeyDocument),
      { input: { key: generateKey({ prefix: "kp", environment: "LIVE" }).secret } },
      {
        accept: "application/graphql-response+json, application/json",
      },
    );

  test("a caller and a key that are not in memory wait for the database no longer than the limit", async () => {
    const server = await startServer({}, { timeLimitMs: 3_000 });
    await sendGraphql(server.url, server.rootToken, "{ viewer { id } }");
    const release = await holdTables(server);
    const answers = [
      await sendGraphql(server.url, "nobody we know", "{ viewer { id } }"),
      await verify(server, server.rootToken),
    ];
    for (const { status, body, headers } of answers) {
      expect([status, body.errors[0].extensions.code]).toEqual([504, "TIMEOUT"]);
      expect(body.errors[0].message).toContain("longer than 3 seconds");
      expect(body.errors[0].extensions.requestId).toBe(headers.get("x-request-id"));
    }
    await release();
    expect((await verify(server, server.rootToken)).body.data.verifyKey.code).toBe("NOT_FOUND");
    await server.stop();
  });

  test("a fault is masked, and is not called a database that is away", async () => {
    const server = await startServer();
    await sendGraphql(server.url, server.rootToken, "{ viewer { id } }");
    const { prisma } = server.keyplane.database;
    await prisma.$executeRawUnsafe('ALTER TABLE "ManagementToken" RENAME COLUMN "hash" TO "broken"');
    await prisma.$executeRawUnsafe('ALTER TABLE "KeySecret" RENAME COLUMN "hash" TO "broken"');
    for (const { status, body, headers } of [
      await sendGraphql(server.url, "nobody we know", "{ viewer { id } }"),
      await verify(server, server.rootToken),
    ]) {
      const id = headers.get("x-request-id");
      expect(status).toBe(500);
      expect(body.errors).toEqual([
        {
          message: `${errorCodes.INTERNAL.message} Request id: ${id}.`,
          extensions: { code: "INTERNAL", docsUrl: docsUrlForError("INTERNAL"), requestId: id },
        },
      ]);
      expect(server.logs.find((line) => line.includes(String(id)) && line.includes('"error"'))).toMatch(/column/);
    }
    await server.stop();
  });
});

describe("every answer", () => {
  test("has an id of its own, the same in header and errors", async ({ world }) => {
    const answers = await Promise.all([
      sendGraphql(world.url, null, "{ viewer { id } }"),
      sendGraphql(world.url, world.root.token, "{ viewer { nothing } }"),
      sendGraphql(world.url, world.root.token, "{ viewer"),
      sendGraphql(world.url, world.root.token, '{ keys(after: "x") { nodes { id } } }'),
    ]);
    const ids = answers.map(({ headers }) => headers.get("x-request-id"));
    for (const id of ids) expect(id).toMatch(requestId);
    expect(new Set(ids).size).toBe(answers.length);
    expect(answers.map(({ body }) => body.errors[0].extensions.requestId)).toEqual(ids);
  });

  test("to a refusal names a code of the registry and its page", async ({ world }) => {
    const answers = await Promise.all(
      [
        "{ viewer",
        "{ nothing }",
        '{ keys(after: "x") { nodes { id } } }',
        "query ($a: Int!) { keys(first: $a) { nodes { id } } }",
        "{ a: viewer { id } a: node(id: 1) { id } }",
        "query A { viewer { id } } query B { viewer { id } }",
        "",
      ].map((query) => sendGraphql(world.url, world.root.token, query)),
    );
    for (const { body } of answers) {
      const { code, docsUrl } = body.errors[0].extensions;
      expect(Object.keys(errorCodes)).toContain(code);
      expect(docsUrl).toBe(docsUrlForError(code));
    }
  });

  const accept = { accept: "application/graphql-response+json" };

  test.for([
    ["GRAPHQL_PARSE_FAILED", "{ viewer"],
    ["GRAPHQL_VALIDATION_FAILED", "{ nothing }"],
    ["BAD_USER_INPUT", "query ($a: Int!) { keys(first: $a) { nodes { id } } }"],
    ["QUERY_TOO_COMPLEX", "{ keys(first: 100) { nodes { tenant { keys(first: 100) { nodes { id } } } } } }"],
  ] as const)("without data has the status that the registry names: %s", async ([code, query], { world }) => {
    const { status, body } = await sendGraphql(world.url, world.root.token, query, {}, accept);
    expect([status, body.errors[0].extensions.code]).toEqual([errorCodes[code].httpStatus, code]);
    const plain = await sendGraphql(world.url, world.root.token, query, {}, { accept: "application/json" });
    expect([plain.status, plain.body.errors[0].extensions.code]).toEqual([200, code]);
  });

  test("with an error inside an operation that was executed has the status 200", async ({ world }) => {
    const { admin, tenant } = await world.tenant();
    const guest = await world.caller("GUEST", { tenantId: tenant.id });
    const forbidden = await sendGraphql(world.url, guest.token, "{ keys { nodes { id } } }", {}, accept);
    expect([forbidden.status, forbidden.body.errors[0].extensions.code]).toEqual([200, "FORBIDDEN"]);
    const wrong = await sendGraphql(world.url, admin.token, "{ keys(first: 101) { nodes { id } } }", {}, accept);
    expect([wrong.status, wrong.body.errors[0].extensions.code]).toEqual([200, "BAD_USER_INPUT"]);
  });

  test.for(["/", "/graphql", "/healthz", "/readyz", "/nothing"])(
    "of %s tells browsers to be careful",
    async (path, { world }) => {
      for (const accept of ["text/html", "application/json"]) {
        const { headers } = await rawRequest(`${world.url}${path}`, { headers: { accept } });
        expect(headers).toMatchObject({
          "x-content-type-options": "nosniff",
          "x-request-id": expect.stringMatching(requestId),
        });
        expect(headers["x-powered-by"]).toBeUndefined();
        expect(headers["access-control-allow-origin"]).toBeUndefined();
        if (headers["content-type"]?.startsWith("text/html")) {
          const policy = headers["content-security-policy"] ?? "";
          for (const part of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) {
            expect(policy).toContain(part);
          }
          expect(policy).not.toMatch(/https?:|\*/);
          expect(headers).toMatchObject({ "referrer-policy": "no-referrer", "x-frame-options": "DENY" });
        } else {
          expect(headers["cache-control"]).toBe("no-store");
        }
      }
    },
  );
});

describe("whoever is not known", () => {
  const introspection = "{ __schema { types { name } } }";
  const get = (world: World, query: string) =>
    rawRequest(`${world.url}/graphql?query=${encodeURIComponent(query)}`, {
      headers: { accept: "application/json", "x-graphql-yoga-csrf": "1" },
    });

  test("gets 401 for a GET, a POST and an introspection, before anything is parsed", async ({ world }) => {
    const posts = ["{ viewer { id } }", introspection, "{ this is no graphql", ""].map((query) =>
      sendGraphql(world.url, null, query),
    );
    for (const { status, body, headers } of await Promise.all(posts)) {
      expect([status, body.errors[0].extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
      expect(headers.get("www-authenticate")).toBe('Bearer realm="keyplane"');
    }
    for (const query of ["{ viewer { id } }", introspection]) expect((await get(world, query)).status).toBe(401);
  });

  test.for([
    ["no scheme", "token"],
    ["another scheme", "Basic dXNlcjpwYXNz"],
    ["nothing after the scheme", "Bearer "],
    ["a wrong token", "Bearer keyplane_live_0000000000000000000000000000000000000000000000000"],
    ["a very long token", `Bearer ${"x".repeat(10_000)}`],
  ] as const)("is refused with %s", async ([, authorization], { world }) => {
    const { status, body } = await sendGraphql(world.url, null, "{ viewer { id } }", {}, { authorization });
    expect([status, body.errors[0].extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
  });

  test("is told alike of a token that was revoked and of one that never was", async ({ world }) => {
    const { secret, managementToken } = ok(await world.root.createToken({ name: "x", role: "GUEST" }));
    ok(await world.root.revokeToken({ id: managementToken.id }));
    const refusal = async (token: string) =>
      (await sendGraphql(world.url, token, "{ viewer { id } }")).body.errors[0].message;
    const never = generateKey({ prefix: "keyplane", environment: "LIVE" }).secret;
    expect(await refusal(secret)).toBe(await refusal(never));
  });

  test("may introspect and GET once known", async ({ world }) => {
    const { body } = await sendGraphql(world.url, world.root.token, introspection);
    expect(body.data.__schema.types.length).toBeGreaterThan(50);
    const { status } = await rawRequest(`${world.url}/graphql?query=${encodeURIComponent(introspection)}`, {
      headers: { authorization: `Bearer ${world.root.token}`, "x-graphql-yoga-csrf": "1" },
    });
    expect(status).toBe(200);
  });
});

describe("what is not there", () => {
  test.for(["/nothing", "/graphql/", "/graphqlx", "/.env", "/%00", "//"])(
    "%s is answered with 404 and where to go",
    async (path, { world }) => {
      const answer = await rawRequest(`${world.url}${path}`);
      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.text).errors[0]).toMatchObject({
        message: expect.stringContaining("/graphql"),
        extensions: { code: "NOT_FOUND" },
      });
    },
  );

  test.for(["/", "/healthz", "/readyz", "/nothing"])("POST %s is answered with 404", async (path, { world }) => {
    expect((await rawRequest(`${world.url}${path}`, { method: "POST" })).status).toBe(404);
  });

  test.for(["PUT", "DELETE", "PATCH"])("%s /graphql is answered with 405", async (method, { world }) => {
    const headers = { authorization: `Bearer ${world.root.token}`, "x-graphql-yoga-csrf": "1" };
    const answer = await rawRequest(`${world.url}/graphql`, { method, headers });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toContain("POST");
  });

  test("a body of a type that is no GraphQL is answered with 415", async ({ world }) => {
    const answer = await rawRequest(`${world.url}/graphql`, {
      method: "POST",
      headers: { authorization: `Bearer ${world.root.token}`, "x-graphql-yoga-csrf": "1", "content-type": "text/xml" },
      chunks: ["<query/>"],
    });
    expect(answer.status).toBe(415);
  });
});

/** A request by hand: what is sent when, and all that is answered until the connection closes. */
function openRequest(server: TestServer, text: string): { send(text: string): void; answer: Promise<string> } {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.write(text);
  const answer = new Promise<string>((resolve, reject) => {
    let received = "";
    socket.on("data", (data) => {
      received += data.toString();
    });
    socket.once("close", () => resolve(received));
    socket.once("error", reject);
  });
  return { send: (more) => void socket.write(more), answer };
}

describe("health", () => {
  test("/healthz and /readyz answer anybody", async ({ world }) => {
    const [health, readiness] = await Promise.all([
      rawRequest(`${world.url}/healthz`),
      rawRequest(`${world.url}/readyz`),
    ]);
    expect([health.status, JSON.parse(health.text)]).toEqual([200, { status: "ok" }]);
    expect([readiness.status, JSON.parse(readiness.text)]).toEqual([200, { status: "ready", database: "ok" }]);
  });

  test("without its database a server is alive and not ready, and tells callers to try again", async () => {
    const server = await startServer();
    await sendGraphql(server.url, server.rootToken, "{ viewer { id } }");
    await server.database.close();
    for (const query of [
      "{ keys { nodes { id } } }",
      'mutation { suspendTenant(input: { id: "ten_000000000000000000000000" }) { __typename } }',
    ]) {
      const { body } = await sendGraphql(server.url, server.rootToken, query);
      expect(body.errors[0].extensions.code).toBe("UNAVAILABLE");
    }
    // The caller is not in the memory of the server.
    const stranger = await sendGraphql(server.url, "keyplane_live_x", "{ viewer { id } }");
    expect([stranger.status, stranger.body.errors[0].extensions.code]).toEqual([503, "UNAVAILABLE"]);
    const [health, readiness] = await Promise.all([
      rawRequest(`${server.url}/healthz`),
      rawRequest(`${server.url}/readyz`),
    ]);
    expect(health.status).toBe(200);
    expect([readiness.status, JSON.parse(readiness.text)]).toEqual([
      503,
      { status: "unavailable", database: "no answer" },
    ]);
    await server.stop();
  });

  test("a server that stops finishes what runs and refuses what is new", async () => {
    const server = await startServer();
    const world = new World(server);
    const { key } = await world.tenantWithKey();
    const release = await holdKey(server, key.id);

    const query = JSON.stringify({ query: `mutation { disableKey(input: { id: "${key.id}" }) { __typename } }` });
    const head = `host: x\r\nauthorization: Bearer ${server.rootToken}\r\ncontent-type: application/json\r\ncontent-length: ${query.length}`;
    const running = openRequest(server, `POST /graphql HTTP/1.1\r\n${head}\r\n\r\n${query}`);
    // Of these the server knows the beginning, so that they are no idle connections, which it closes at once.
    const late = openRequest(server, `POST /graphql HTTP/1.1\r\n${head}\r\n`);
    const readiness = openRequest(server, "GET /readyz HTTP/1.1\r\nhost: x\r\n");
    // What was sent before an answered request has arrived.
    for (let round = 0; round < 3; round++) await rawRequest(`${server.url}/healthz`);

    const stopped = server.stop();
    late.send(`\r\n${query}`);
    readiness.send("\r\n");
    await expect(rawRequest(`${server.url}/healthz`)).rejects.toThrow("ECONNREFUSED");
    expect(await late.answer).toMatch(/^HTTP\/1.1 503 [\s\S]*connection: close[\s\S]*"UNAVAILABLE"/i);
    expect(await late.answer).toMatch(/^retry-after: 1\r$/im);
    expect(await readiness.answer).toMatch(/^HTTP\/1.1 503 [\s\S]*{"status":"stopping"}/);

    await release();
    expect(await running.answer).toMatch(/^HTTP\/1.1 200 [\s\S]*"DisableKeyPayload"/);
    await stopped;
  });
});
