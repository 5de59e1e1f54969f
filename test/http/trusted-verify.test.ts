import { generateKey } from "@keyplane/schema";
// Not a part of the SDK's face: the very text that it sends.
import { VerifyKeyDocument } from "../../packages/sdk/src/_generated/documents.js";
import { createTrustedVerify } from "../../packages/server/src/http/trusted-verify.js";
import { ForbiddenError } from "../../packages/server/src/platform/errors.js";
import { day, describe, expect, ok, test, type World } from "../testkit/index.js";

const sdkAccept = "application/graphql-response+json, application/json";

async function send(world: World, token: string | null, body: unknown, accept = sdkAccept) {
  const response = await fetch(`${world.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept, authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    contentType: response.headers.get("content-type"),
    body: text.replaceAll(/req_\w{24}/g, "req_"),
  };
}

/** Sends the same request twice: with the SDK's document, and with one that means the same and is not trusted. */
async function both(world: World, token: string | null, rest: Record<string, unknown>, accept?: string) {
  const query = String(VerifyKeyDocument);
  return {
    trusted: await send(world, token, { query, ...rest }, accept),
    parsed: await send(world, token, { query: `${query} `, ...rest }, accept),
  };
}

const bodyOf = (query: string) => Buffer.from(JSON.stringify({ query, variables: { input: { key: "k" } } }));

describe("the SDK's verifyKey, answered without GraphQL", () => {
  test("is taken for the document that the SDK sends, and for no other", () => {
    const calls: unknown[] = [];
    const trusted = createTrustedVerify((_principal, input) => {
      calls.push(input);
      return new Promise(() => {}); // what it would answer is the next test's
    });
    const ask = (query: string) => {
      void trusted(bodyOf(query), {} as never);
    };
    ask(String(VerifyKeyDocument));
    expect(calls).toEqual([{ key: "k" }]);
    ask(`${VerifyKeyDocument} `);
    expect(calls).toHaveLength(1);
  });

  test("leaves a refusal to GraphQL, but not a fault: GraphQL would only wait for the database once more", async () => {
    const [refusal, fault] = [new ForbiddenError(), new Error("the database is away")];
    const body = bodyOf(String(VerifyKeyDocument));
    const failing = (fail: () => never | Promise<never>) => () => createTrustedVerify(fail)(body, {} as never);
    const at = (error: Error) => () => {
      throw error;
    };
    expect(failing(at(refusal))()).toBeNull();
    expect(await failing(() => Promise.reject(refusal))()).toBeNull();
    expect(failing(at(fault))).toThrow(fault);
    await expect(failing(() => Promise.reject(fault))()).rejects.toBe(fault);
  });

  test("answers every verdict as GraphQL does, to the letter", async ({ world }) => {
    const { admin, tenant, owner, key, secret } = await world.tenantWithKey({
      key: { scopes: ["a", "b"], metadata: { plan: "pro", nested: { é: [1, null] } } },
    });
    const rotated = ok(await admin.keySecret("rotateKey", { id: key.id, overlapMs: 0 }));
    const more = async (input: Record<string, unknown>) => (await world.key(tenant.id, owner.id, input)).secret;
    const revoked = await world.key(tenant.id, owner.id);
    ok(await admin.key("revokeKey", { id: revoked.key.id, reason: 'a "quoted" reason' }));
    const disabled = await world.key(tenant.id, owner.id);
    ok(await admin.key("disableKey", { id: disabled.key.id, reason: "paused" }));
    const expiring = await more({ expiresAt: world.clock.in(day) });
    const bound = await more({ allowedIps: ["203.0.113.0/24"] });
    const foreign = await world.tenantWithKey();

    const inputs = [
      { key: rotated.secret },
      { key: rotated.secret, scopes: ["b", "c", "c"], environment: "LIVE", ip: "203.0.113.7", cost: 3, tags: ["x"] },
      { key: rotated.secret, scopes: null, environment: null, ip: null, cost: null, tags: null },
      { key: rotated.secret, environment: "TEST" },
      { key: secret },
      { key: revoked.secret },
      { key: disabled.secret },
      { key: expiring },
      { key: bound },
      { key: bound, ip: "198.51.100.1" },
      { key: foreign.secret },
      { key: generateKey({ prefix: "kp", environment: "LIVE" }).secret },
      { key: `${rotated.secret.slice(0, -1)}!` },
      { key: `Bearer ${rotated.secret}` },
      { key: "" },
    ];
    for (const input of inputs) {
      for (const accept of [sdkAccept, "application/json", "*/*"]) {
        const { trusted, parsed } = await both(world, admin.token, { variables: { input } }, accept);
        expect(trusted).toEqual(parsed);
        expect(trusted.status).toBe(200);
      }
    }
  });

  test("leaves every mistake to GraphQL, which words it", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    const requests = [
      { variables: { input: { key: secret, cost: 1.5 } } },
      { variables: { input: { key: secret, cost: -1 } } },
      { variables: { input: { key: secret, environment: "PROD" } } },
      { variables: { input: { key: secret, scopes: "a" } } },
      { variables: { input: { key: secret, scopes: Array.from({ length: 101 }, (_, i) => `s${i}`) } } },
      { variables: { input: { key: secret, unknown: true } } },
      { variables: { input: { key: 5 } } },
      { variables: { input: null } },
      { variables: {} },
      {},
      { operationName: "Other", variables: { input: { key: secret } } },
      { operationName: "VerifyKey", variables: { input: { key: secret } } },
      { operationName: null, variables: { input: { key: secret } } },
    ];
    for (const request of requests) {
      const { trusted, parsed } = await both(world, admin.token, request);
      expect(trusted).toEqual(parsed);
    }
  });

  test("is refused to a caller without the permission, and to an unknown one", async ({ world }) => {
    const { tenant, secret } = await world.tenantWithKey();
    const guest = await world.caller("GUEST", { tenantId: tenant.id });
    for (const token of [guest.token, "nobody"]) {
      const { trusted, parsed } = await both(world, token, { variables: { input: { key: secret } } });
      expect(trusted).toEqual(parsed);
      expect(trusted.body).toMatch(/FORBIDDEN|UNAUTHENTICATED/);
    }
  });
});
