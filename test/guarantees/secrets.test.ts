import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { openTestMongo, type TestMongo } from "../../packages/server/src/testing/mongo.js";
import { withDatabase } from "../../packages/server/src/testing/mongo-url.js";
import { tokenFor } from "../api/sessions/mailbox.js";
import {
  Caller,
  describe,
  expect,
  ok,
  sendGraphql,
  startServer,
  type TestServer,
  test,
  World,
} from "../testkit/index.js";
import { everyRow } from "../testkit/rows.js";
import { newHome, runServer, startProcess } from "../testkit/server-process.js";
import { webhookMutation } from "../testkit/webhooks.js";

/** Everything that must be nowhere but in the answer that hands it out. */
const secrets = new Set<string>();
/** What callers were told, but for the answers that hand out a secret. */
const told: string[] = [];
const encryptionKey = randomBytes(32);

let server: TestServer;
let world: World;
/** Where usage is kept, to look into by the driver. */
let mongo: TestMongo;
let usageDb: ReturnType<TestMongo["db"]>;
const dataDir = mkdtempSync(join(tmpdir(), "keyplane-secrets-"));
/** What stood in the spool before it was counted. */
let spooled = "";

/** A secret in every form in which it could be found. */
function forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // Of keys and management tokens. Others have underscores anywhere, and what stands behind the last may be one letter.
  const random = /^[a-z0-9]{2,12}_(?:live|test)_(\w{20,})$/.exec(secret)?.[1] ?? secret;
  return [secret, random, bytes.toString("hex"), bytes.toString("base64"), encodeURIComponent(secret)];
}

function expectNone(texts: readonly string[], where: string): void {
  const all = texts.join("\n");
  const found = [...secrets].filter((secret) => forms(secret).some((form) => all.includes(form)));
  expect(found, `secrets in ${where}`).toEqual([]);
}

/** Sends an operation and keeps what was answered. */
async function tell(token: string | null, query: string, variables: Record<string, unknown> = {}): Promise<void> {
  told.push((await sendGraphql(server.url, token, query, variables)).text);
}

/** Somebody sets a password by a link, signs in and renews, rightly and wrongly. */
async function signInAndOut(tenantId: string): Promise<void> {
  const user = await world.user(tenantId);
  ok(await world.root.account("sendPasswordLink", { userId: user.id }));
  const link = await tokenFor(server, user.email);
  const [password, next] = ["seven slow trains to Oslo", "nine quiet boats to Bergen"];
  for (const each of [link, password, next]) secrets.add(each);
  const set =
    "mutation ($input: SetPasswordInput!) { setPassword(input: $input) { __typename ... on Error { message } } }";
  const signIn = "mutation ($input: SignInInput!) { signIn(input: $input) { __typename ... on Error { message } } }";
  const refresh =
    "mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { __typename ... on Error { message } } }";
  await tell(null, set, { input: { token: link, password: "passwordpassword" } });
  await tell(null, set, { input: { token: link, password } });
  await tell(null, set, { input: { token: link, password: next } });
  const { email } = user;
  const { accessToken, refreshToken } = ok(await world.anonymous.account("signIn", { email, password }));
  const renewed = ok(await world.anonymous.account("refreshSession", { refreshToken }));
  for (const each of [accessToken, refreshToken, renewed.refreshToken, renewed.accessToken]) secrets.add(each);
  for (const wrong of [
    { email, password: next },
    { email: password, password },
    { email, password, [`x`]: password },
    { email, password: [password] },
  ]) {
    await tell(null, signIn, { input: wrong });
    await tell(server.rootToken, signIn, { input: wrong });
  }
  for (const text of [refreshToken, `${refreshToken} `, accessToken, link]) {
    await tell(null, refresh, { input: { refreshToken: text } });
    await tell(null, refresh, { input: text });
    await tell(text, "{ viewer { id } }");
    await tell(server.rootToken, verify, { input: { key: text } });
  }
  const change =
    "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { __typename ... on Error { message } } }";
  const again = ok(await world.anonymous.account("signIn", { email, password }));
  secrets.add(again.accessToken).add(again.refreshToken);
  await tell(again.accessToken, change, { input: { currentPassword: next, newPassword: password } });
  await tell(again.accessToken, change, { input: { currentPassword: password, newPassword: password } });
  await tell(again.accessToken, change, { input: { currentPassword: password, newPassword: next } });
}

