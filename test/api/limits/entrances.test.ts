// Not a part of the SDK's face: the very text that it sends.
import { VerifyKeyDocument } from "../../../packages/sdk/src/_generated/documents.js";
import { describe, expect, minute, ok, test, type World } from "../../testkit/index.js";
import { rawRequest } from "../../testkit/raw-request.js";

/** The verdict by GraphQL, by the SDK's document, and by /v1/verify. */
async function verdictsOf(world: World, input: { readonly key: string; readonly cost: number }) {
  const post = async (path: string, body: unknown) => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${world.root.token}` };
    const { text } = await rawRequest(`${world.url}${path}`, {
      method: "POST",
      headers,
      chunks: [JSON.stringify(body)],
    });
    return text.replaceAll(/req_\w{24}/g, "req_");
  };
  const graphql = (query: string) => post("/graphql", { query, variables: { input } });
  const [byGraphql, trusted, v1] = [
    await graphql(`${VerifyKeyDocument} `),
    await graphql(String(VerifyKeyDocument)),
    await post("/v1/verify", input),
  ] as const;
  return { byGraphql, trusted, v1 };
}

function askedByGateway(world: World, key: string, cost: number) {
  const headers = { "x-keyplane-token": world.root.token ?? "", authorization: `Bearer ${key}` };
  return rawRequest(`${world.url}/v1/forward-auth?cost=${cost}`, { headers });
}

describe("a key under limits", () => {
  test("gets the same verdict from every entrance, to the letter, and gateways answer 429 with Retry-After", async ({
    world,
  }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.quota("setQuota", { targetId: key.id, limit: 3, refill: "YEARLY" }));
    ok(await admin.setRateLimits(key.id, [{ name: "per-minute", limit: 2, windowMs: minute, unit: "COST" }]));
    const codes = [];
    // Each of these leaves the limits as they are: what costs nothing, and what is refused.
    for (const [before, cost] of [
      [0, 0],
      [2, 1],
      [0, 9],
    ] as const) {
      if (before > 0) expect(await world.root.verify(secret, { cost: before })).toMatchObject({ valid: true });
      const { byGraphql, trusted, v1 } = await verdictsOf(world, { key: secret, cost });
      expect(trusted).toBe(byGraphql);
      expect(`{"data":{"verifyKey":${v1}}}`).toBe(byGraphql);
      codes.push(JSON.parse(v1).code);
    }
    expect(codes).toEqual(["VALID", "RATE_LIMITED", "RATE_LIMITED"]);
    expect(await askedByGateway(world, secret, 1)).toMatchObject({ status: 429, headers: { "retry-after": "60" } });
    world.clock.advance(minute);
    const { byGraphql, trusted, v1 } = await verdictsOf(world, { key: secret, cost: 2 });
    expect(trusted).toBe(byGraphql);
    expect(JSON.parse(v1)).toMatchObject({ code: "QUOTA_EXCEEDED", quota: { used: 2, remaining: 1, exceeded: true } });
    const { status, headers, text } = await askedByGateway(world, secret, 2);
    expect([status, JSON.parse(text).code]).toEqual([429, "QUOTA_EXCEEDED"]);
    expect(Number(headers["retry-after"])).toBeGreaterThan(0);
  });
});
