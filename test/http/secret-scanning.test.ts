import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { generateKey } from "@keyplane/schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { day, ok, startServer, type TestServer, World } from "../testkit/index.js";
import { findingsOf, policyMutation } from "../testkit/lifecycle.js";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = publicKey.export({ format: "pem", type: "spki" });
const place = "https://github.com/octocat/Hello-World/blob/1/foo/bar.txt";

let server: TestServer;
let world: World;
beforeAll(async () => {
  const keys = JSON.stringify({ public_keys: [{ key_identifier: "k1", key: pem, is_current: true }] });
  server = await startServer({ KEYPLANE_SECRET_SCANNING_KEYS: keys });
  world = new World(server);
});
afterAll(() => server.stop());

/** Sends a message as GitHub does. @param change what to send instead of what was signed. */
async function send(message: unknown, change: { headers?: Record<string, string>; body?: string; url?: string } = {}) {
  const body = typeof message === "string" ? message : JSON.stringify(message);
  const response = await fetch(`${change.url ?? server.url}/v1/secret-scanning`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "github-public-key-identifier": "k1",
      "github-public-key-signature": sign("sha256", Buffer.from(body), privateKey).toString("base64"),
      ...change.headers,
    },
    body: change.body ?? body,
  });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text), headers: response.headers };
}

const match = (token: string, more: object = {}) => ({
  token,
  type: "keyplane_key",
  url: place,
  source: "commit",
  ...more,
});
const hashOf = (token: string) => createHash("sha256").update(token).digest("hex");

describe("POST /v1/secret-scanning", () => {
  test("stops a key that was found, labels each match in its order, and gives nothing else away", async () => {
    const { admin, key, secret } = await world.tenantWithKey();
    const unknown = generateKey({ prefix: "kp", environment: "LIVE" }).secret;
    const { status, body, text } = await send([
      match(unknown),
      match(secret),
      match("no key", { url: "", source: "npm" }),
    ]);
    expect(status).toBe(200);
    expect(body).toEqual([
      { token_hash: hashOf(unknown), token_type: "keyplane_key", label: "false_positive" },
      { token_hash: hashOf(secret), token_type: "keyplane_key", label: "true_positive" },
      { token_hash: hashOf("no key"), token_type: "keyplane_key", label: "false_positive" },
    ]);
    expect(text).not.toContain(secret);
    expect((await world.verify(secret)).code).toBe("DISABLED");
    const [finding] = await findingsOf(admin);
    expect(finding).toMatchObject({ keyId: key.id, place, source: "github: commit", action: "DISABLED" });
    const document =
      "query ($id: ID!) { auditLog(filter: { targetId: $id }) { nodes { actorType actorId actorName } } }";
    expect((await admin.query(document, { id: finding.id })).auditLog.nodes).toEqual([
      { actorType: "system", actorId: "secret-scanning", actorName: "GitHub secret scanning" },
    ]);
    for (const line of server.logs) expect(line).not.toContain(secret);
  });

  test("each key's own tenant says what happens; the same message again does nothing a second time", async () => {
    const [gentle, strict] = [await world.tenantWithKey(), await world.tenantWithKey()];
    ok(await policyMutation(gentle.admin, { tenantId: gentle.tenant.id, leakAction: "NOTIFY" }));
    ok(await policyMutation(strict.admin, { tenantId: strict.tenant.id, leakAction: "REVOKE" }));
    const message = [match(gentle.secret), match(strict.secret), match(gentle.secret)];
    const first = await send(message);
    expect(first.body.map(({ label }: { label: string }) => label)).toEqual(Array(3).fill("true_positive"));
    expect((await world.verify(gentle.secret)).code).toBe("VALID");
    expect((await world.verify(strict.secret)).code).toBe("REVOKED");
    const records = await server.keyplane.database.prisma.auditRecord.count();
    expect((await send(message)).body).toEqual(first.body);
    expect(await server.keyplane.database.prisma.auditRecord.count()).toBe(records);
    expect(await findingsOf(gentle.admin)).toMatchObject([{ reports: 4 }]);
  });

  test("a message that was not signed by a configured key changes nothing", async () => {
    const { secret } = await world.tenantWithKey();
    const message = [match(secret)];
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const foreign = sign("sha256", Buffer.from(JSON.stringify(message)), other).toString("base64");
    const changes = [
      { headers: { "github-public-key-identifier": "k2" } },
      { headers: { "github-public-key-identifier": "" } },
      { headers: { "github-public-key-signature": "" } },
      { headers: { "github-public-key-signature": "nonsense" } },
      { headers: { "github-public-key-signature": foreign } },
      { body: ` ${JSON.stringify(message)}` },
    ];
    for (const change of changes) {
      const { status, body } = await send(message, change);
      expect([status, body.errors[0].extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
    }
    expect((await world.verify(secret)).code).toBe("VALID");
  });

  test.each([
    ["no JSON", "no JSON"],
    ["no array", { token: "x" }],
    ["no texts", [{ token: 5, type: "x", url: "", source: "" }]],
    ["too many", Array(1_001).fill(match("x"))],
    ["a token that is too long", [match("x".repeat(5_000))]],
  ])("%s is refused, although it is signed", async (_, message) => {
    const { status, body } = await send(message);
    expect([status, body.errors[0].extensions.code]).toEqual([400, "BAD_REQUEST"]);
  });

  test("a message that is too large is not read", async () => {
    expect((await send("x".repeat(1_000_001))).status).toBe(413);
  });

  test("anything but POST is refused; a server without keys answers as if there were no such address", async () => {
    const response = await fetch(`${server.url}/v1/secret-scanning`);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });

  // Last, because it uses up what this network may try.
  test("a network that sends too many wrong signatures has to wait, and one that signs well never", async () => {
    world.clock.advance(day);
    for (let count = 0; count < 100; count++) expect((await send([])).status).toBe(200);
    const wrong = { headers: { "github-public-key-identifier": "k2" } };
    for (let count = 0; count < 60; count++) expect((await send([], wrong)).status).toBe(401);
    const refused = await send([], wrong);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  });
});