const verify = "mutation ($input: VerifyKeyInput!) { verifyKey(input: $input) { code message hint key { start } } }";

beforeAll(async () => {
  mongo = await openTestMongo();
  usageDb = mongo.db("secrets");
  server = await startServer({
    KEYPLANE_DATA_DIR: dataDir,
    MONGODB_URL: withDatabase(mongo.url, usageDb.databaseName),
    KEYPLANE_LOG_LEVEL: "trace",
    KEYPLANE_ENCRYPTION_KEY: encryptionKey.toString("hex"),
    KEYPLANE_ROOT_TOKEN: `root-${randomBytes(24).toString("hex")}`,
  });
  world = new World(server);
  secrets.add(server.rootToken).add(encryptionKey.toString("hex")).add(encryptionKey.toString("base64"));

  const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
  const { secret: token } = ok(await admin.createToken({ name: "t", role: "ADMIN", idempotencyKey: "token" }));
  const heir = await world.user(tenant.id);
  const id = key.id;
  const rotated = ok(await admin.keySecret("rotateKey", { id, overlapMs: 1_000, idempotencyKey: "rotate" }));
  const reissued = ok(await admin.keySecret("reissueKey", { id, ownerId: heir.id, idempotencyKey: "reissue" }));
  const again = ok(await admin.keySecret("reissueKey", { id, ownerId: heir.id, idempotencyKey: "reissue" }));
  expect(again.secret).toBe(reissued.secret);
  for (const each of [secret, rotated.secret, reissued.secret, token, admin.token ?? ""]) secrets.add(each);

  const hook = { tenantId: tenant.id, name: "Vault", url: "http://127.0.0.1:1/x", receivesSecrets: true };
  const created = ok(await webhookMutation(admin, "createWebhook", { ...hook, idempotencyKey: "hook" }));
  const renewed = { id: created.webhook.id, overlapMs: 60_000, idempotencyKey: "hook-secret" };
  secrets.add(created.secret).add(ok(await webhookMutation(admin, "rotateWebhookSecret", renewed)).secret);
  await tell(admin.token, `mutation { testWebhook(input: { id: "${created.webhook.id}" }) { __typename } }`);

  // Everything that is right about them …
  for (const each of [secret, rotated.secret, reissued.secret])
    await tell(admin.token, verify, { input: { key: each } });
  await tell(token, "{ viewer { id name permissions } managementTokens { nodes { id name start } } }");
  await tell(admin.token, `{ key(id: "${id}") { id start metadata } keys { nodes { id start } } }`);
  await tell(admin.token, "{ auditLog(first: 100) { nodes { action actorName before after requestId } } }");
  await tell(admin.token, `mutation { revokeKey(input: { id: "${id}", reason: "x" }) { ... on Error { message } } }`);
  await tell(admin.token, verify, { input: { key: reissued.secret } });
  await tell(admin.token, `mutation { disableUser(input: { id: "${owner.id}" }) { __typename } }`);

  // … and everything that can be wrong about them.
  for (const each of [secret, token, server.rootToken]) {
    const wrong = [
      `${each} `,
      each.slice(1),
      each.replace(/.$/, "!"),
      `Bearer ${each}`,
      each.toUpperCase(),
      each.slice(0, -1),
    ];
    for (const key of [each, ...wrong]) await tell(admin.token, verify, { input: { key } });
    await tell(each.toUpperCase(), "{ viewer { id } }");
    await tell(`${each}x`, "{ viewer { id } }");
    await tell(admin.token, verify, { input: { key: each, misspelt: true } });
    await tell(admin.token, verify, { input: { key: [each] } });
    await tell(admin.token, verify, { input: each });
    await tell(admin.token, verify, { input: { key: "x", environment: each } });
    await tell(admin.token, verify, { input: { key: "x", ip: each, cost: -1, scopes: [each, ""] } });
    await tell(admin.token, "query ($first: Int) { keys(first: $first) { totalCount } }", { first: each });
    await tell(admin.token, "query ($after: String) { keys(after: $after) { totalCount } }", { after: each });
    await tell(admin.token, `{ node(id: "${each}") { id } key(id: "${each}") { id } }`);
    await tell(admin.token, `{ keys(filter: { search: "${each}" }) { totalCount } }`);
    await tell(
      admin.token,
      `mutation { revokeKey(input: { id: "${each}", reason: "x" }) { ... on Error { message } } }`,
    );
    // As a name within the document, without quotes. A root token of one's own making has no form to be known by.
    const bare = each === server.rootToken ? "name" : each;
    for (const text of [
      bare,
      `"${each}"`,
      `key: ${bare}`,
      `{ ${bare} }`,
      `{ viewer { ${bare} } }`,
      `{ viewer(${bare}: 1) { id } }`,
    ]) {
      await tell(admin.token, text);
    }
    await tell(admin.token, `mutation { verifyKey(input: { key: ${bare} }) { code } }`);
    await tell(admin.token, `mutation { verifyKey(input: { ${bare}: 1 }) { code } }`);
    await tell(admin.token, `{ keys(orderBy: ${bare}) { totalCount } }`);
    const url = `${server.url}/graphql?key=${each}&query=${encodeURIComponent(`{ ${bare}`)}`;
    told.push(await (await fetch(url)).text());
    const headers = { authorization: `Bearer ${admin.token}`, "x-graphql-yoga-csrf": "1" };
    told.push(await (await fetch(url, { headers })).text());
    told.push(await (await fetch(`${server.url}/${each}`)).text());
    const post = {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: `{"query": "${each}`,
    };
    told.push(await (await fetch(`${server.url}/graphql`, post)).text());
  }

  await signInAndOut(tenant.id);

  // A fault of the server's own while it holds a secret in its hands.
  const create = { tenantId: tenant.id, ownerId: heir.id, name: "Key", idempotencyKey: "broken" };
  const { prisma } = server.keyplane.database;
  await prisma.$executeRawUnsafe('ALTER TABLE "Key" RENAME COLUMN "name" TO "broken"');
  const query = "mutation ($input: CreateKeyInput!) { createKey(input: $input) { __typename } }";
  await tell(admin.token, query, { input: create });
  await tell(admin.token, verify, { input: { key: secret } });
  await prisma.$executeRawUnsafe('ALTER TABLE "Key" RENAME COLUMN "broken" TO "name"');

  // Reports of usage that hold a key where it does not belong are refused, and do not hand it back.
  for (const each of [secret, token]) {
    ok(await admin.recordUsage([{ keyId: id }]));
    for (const wrong of [
      { start: each },
      { id: `${each} ` },
      { api: `${each} ` },
      { keyId: each },
      { tenantId: each },
    ]) {
      told.push(JSON.stringify(await admin.recordUsage([{ keyId: id, ...wrong }])));
    }
  }
  // What is counted is removed every few seconds.
  while (!(await isSpooled())) await new Promise((resolve) => setTimeout(resolve, 50));

  async function isSpooled(): Promise<boolean> {
    for (const each of ["no key at all", secret, `${secret}x`, token]) await admin.verify(each);
    ok(await admin.recordUsage([{ keyId: id }]));
    const contentOf = (file: string) => (existsSync(file) ? readFileSync(file, "latin1") : "");
    spooled = filesBelow(join(dataDir, "usage-spool")).map(contentOf).join("\n");
    return [',"MALFORMED",', ',"VALID",'].every((code) => spooled.includes(code));
  }
  const window = world.around(tenant.id);
  told.push(
    JSON.stringify([
      await admin.usage({ ...window, groupBy: ["KEY", "API", "TAG"] }),
      await admin.invalidAttempts(window),
    ]),
  );
  for (const format of ["csv", "ndjson"]) {
    exported.push((await admin.export("usage", { ...window, groupBy: ["KEY", "CODE"], bucket: "TOTAL", format })).text);
    exported.push((await admin.export("usage-events", { tenantId: tenant.id, format })).text);
    exported.push((await admin.export("invalid-attempts", { ...window, groupBy: ["START", "CODE"], format })).text);
  }
  const scraped = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${server.rootToken}` } });
  metrics = await scraped.text();
});
afterAll(async () => {
  await server.stop();
  await mongo.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const exported: string[] = [];
let metrics = "";

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

describe("no secret stands in", () => {
  test("a line of the log, at the most talkative level", () => {
    expect(server.logs.length).toBeGreaterThan(50);
    expect(server.logs.some((line) => line.includes('"level":"error"'))).toBe(true);
    expectNone(server.logs, "the log");
  });

  test("anything that a caller is told, but for the answer that hands it out", () => {
    expect(told.length).toBeGreaterThan(50);
    expectNone(told, "answers");
  });

  test("a dump of the database, of which the audit log is a part", async () => {
    const rows = await everyRow(server);
    for (const table of [
      "AuditRecord",
      "IdempotencyRecord",
      "KeySecret",
      "ManagementToken",
      "RefreshToken",
      "UserPassword",
    ]) {
      expect(rows.some((row) => row.startsWith(`${table} `))).toBe(true);
    }
    expectNone(rows, "the database");
  });

  test("a file of the spool, where usage waits to be counted", () => {
    expect(spooled).toContain(',"MALFORMED",');
    expect(spooled).toContain(',"VALID",');
    expectNone([spooled], "the spool");
  });

  test("a document of MongoDB", async () => {
    const collections = await usageDb.listCollections().toArray();
    const documents: string[] = [];
    for (const { name } of collections) {
      for (const document of await usageDb.collection(name).find().toArray()) documents.push(JSON.stringify(document));
    }
    expect(collections.map(({ name }) => name)).toEqual(expect.arrayContaining(["usage_events", "usage_minutes"]));
    expect(documents.some((document) => document.includes('"CHECKSUM_MISMATCH"'))).toBe(true);
    expectNone(documents, "MongoDB");
  });

  test("an export, or the metrics", () => {
    expect(exported.join()).toContain("MALFORMED");
    expect(metrics).toContain("keyplane_usage_counted_total");
    expectNone([...exported, metrics], "exports and metrics");
  });
});

describe("no secret of the configuration is printed", () => {
  test("when the server starts, refuses to start, or helps", async () => {
    const home = await newHome();
    const rootToken = `root-${randomBytes(16).toString("hex")}`;
    const environment = {
      ...home.environment,
      KEYPLANE_ROOT_TOKEN: rootToken,
      KEYPLANE_ENCRYPTION_KEY: encryptionKey.toString("hex"),
      KEYPLANE_LOG_LEVEL: "trace",
    };
    secrets.add(rootToken);
    const running = await startProcess(environment);
    await new Caller(running.url, rootToken).query("{ viewer { id } }");
    const ended = await running.end("SIGTERM");
    const password = `password-${randomBytes(8).toString("hex")}`;
    secrets.add(password);
    const nobody = createServer();
    await new Promise<void>((resolve) => nobody.listen(0, "127.0.0.1", resolve));
    const address = nobody.address();
    const port = typeof address === "object" && address ? address.port : 0;
    await new Promise((resolve) => nobody.close(resolve));
    const outputs = [
      ended,
      await runServer({ ...environment, DATABASE_URL: `postgresql://me:${password}@127.0.0.1:${port}/x` }),
      await runServer({ ...environment, DATABASE_URL: `mysql://me:${password}@127.0.0.1:${port}/x` }),
      await runServer({ ...environment, DATABASE_URL: `postgresql://me:${password}@127.0.0.1:${port}/x?schema=other` }),
      await runServer({ ...environment, KEYPLANE_ENCRYPTION_KEY: `${password}` }),
      await runServer(environment, ["--help"]),
    ];
    expectNone(
      outputs.flatMap(({ stdout, stderr }) => [stdout, stderr]),
      "what is printed",
    );
    await home.remove();
  });
});
