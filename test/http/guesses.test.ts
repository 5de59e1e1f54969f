import { generateKey } from "@keyplane/schema";
import { CloseCode } from "graphql-ws";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import WebSocket from "ws";
// Not a part of the SDK's face: the very text that it sends.
import { VerifyKeyDocument } from "../../packages/sdk/src/_generated/documents.js";
import { DatabaseWatch } from "../testkit/database-watch.js";
import { startIdentityProvider } from "../testkit/identity-provider.js";
import { describe, expect, minute, ok, sendGraphql, startServer, test, World } from "../testkit/index.js";
import { issuerMutation } from "../testkit/oauth.js";

const who = "{ viewer { id } }";
const unknownToken = () => generateKey({ prefix: "keyplane", environment: "LIVE" }).secret;
const unknownKey = () => generateKey({ prefix: "kp", environment: "LIVE" }).secret;
const secondsUntilNext = (attempts: number) => String(60 / attempts);

/** How many unknown tokens an address may try in a minute, and how many unknown keys a token. */
const [tokens, keys] = [10, 12];
const environment = {
  KEYPLANE_TRUST_PROXY: "true",
  KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: String(tokens),
  KEYPLANE_UNKNOWN_KEYS_PER_MINUTE: String(keys),
};

let world: World;
beforeAll(async () => {
  world = new World(await startServer(environment));
});
afterAll(() => world.server.stop());

let addresses = 0;
/** An address that no other test guesses from. */
const newAddress = () => `192.0.2.${++addresses}`;

/** Asks with a token, from an address. */
const ask = (token: string, address: string, { url } = world) =>
  sendGraphql(url, token, who, {}, { "x-forwarded-for": address });

/** Tries so many unknown tokens from an address. @returns how many were looked up. */
async function guess(times: number, address: string, of = world): Promise<number> {
  const answers = await Promise.all(Array.from({ length: times }, () => ask(unknownToken(), address, of)));
  return answers.filter(({ status }) => status === 401).length;
}

async function refusedTokens(): Promise<number> {
  const headers = { authorization: `Bearer ${world.server.rootToken}` };
  const text = await (await fetch(`${world.url}/metrics`, { headers })).text();
  return Number(/^keyplane_refused_guesses_total\{what="token"\} (\d+)$/m.exec(text)?.[1]);
}

describe("guesses by diagnosis", () => {
  test("count as those of verifyKey do: a caller who has none left is refused unseen, one who knows a key never", async () => {
    const { admin, key, secret } = await world.tenantWithKey();
    for (let time = 0; time < 2 * keys; time++) await admin.diagnose({ key: secret });
    for (let time = 0; time < keys; time++) await admin.diagnose({ key: unknownKey() });
    const watch = new DatabaseWatch(world.server);
    await expect(admin.diagnose({ key: unknownKey() })).rejects.toMatchObject({ code: "RATE_LIMITED" });
    expect(watch.asked.filter((asked) => JSON.stringify(asked).includes("KeySecret"))).toEqual([]);
    watch.stop();
    // Nor does it present a text that is no key, or name what it may see.
    expect((await admin.diagnose({ key: "nothing" })).verdict.code).toBe("MALFORMED");
    expect((await admin.diagnose({ keyId: key.id })).verdict.code).toBe("VALID");
    await expect(admin.verify(unknownKey())).rejects.toMatchObject({ code: "RATE_LIMITED" });
    world.clock.advance(minute);
    expect((await admin.diagnose({ key: unknownKey() })).verdict.code).toBe("NOT_FOUND");
  });
});

