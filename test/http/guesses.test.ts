import { generateKey } from "@keyplane/schema";
import { CloseCode } from "graphql-ws";
import WebSocket from "ws";
// Not a part of the SDK's face: the very text that it sends.
import { VerifyKeyDocument } from "../../packages/sdk/src/_generated/documents.js";
import { DatabaseWatch } from "../testkit/database-watch.js";
import { describe, expect, minute, ok, sendGraphql, startServer, test, World } from "../testkit/index.js";

const who = "{ viewer { id } }";
const unknownToken = () => generateKey({ prefix: "keyplane", environment: "LIVE" }).secret;
const unknownKey = () => generateKey({ prefix: "kp", environment: "LIVE" }).secret;
const secondsUntilNext = (attempts: number) => String(60 / attempts);

/** A server of its own: what is used up here must not be missed by other tests. */
async function withServer(environment: Record<string, string>, work: (world: World) => Promise<void>): Promise<void> {
  const server = await startServer({ KEYPLANE_TRUST_PROXY: "true", ...environment });
  try {
    await work(new World(server));
  } finally {
    await server.stop();
  }
}

/** Asks with a token, from an address. */
const ask = (world: World, token: string, address = "192.0.2.1") =>
  sendGraphql(world.url, token, who, {}, { "x-forwarded-for": address });

/** Tries so many unknown tokens from an address. @returns how many were looked up. */
async function guess(world: World, times: number, address?: string): Promise<number> {
  const answers = await Promise.all(Array.from({ length: times }, () => ask(world, unknownToken(), address)));
  return answers.filter(({ status }) => status === 401).length;
}

