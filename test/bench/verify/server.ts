/**
 * One of the servers that the benchmark compares, in a process of its own. It tells its port and what to send by IPC.
 *
 * @param argv.name `keyplane`, `recording`, `limited`, `constant`, `stock`, `mercurius` or `bare`.
 * @param argv.population the file with the keys.
 */
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { docsUrlForVerdict } from "@keyplane/schema";
import {
  compose,
  createGraphql,
  createLogger,
  type Keyplane,
  keepGarbageYoung,
  openDatabase,
  readEnvironment,
  schema,
} from "@keyplane/server";
import Fastify from "fastify";
import { buildSchema, printSchema } from "graphql";
import { createYoga } from "graphql-yoga";
import mercurius from "mercurius";
import { limitedKeyCount, limitKeys, type Population, seedDatabase } from "./seed.js";

const [, , name, populationFile] = process.argv;
const population = JSON.parse(readFileSync(populationFile ?? "", "utf8")) as Population;
const rootToken = "the-root-token-of-the-benchmark-000";

async function composeSeeded(recordsUsage: boolean, limitedKeys = 0) {
  // As `npm start` does.
  keepGarbageYoung();
  const database = await openDatabase({ databaseUrl: null, dataDir: null });
  await seedDatabase(database, population);
  if (limitedKeys > 0) await limitKeys(database, population.keys.slice(0, limitedKeys));
  const environment = {
    KEYPLANE_DATA_DIR: `${populationFile}.${name}`,
    KEYPLANE_RECORD_VERIFICATIONS: String(recordsUsage),
    KEYPLANE_ROOT_TOKEN: rootToken,
    KEYPLANE_LOG_LEVEL: "warn",
    // Seeded keys carry no checksums: a check would sign all of them while something is measured.
    KEYPLANE_INTEGRITY_HOURS: "0",
  };
  const keyplane = await compose(readEnvironment(environment), { database });
  await keyplane.warmedUp;
  return keyplane;
}

let running: Keyplane | undefined;

function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

const servers: Record<string, () => Promise<number>> = {
  /** (a) What we ship, without usage: what it is compared with records nothing either. `pnpm bench usage` tells what usage costs. */
  async keyplane() {
    running = await composeSeeded(false);
    return (await running.http.listen(0, "127.0.0.1")).port;
  },

  /** The same with usage. */
  async recording() {
    running = await composeSeeded(true);
    return (await running.http.listen(0, "127.0.0.1")).port;
  },

  /** (h) What we ship, of which the first keys have a rate limit and a quota each. */
  async limited() {
    running = await composeSeeded(false, limitedKeyCount);
    return (await running.http.listen(0, "127.0.0.1")).port;
  },

  /** (b) Yoga with our plugins and settings, answering a constant; no authentication, no keys. */
  async constant() {
    const constantSchema = buildSchema("type Query { constant: String! }");
    const field = constantSchema.getQueryType()?.getFields().constant;
    if (field) field.resolve = () => "constant";
    const graphql = createGraphql({ schema: constantSchema, logger: createLogger("warn") });
    const context = { principal: { requestId: "" } } as never;
    return listen((request, response) => void graphql(request, response, context));
  },

  /** (d) Our schema and services on Yoga as it comes: its own executor, body limit, masking and logging. */
  async stock() {
    const keyplane = await composeSeeded(false);
    const permissions = { has: () => true };
    const principal = { permissions, tenantId: null, onlyUserId: null, requestId: "req" };
    const yoga = createYoga({
      schema,
      context: ({ request }) => ({ principal, services: keyplane.services, signal: request.signal }),
    });
    return listen((request, response) => void yoga(request, response));
  },

  /** (g) Our schema on mercurius with compiled queries, over the work of (c); no authentication, no checks of the key. */
  async mercurius() {
    const app = Fastify();
    const find = finder();
    await app.register(mercurius, {
      schema: printSchema(schema),
      jit: 1,
      resolvers: { Mutation: { verifyKey: (_: unknown, { input }: { input: { key: string } }) => find(input.key) } },
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return (app.server.address() as AddressInfo).port;
  },

  /** (c) The least that any server must do: JSON, SHA-256, Map, JSON. */
  async bare() {
    const find = finder();
    return listen((request, response) => {
      readAll(request).then(
        (text) => {
          const { key } = (JSON.parse(text) as { variables: { input: { key: string } } }).variables.input;
          const body = Buffer.from(JSON.stringify({ data: { verifyKey: find(key) } }));
          response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
          response.end(body);
        },
        () => response.destroy(),
      );
    });
  },
};

/** Verdicts by the key as it is presented: SHA-256 and a Map. */
function finder(): (presented: string) => object {
  const known = new Map(population.keys.map((key) => [hash("sha256", key.secret, "hex"), key]));
  return (presented) => verdictOf(known.get(hash("sha256", presented, "hex")));
}

function verdictOf(key: Population["keys"][number] | undefined): object {
  return {
    valid: key !== undefined,
    code: "VALID",
    message: "The key is valid.",
    docsUrl: docsUrlForVerdict("VALID"),
    requestId: "req_000000000000000000000000",
    key: key && {
      id: key.id,
      name: "Key",
      start: key.start,
      environment: "LIVE",
      metadata: { plan: "pro" },
      expiresAt: null,
    },
    owner: key && { id: key.ownerId, externalId: null, name: "User", email: `${key.ownerId}@example.com` },
    tenantId: key?.tenantId,
    scopes: ["orders:read", "orders:write"],
    missingScopes: [],
    rateLimits: [],
    quota: null,
    retryAfterMs: null,
    hint: null,
  };
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const port = await servers[name ?? ""]?.();
process.send?.({ port, rootToken });
process.on("message", (message) => {
  const { user, system } = process.cpuUsage();
  if (message === "usage")
    process.send?.({ memoryMb: Math.round(process.memoryUsage.rss() / 1e6), cpuUs: user + system });
  // How far counting is: nothing of one round may run into the next.
  if (message === "recorded") {
    void running?.recording.settle();
    process.send?.(running?.recording.status);
  }
});
process.on("disconnect", () => process.exit(0));