describe("guesses of management tokens", () => {
  test("are looked up so often, and then refused unseen, with when to come back", async () => {
    const address = newAddress();
    const before = await refusedTokens();
    expect(await guess(40, address)).toBe(tokens);
    const watch = new DatabaseWatch(world.server);
    const { status, headers, body } = await ask(unknownToken(), address);
    expect(watch.asked).toEqual([]);
    watch.stop();
    expect([status, headers.get("retry-after")]).toEqual([429, secondsUntilNext(tokens)]);
    expect(body).toEqual({
      errors: [
        {
          message: "Too many unknown management tokens came from this address. Wait 6 seconds, then try again.",
          extensions: {
            code: "RATE_LIMITED",
            docsUrl: expect.stringContaining("#rate_limited"),
            requestId: headers.get("x-request-id"),
            retryAfterMs: 6_000,
          },
        },
      ],
    });
    world.clock.advance(6_000);
    expect(await guess(10, address)).toBe(1);
    world.clock.advance(minute);
    expect(await guess(40, address)).toBe(tokens);
    expect((await refusedTokens()) - before).toBe(30 + 1 + 9 + 30);
  });

  test("never keep out who has a good token, at the same address and at others, whatever changes about it", async () => {
    const address = newAddress();
    const { tenant, admin, owner, secret } = await world.tenantWithKey();
    const person = await world.caller("DEVELOPER", { tenantId: tenant.id, userId: owner.id });
    const good = [world.server.rootToken, admin.token, person.token] as string[];
    for (const token of good) expect((await ask(token, address)).status).toBe(200);
    expect(await guess(20, address)).toBe(tokens);
    for (const token of good) expect((await ask(token, address)).status).toBe(200);
    // What they hang on changed, so that the server has to read anew.
    ok(await admin.user("updateUser", { id: owner.id, name: "New name" }));
    ok(await world.root.tenant("updateTenant", { id: tenant.id, name: "New name" }));
    ok(await admin.createToken({ name: "other", role: "GUEST" }));
    for (const token of good) expect((await ask(token, address)).status).toBe(200);
    expect(await admin.verify(secret)).toMatchObject({ valid: true });
    // Another address has guesses of its own.
    const fresh = await world.caller("GUEST", { tenantId: tenant.id });
    expect((await ask(fresh.token as string, newAddress())).status).toBe(200);
  });

  test("are access tokens that nobody trusted has signed, too: an unknown issuer is not even looked up then", async () => {
    const address = newAddress();
    const forged = () =>
      `eyJhbGciOiJFUzI1NiJ9.${Buffer.from(JSON.stringify({ iss: `https://${unknownKey()}.example.com`, aud: "x" })).toString("base64url")}.x`;
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(forged(), address)));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(tokens);
    const watch = new DatabaseWatch(world.server);
    expect((await ask(forged(), address)).status).toBe(429);
    expect(watch.asked).toEqual([]);
    watch.stop();
  });

  test("are not the tokens of an issuer that a tenant trusts, whatever else is wrong with them", async () => {
    const idp = await startIdentityProvider(() => world.clock.now());
    try {
      const { tenant, admin } = await world.tenant();
      const trusted = { tenantId: tenant.id, name: "IdP", issuer: idp.issuer, audience: "x", defaultRole: "GUEST" };
      ok(await issuerMutation(admin, "createTrustedIssuer", trusted));
      const address = newAddress();
      const user = await world.user(tenant.id, { externalId: world.unique("sub") });
      for (let count = 0; count < tokens + 2; count++) {
        const sub = world.unique("nobody");
        expect((await ask(await idp.sign({ sub, aud: "x" }), address)).status).toBe(401);
      }
      const good = await idp.sign({ sub: String(user.externalId), aud: "x" });
      expect((await ask(good, address)).status).toBe(200);
      expect(await guess(20, address)).toBe(tokens);
      expect((await ask(good, address)).status).toBe(200);
      // Another signature of the same length is a guess like any other.
      expect((await ask(`${good.slice(0, -8)}AAAAAAAA`, address)).status).toBe(429);
    } finally {
      await idp.close();
    }
  });

  test("never keep out who has a good token, after a restart", async () => {
    const address = newAddress();
    const first = await startServer(environment);
    const { database, clock, rootToken } = first;
    const before = new World(first);
    const { token } = await before.caller("GUEST");
    const idp = await startIdentityProvider(() => clock.now());
    const { tenant, admin } = await before.tenant();
    const trusted = { tenantId: tenant.id, name: "IdP", issuer: idp.issuer, audience: "x", defaultRole: "GUEST" };
    ok(await issuerMutation(admin, "createTrustedIssuer", trusted));
    const { externalId } = await before.user(tenant.id, { externalId: before.unique("sub") });
    await first.keyplane.stop();
    const again = await startServer({ ...environment, KEYPLANE_ROOT_TOKEN: rootToken }, { database, clock });
    const restarted = new World(again);
    await again.keyplane.warmedUp;
    expect(await guess(20, address, restarted)).toBe(tokens);
    expect((await ask(token as string, address, restarted)).status).toBe(200);
    const external = await idp.sign({ sub: String(externalId), aud: "x" });
    expect((await ask(external, address, restarted)).status).toBe(200);
    await idp.close();
    await again.stop();
    await database.close();
  });

  test("are one, however often the same is sent, and what is no token costs nothing", async () => {
    const [address, same] = [newAddress(), unknownToken()];
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(same, address)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    for (const authorization of ["", "Bearer", "Basic eDp5", "Bearer "]) {
      const headers = { "x-forwarded-for": address, authorization };
      expect((await sendGraphql(world.url, null, who, {}, headers)).status).toBe(401);
    }
    expect(await guess(30, address)).toBe(tokens - 1);
  });

  test("of a token that was revoked, or has expired, are none", async () => {
    const address = newAddress();
    const revoked = ok(await world.root.createToken({ name: "revoked", role: "GUEST" }));
    ok(await world.root.revokeToken({ id: revoked.managementToken.id }));
    const expired = await world.caller("GUEST", { expiresAt: world.clock.in(minute) });
    world.clock.advance(minute);
    for (let time = 0; time < 10; time++) {
      expect((await ask(revoked.secret, address)).status).toBe(401);
      expect((await ask(expired.token as string, address)).status).toBe(401);
    }
    expect(await guess(30, address)).toBe(tokens);
  });

  test("are counted by address, and in IPv6 by network", async () => {
    const [one, other] = [newAddress(), newAddress()];
    expect(await guess(12, one)).toBe(tokens);
    expect(await guess(12, other)).toBe(tokens);
    // What a caller writes before the proxy does, does not count.
    expect(await guess(12, `198.51.100.7, ${other}`)).toBe(0);
    expect(await guess(tokens - 1, "2001:db8::1")).toBe(tokens - 1);
    expect(await guess(3, "2001:db8::ffff:1")).toBe(1);
    expect(await guess(3, "2001:db8:0:1::1")).toBe(3);
  });

  test("are counted by the connection's address when no proxy is trusted", async () => {
    const direct = new World(await startServer({ ...environment, KEYPLANE_TRUST_PROXY: "192.0.2.0/24" }));
    expect(await guess(20, "198.51.100.1", direct)).toBe(tokens);
    expect(await guess(20, "198.51.100.2", direct)).toBe(0);
    await direct.server.stop();
  });

  test.for([
    "/v1/verify",
    "/v1/forward-auth",
    "/v1/verification-records",
    "/v1/key-events",
    "/metrics",
    "/export/usage",
  ])("count at %s as they do at /graphql", async (path) => {
    const address = newAddress();
    expect(await guess(tokens - 1, address)).toBe(tokens - 1);
    const method = path.startsWith("/v1/ver") ? "POST" : "GET";
    const statuses: number[] = [];
    for (let time = 0; time < 2; time++) {
      const response = await fetch(`${world.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${unknownToken()}`,
          "content-type": "application/json",
          "x-forwarded-for": address,
        },
        ...(method === "POST" ? { body: "{}" } : {}),
      });
      statuses.push(response.status);
    }
    // A gateway never passes its own mistake on to its client.
    expect(statuses).toEqual(path === "/v1/forward-auth" ? [500, 500] : [401, 429]);
    expect(await guess(3, address)).toBe(0);
  });

  test("count on sockets, and a socket is told to come back later", async () => {
    const address = newAddress();
    const closed = () =>
      new Promise<number>((resolve, reject) => {
        const socket = new WebSocket(`${world.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", {
          headers: { "x-forwarded-for": address },
        });
        const payload = { authorization: `Bearer ${unknownToken()}` };
        socket.once("open", () => socket.send(JSON.stringify({ type: "connection_init", payload })));
        socket.once("close", resolve);
        socket.once("error", reject);
      });
    expect(await guess(tokens - 1, address)).toBe(tokens - 1);
    expect(await closed()).toBe(CloseCode.Unauthorized);
    expect(await closed()).toBe(1013);
  });
});

const verifyQuery = "mutation ($key: String!) { verifyKey(input: { key: $key }) { code } }";

/** Each way to verify a key: the verdict's code, or that of the refusal with its status and `Retry-After`. */
const entrances: Record<string, (world: World, token: string, key: string) => Promise<string>> = {
  GraphQL: async ({ url }, token, key) => codeOf(await sendGraphql(url, token, verifyQuery, { key })),
  "the SDK's document": async ({ url }, token, key) =>
    codeOf(await sendGraphql(url, token, String(VerifyKeyDocument), { input: { key } })),
  "/v1/verify": async ({ url }, token, key) => {
    const response = await fetch(`${url}/v1/verify`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ key }),
    });
    const body = (await response.json()) as { code?: string; errors: { extensions: { code: string } }[] };
    return body.code ?? `${response.status} ${body.errors[0]?.extensions.code} ${response.headers.get("retry-after")}`;
  },
  "/v1/forward-auth": async ({ url }, token, key) => {
    const response = await fetch(`${url}/v1/forward-auth`, {
      headers: { "x-keyplane-token": token, "x-api-key": key },
    });
    const code = String(response.headers.get("x-keyplane-code"));
    return code === "RATE_LIMITED" ? `${response.status} ${code} ${response.headers.get("retry-after")}` : code;
  },
};

function codeOf({ status, body }: Awaited<ReturnType<typeof sendGraphql>>): string {
  const { code, retryAfterMs } = body.errors?.[0].extensions ?? {};
  return code ? `${status} ${code} ${retryAfterMs / 1_000}` : body.data.verifyKey.code;
}

describe.for(Object.keys(entrances))("guesses of keys by %s", (name) => {
  const verify = (token: string, key: string) => entrances[name]?.(world, token, key) ?? "no entrance";
  const isRefused = /\bRATE_LIMITED\b/;

  test("are looked up so often, and then refused unseen, while keys in memory go on being verified", async () => {
    const watch = new DatabaseWatch(world.server);
    onTestFinished(() => watch.stop());
    const { admin, key, secret } = await world.tenantWithKey();
    await watch.followed(key.id);
    const token = admin.token as string;
    expect(await verify(token, secret)).toBe("VALID");
    const codes = await Promise.all(Array.from({ length: 40 }, () => verify(token, unknownKey())));
    const refused = `${name.startsWith("/v1") ? 429 : 200} RATE_LIMITED ${secondsUntilNext(keys)}`;
    expect(codes.filter((code) => code === "NOT_FOUND")).toHaveLength(keys);
    expect(codes.filter((code) => code === refused)).toHaveLength(40 - keys);

    watch.asked.length = 0;
    expect(await verify(token, unknownKey())).toBe(refused);
    expect(await verify(token, secret)).toBe("VALID");
    expect(watch.asked).toEqual([]);
    // Each of them counts, the refused ones too: they show where unknown keys come from.
    const { series } = await admin.invalidAttempts({ ...world.around(key.tenantId), groupBy: ["CODE"] });
    expect(series).toMatchObject([
      { group: { code: "RATE_LIMITED" }, count: 41 - keys },
      { group: { code: "NOT_FOUND" }, count: keys },
    ]);
    // A change of the key makes the server read it anew, which is no guess.
    ok(await admin.key("disableKey", { id: key.id }));
    expect(await verify(token, secret)).toBe("DISABLED");
    // Another verifier has guesses of its own.
    expect(await verify(world.server.rootToken, unknownKey())).toBe("NOT_FOUND");
    world.clock.advance(minute / keys);
    expect(await verify(token, unknownKey())).toBe("NOT_FOUND");
    expect(await verify(token, unknownKey())).toBe(refused);
  });

  test("cost nothing when they cannot be keys: nothing is looked up", async () => {
    const { admin } = await world.tenantWithKey();
    const token = admin.token as string;
    const mistyped = unknownKey().replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    for (let time = 0; time < 2 * keys; time++) {
      for (const text of [mistyped, `kp_live_${time}`]) expect(await verify(token, text)).not.toMatch(isRefused);
    }
    for (let time = 0; time < keys; time++) expect(await verify(token, unknownKey())).toBe("NOT_FOUND");
    expect(await verify(token, unknownKey())).toMatch(isRefused);
  });

  test("are none when they hit: new keys are verified for the first time however many there are", async () => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    for (let count = 0; count <= keys; count++) {
      const { secret } = await world.key(tenant.id, owner.id);
      expect(await verify(admin.token as string, secret)).toBe("VALID");
    }
  });

  test("never lock out who has a key that was made, changed or rotated while they are refused", async () => {
    const { tenant, admin, owner } = await world.tenantWithKey();
    const token = admin.token as string;
    // Before and after the guesses; none of them was verified so far.
    const [before, rotated] = [await world.key(tenant.id, owner.id), await world.key(tenant.id, owner.id)];
    for (let time = 0; time < keys; time++) expect(await verify(token, unknownKey())).toBe("NOT_FOUND");
    expect(await verify(token, unknownKey())).toMatch(isRefused);
    expect(await verify(token, before.secret)).toBe("VALID");
    const since = await world.key(tenant.id, owner.id);
    ok(await admin.key("updateKey", { id: since.key.id, name: "New name" }));
    expect(await verify(token, since.secret)).toBe("VALID");
    const { secret } = ok(await admin.keySecret("rotateKey", { id: rotated.key.id, overlapMs: minute }));
    for (const each of [secret, rotated.secret]) expect(await verify(token, each as string)).toBe("VALID");
    expect(await verify(token, unknownKey())).toMatch(isRefused);
  });

  test("count the keys of other tenants as unknown ones", async () => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const token = ours.admin.token as string;
    for (let count = 0; count < keys - 1; count++) expect(await verify(token, unknownKey())).toBe("NOT_FOUND");
    for (const expected of [/^NOT_FOUND$/, isRefused]) {
      const { secret } = await world.key(theirs.tenant.id, theirs.owner.id);
      expect(await verify(token, secret)).toMatch(expected);
    }
  });
});

describe("in one request", () => {
  const aliases = (count: number) =>
    `mutation { ${Array.from({ length: count }, (_, index) => `a${index}: verifyKey(input: { key: "x" }) { code }`).join(" ")} }`;

  test("20 keys are verified, in whatever operations of a batch, and those beyond are not", async () => {
    const response = await fetch(`${world.url}/graphql`, {
      method: "POST",
      headers: { authorization: `Bearer ${world.server.rootToken}`, "content-type": "application/json" },
      body: JSON.stringify(Array.from({ length: 10 }, () => ({ query: aliases(15) }))),
    });
    const answers = (await response.json()) as { data: object | null; errors?: { extensions: { code: string } }[] }[];
    const refused = answers.flatMap(({ errors = [] }) => errors.map(({ extensions }) => extensions.code));
    expect(answers).toHaveLength(10);
    expect(refused.length).toBeGreaterThanOrEqual(8);
    expect(new Set(refused)).toEqual(new Set(["QUERY_TOO_COMPLEX"]));
    expect(answers.filter(({ errors }) => !errors)).toHaveLength(1);
  });
});
