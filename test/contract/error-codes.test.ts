import { docsUrlForError, type ErrorCode, errorCodes } from "@keyplane/schema";
import { holdKey } from "../testkit/hold-key.js";
import { describe, expect, sendGraphql, startServer, test, World } from "../testkit/index.js";
import { rawRequest } from "../testkit/raw-request.js";

/** A refusal as a caller meets it, wherever it stands. */
interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly docsUrl: string;
  /** Only of those at the top level; data is part of an answer that has an id of its own. */
  readonly requestId?: string;
}

const accept = { accept: "application/graphql-response+json" };

/** The refusal in an answer of GraphQL, as data or at the top level. */
async function refusalOf(
  world: World,
  query: string,
  options: { token?: string | null; variables?: Record<string, unknown> } = {},
): Promise<Refusal> {
  const token = options.token === undefined ? world.root.token : options.token;
  const { status, text } = await sendGraphql(world.url, token, query, options.variables, accept);
  return read(status, text);
}

function read(status: number, text: string): Refusal {
  const { data, errors } = JSON.parse(text);
  if (!errors) return { status, ...(Object.values(data)[0] as Omit<Refusal, "status">) };
  return { status, message: errors[0].message, ...errors[0].extensions };
}

const raw = async (world: World, options: Parameters<typeof rawRequest>[1]): Promise<Refusal> => {
  const headers = { authorization: `Bearer ${world.root.token}`, ...accept, ...options?.headers };
  const { status, text } = await rawRequest(`${world.url}/graphql`, { ...options, headers });
  return read(status, text);
};

const inError = "{ ... on Error { code message docsUrl } }";
const json = { "content-type": "application/json" };

/** A server of its own, to break. */
async function withServer(
  given: Parameters<typeof startServer>[1],
  work: (world: World) => Promise<Refusal>,
): Promise<Refusal> {
  const server = await startServer({}, given);
  try {
    return await work(new World(server));
  } finally {
    await server.stop();
  }
}

/** How to meet each code. A new code needs its way here, or it cannot happen. */
const ways: Record<ErrorCode, (world: World) => Promise<Refusal>> = {
  INVALID_INPUT: (world) =>
    refusalOf(world, `mutation { createTenant(input: { slug: "No slug", name: "x" }) ${inError} }`),
  NOT_FOUND: (world) =>
    refusalOf(world, `mutation { revokeKey(input: { id: "${world.missingId("Key")}", reason: "x" }) ${inError} }`),
  CONFLICT: async (world) => {
    const { tenant } = await world.tenant();
    return refusalOf(world, `mutation { createTenant(input: { slug: "${tenant.slug}", name: "x" }) ${inError} }`);
  },
  LIMIT_REACHED: async (world) => {
    const { tenant, owner } = await world.tenantWithKey({ policy: { maxKeysPerUser: 1 } });
    const input = `{ tenantId: "${tenant.id}", ownerId: "${owner.id}", name: "x" }`;
    return refusalOf(world, `mutation { createKey(input: ${input}) ${inError} }`);
  },
  FORBIDDEN: async (world) => {
    const guest = await world.caller("GUEST");
    return refusalOf(world, `mutation { createTenant(input: { slug: "x", name: "x" }) ${inError} }`, {
      token: guest.token,
    });
  },
  INVALID_CREDENTIALS: (world) =>
    refusalOf(world, `mutation { signIn(input: { email: "nobody@example.com", password: "x" }) ${inError} }`, {
      token: null,
    }),
  UNAUTHENTICATED: (world) => refusalOf(world, "{ viewer { id } }", { token: null }),
  RATE_LIMITED: async () => {
    const server = await startServer({ KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: "1" });
    try {
      const world = new World(server);
      await refusalOf(world, "{ viewer { id } }", { token: "first guess" });
      return await refusalOf(world, "{ viewer { id } }", { token: "second guess" });
    } finally {
      await server.stop();
    }
  },
  BAD_REQUEST: (world) => raw(world, { method: "POST", headers: json, chunks: ["{"] }),
  GRAPHQL_PARSE_FAILED: (world) => refusalOf(world, "{ viewer"),
  GRAPHQL_VALIDATION_FAILED: (world) => refusalOf(world, "{ nothing }"),
  BAD_USER_INPUT: (world) =>
    refusalOf(world, "query ($first: Int!) { keys(first: $first) { totalCount } }", { variables: { first: "x" } }),
  QUERY_TOO_COMPLEX: (world) =>
    refusalOf(world, "{ keys(first: 100) { nodes { tenant { keys(first: 100) { nodes { id } } } } } }"),
  BATCH_TOO_LARGE: (world) => {
    const batch = Array.from({ length: 11 }, () => ({ query: "{ viewer { id } }" }));
    return raw(world, { method: "POST", headers: json, chunks: [JSON.stringify(batch)] });
  },
  PAYLOAD_TOO_LARGE: async (world) => {
    const { token } = await world.caller("GUEST");
    const headers = { ...json, authorization: `Bearer ${token}` };
    return raw(world, { method: "POST", headers, chunks: [JSON.stringify({ query: "x".repeat(1_000_000) })] });
  },
  CSRF_HEADER_MISSING: (world) => raw(world, { method: "POST", headers: { "content-type": "text/plain" } }),
  TIMEOUT: () =>
    // Long enough for what the story needs on a slow machine.
    withServer({ timeLimitMs: 3_000 }, async (world) => {
      const { key } = await world.tenantWithKey();
      const release = await holdKey(world.server, key.id);
      const refusal = await refusalOf(world, `mutation { disableKey(input: { id: "${key.id}" }) ${inError} }`);
      await release();
      return refusal;
    }),
  UNAVAILABLE: () =>
    withServer({}, async (world) => {
      await world.server.database.close();
      return refusalOf(world, "{ viewer { id } }");
    }),
  INTERNAL: () =>
    withServer({}, async (world) => {
      await world.tenantWithKey();
      await world.server.keyplane.database.prisma.$executeRawUnsafe(
        'ALTER TABLE "User" RENAME COLUMN "name" TO "broken"',
      );
      return refusalOf(world, "{ users { nodes { name } } }");
    }),
};

describe("every error code can be met, and says what the registry says", () => {
  test.for(Object.keys(errorCodes) as ErrorCode[])("%s", async (code, { world }) => {
    const { where, httpStatus } = errorCodes[code];
    const refusal = await ways[code](world);
    expect(refusal).toMatchObject({ code, docsUrl: docsUrlForError(code), message: expect.stringMatching(/\S{2}/) });
    const isData = refusal.requestId === undefined;
    expect(where).toBeOneOf(isData ? ["result", "both"] : ["top-level", "both"]);
    // What fails within an operation that is executed comes with the data around it.
    expect(refusal.status).toBe(isData || code === "INTERNAL" ? 200 : httpStatus);
  });
});