describe("guesses of management tokens", () => {
  test("are looked up ten times, and then refused unseen, with when to come back", () =>
    withServer({ KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: "10" }, async (world) => {
      expect(await guess(world, 40)).toBe(10);
      const watch = new DatabaseWatch(world.server);
      const { status, headers, body } = await ask(world, unknownToken());
      expect(watch.asked).toEqual([]);
      watch.stop();
      expect([status, headers.get("retry-after")]).toEqual([429, secondsUntilNext(10)]);
      expect(body).toEqual({
        errors: [
          {
            message: "Too many unknown management tokens came from this address. Try again in 6 seconds.",
            extensions: {
              code: "TOO_MANY_ATTEMPTS",
              docsUrl: expect.stringContaining("#too_many_attempts"),
              requestId: headers.get("x-request-id"),
              retryAfterMs: 6_000,
            },
          },
        ],
      });
      world.clock.advance(6_000);
      expect(await guess(world, 10)).toBe(1);
      world.clock.advance(minute);
      expect(await guess(world, 40)).toBe(10);
      expect((await world.metrics()).get("keyplane_refused_guesses_total")).toBeUndefined(); // it has labels
      const metrics = await fetch(`${world.url}/metrics`, {
        headers: { authorization: `Bearer ${world.server.rootToken}` },
      });
      expect(await metrics.text()).toContain('keyplane_refused_guesses_total{what="token"} 70\n');
    }));

  test("never keep out who has a good token, at the same address and at others, new or known", () =>
    withServer({ KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: "5" }, async (world) => {
      const { tenant, admin, owner, secret } = await world.tenantWithKey();
      const person = await world.caller("DEVELOPER", { tenantId: tenant.id, userId: owner.id });
      const good = [world.server.rootToken, admin.token, person.token] as string[];
      for (const token of good) expect((await ask(world, token)).status).toBe(200);
      expect(await guess(world, 20)).toBe(5);
      for (const token of good) expect((await ask(world, token)).status).toBe(200);
      // What they hang on changed, so that the server has to read anew.
      ok(await admin.user("updateUser", { id: owner.id, name: "New name" }));
      ok(await world.root.tenant("updateTenant", { id: tenant.id, name: "New name" }));
      ok(await admin.createToken({ name: "other", role: "GUEST" }));
      for (const token of good) expect((await ask(world, token)).status).toBe(200);
      expect(await admin.verify(secret)).toMatchObject({ valid: true });
      // Another address has guesses of its own.
      const fresh = await world.caller("GUEST", { tenantId: tenant.id });
      expect((await ask(world, fresh.token as string, "192.0.2.2")).status).toBe(200);
    }));

  test("never keep out who has a good token after a restart", async () => {
    const first = await startServer({ KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: "5", KEYPLANE_TRUST_PROXY: "true" });
    const { token } = await new World(first).caller("GUEST");
    const { database, clock, rootToken } = first;
    await first.keyplane.stop();
    const again = await startServer(
      { KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: "5", KEYPLANE_TRUST_PROXY: "true", KEYPLANE_ROOT_TOKEN: rootToken },
      { database, clock },
    );
    const world = new World(again);
    await again.keyplane.warmedUp;
    expect(await guess(world, 20)).toBe(5);
    expect((await ask(world, token as string)).status).toBe(200);
    await again.stop();
    await database.close();
  });

  test("are one, however often the same is sent, and what is no token costs nothing", () =>
    withServer({ KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: "3" }, async (world) => {
      const same = unknownToken();
      const answers = await Promise.all(Array.from({ length: 30 }, () => ask(world, same)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
      const headers = { "x-forwarded-for": "192.0.2.1" };
      for (const authorization of ["", "Bearer", "Basic eDp5", "Bearer "]) {
        const { status } = await sendGraphql(world.url, null, who, {}, { ...headers, authorization });
        expect(status).toBe(401);
      }
      expect(await guess(world, 30)).toBe(2);
    }));

  test("of a token that was revoked, or has expired, are none", () =>
    withServer({ KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: "3" }, async (world) => {
      const revoked = ok(await world.root.createToken({ name: "revoked", role: "GUEST" }));
      ok(await world.root.revokeToken({ id: revoked.managementToken.id }));
      const expired = await world.caller("GUEST", { expiresAt: world.clock.in(minute) });
      world.clock.advance(minute);
      for (let time = 0; time < 10; time++) {
        expect((await ask(world, revoked.secret)).status).toBe(401);
        expect((await ask(world, expired.token as string)).status).toBe(401);
      }
      expect(await guess(world, 30)).toBe(3);
    }));

  test("are counted by address, and in IPv6 by network", () =>
    withServer({ KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: "4" }, async (world) => {
      expect(await guess(world, 10, "192.0.2.1")).toBe(4);
      expect(await guess(world, 10, "192.0.2.2")).toBe(4);
      // What a caller writes before the proxy does, does not count.
      expect(await guess(world, 10, "198.51.100.7, 192.0.2.2")).toBe(0);
      expect(await guess(world, 3, "2001:db8::1")).toBe(3);
      expect(await guess(world, 3, "2001:db8::ffff:1")).toBe(1);
      expect(await guess(world, 3, "2001:db8:0:1::1")).toBe(3);
    }));

  test("are counted by the connection's address when no proxy is trusted", () =>
    withServer({ KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: "4", KEYPLANE_TRUST_PROXY: "false" }, async (world) => {
      expect(await guess(world, 10, "192.0.2.1")).toBe(4);
      expect(await guess(world, 10, "192.0.2.2")).toBe(0);
    }));

  test.for(["/v1/verify", "/v1/forward-auth", "/v1/verification-records", "/v1/key-events", "/metrics", "/export/usage"])(
    "count at %s as they do at /graphql",
    (path) =>
      withServer({ KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: "2" }, async (world) => {
        const statuses: number[] = [];
        for (let time = 0; time < 4; time++) {
          const method = path.startsWith("/v1/ver") ? "POST" : "GET";
          const response = await fetch(`${world.url}${path}`, {
            method,
            headers: { authorization: `Bearer ${unknownToken()}`, "content-type": "application/json" },
            ...(method === "POST" ? { body: "{}" } : {}),
          });
          statuses.push(response.status);
        }
        // A gateway never passes its own mistake on to its client.
        const [refused, heldUp] = path === "/v1/forward-auth" ? [500, 500] : [401, 429];
        expect(statuses).toEqual([refused, refused, heldUp, heldUp]);
        expect(await guess(world, 3, "127.0.0.1")).toBe(0);
      }),
  );

  test("count on sockets, and a socket is told to come back later", () =>
    withServer({ KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: "1" }, async (world) => {
      const closed = (authorization: string) =>
        new Promise<number>((resolve, reject) => {
          const socket = new WebSocket(`${world.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
          socket.once("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: { authorization } })));
          socket.once("close", resolve);
          socket.once("error", reject);
        });
      expect(await closed(`Bearer ${unknownToken()}`)).toBe(CloseCode.Unauthorized);
      expect(await closed(`Bearer ${unknownToken()}`)).toBe(1013);
    }));
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
    return code === "TOO_MANY_ATTEMPTS" ? `${response.status} ${code} ${response.headers.get("retry-after")}` : code;
  },
};

function codeOf({ status, body }: Awaited<ReturnType<typeof sendGraphql>>): string {
  const { code, retryAfterMs } = body.errors?.[0].extensions ?? {};
  return code ? `${status} ${code} ${retryAfterMs / 1_000}` : body.data.verifyKey.code;
}

describe.for(Object.keys(entrances))("guesses of keys by %s", (name) => {
  const verify = (world: World, token: string, key: string) => entrances[name]?.(world, token, key) ?? "no entrance";

  test("are looked up so often, and then refused unseen, while keys in memory go on being verified", () =>
    withServer({ KEYPLANE_UNKNOWN_KEYS_PER_MINUTE: "12" }, async (world) => {
      const { admin, key, secret } = await world.tenantWithKey();
      const token = admin.token as string;
      expect(await verify(world, token, secret)).toBe("VALID");
      const codes = await Promise.all(Array.from({ length: 40 }, () => verify(world, token, unknownKey())));
      const refused = `${name.startsWith("/v1") ? 429 : 200} TOO_MANY_ATTEMPTS ${secondsUntilNext(12)}`;
      expect(codes.filter((code) => code === "NOT_FOUND")).toHaveLength(12);
      expect(codes.filter((code) => code === refused)).toHaveLength(28);

      const watch = new DatabaseWatch(world.server);
      expect(await verify(world, token, unknownKey())).toBe(refused);
      expect(await verify(world, token, secret)).toBe("VALID");
      expect(watch.asked).toEqual([]);
      watch.stop();
      // A change of the key makes the server read it anew, which is no guess.
      ok(await admin.key("disableKey", { id: key.id }));
      expect(await verify(world, token, secret)).toBe("DISABLED");
      // Another verifier has guesses of its own.
      expect(await verify(world, world.server.rootToken, unknownKey())).toBe("NOT_FOUND");
      world.clock.advance(5_000);
      expect(await verify(world, token, unknownKey())).toBe("NOT_FOUND");
      expect(await verify(world, token, unknownKey())).toBe(refused);
    }));

  test("cost nothing when they cannot be keys: nothing is looked up", () =>
    withServer({ KEYPLANE_UNKNOWN_KEYS_PER_MINUTE: "1" }, async (world) => {
      const { admin } = await world.tenantWithKey();
      const token = admin.token as string;
      const mistyped = unknownKey().replace(/.$/, (last) => (last === "0" ? "1" : "0"));
      for (let time = 0; time < 20; time++) {
        expect(["MALFORMED", "MISTYPED", "CHECKSUM_MISMATCH"]).toContain(await verify(world, token, mistyped));
        expect(await verify(world, token, `kp_live_${time}`)).not.toContain("TOO_MANY");
      }
      expect(await verify(world, token, unknownKey())).toBe("NOT_FOUND");
      expect(await verify(world, token, unknownKey())).toContain("TOO_MANY_ATTEMPTS");
    }));

  test("are none when they hit: new keys are verified for the first time however many there are", () =>
    withServer({ KEYPLANE_UNKNOWN_KEYS_PER_MINUTE: "2" }, async (world) => {
      const { tenant, admin, owner } = await world.tenantWithKey();
      for (let count = 0; count < 6; count++) {
        const { secret } = await world.key(tenant.id, owner.id);
        expect(await verify(world, admin.token as string, secret)).toBe("VALID");
      }
    }));

  test("count the keys of other tenants as unknown ones", () =>
    withServer({ KEYPLANE_UNKNOWN_KEYS_PER_MINUTE: "3" }, async (world) => {
      const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
      const codes: string[] = [];
      for (let count = 0; count < 5; count++) {
        const { secret } = await world.key(theirs.tenant.id, theirs.owner.id);
        codes.push((await verify(world, ours.admin.token as string, secret)).replace(/^\d+ (\w+) .*/, "$1"));
      }
      expect(codes).toEqual(["NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "TOO_MANY_ATTEMPTS", "TOO_MANY_ATTEMPTS"]);
    }));
});

describe("in one request", () => {
  const aliases = (count: number) =>
    `mutation { ${Array.from({ length: count }, (_, index) => `a${index}: verifyKey(input: { key: "x" }) { code }`).join(" ")} }`;

  test("20 keys are verified, in whatever operations of a batch, and those beyond are not", async ({ world }) => {
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
