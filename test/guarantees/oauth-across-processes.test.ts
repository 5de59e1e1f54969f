import { randomBytes } from "node:crypto";
import { openDatabase } from "@keyplane/server";
import { afterEach } from "vitest";
import { openTestDatabase, postgresUrl } from "../testkit/database.js";
import {
  Caller,
  describe,
  expect,
  ok,
  startServer,
  TestClock,
  type TestServer,
  test,
  World,
} from "../testkit/index.js";
import { clientMutation } from "../testkit/oauth.js";

// The embedded database has one process only: these promises are about several on one PostgreSQL.
const withoutPostgres = postgresUrl === null;
const reason = "needs PostgreSQL: TEST_DATABASE=postgresql";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Two servers behind one address, on one database, each with its own memory. */
async function twoServers(): Promise<[World, World]> {
  const database = await openTestDatabase();
  cleanups.push(() => database.close());
  const environment = {
    KEYPLANE_ROOT_TOKEN: "root-token-of-both-servers-of-a-test",
    KEYPLANE_PUBLIC_URL: "http://keyplane.example.com",
    KEYPLANE_ENCRYPTION_KEY: randomBytes(32).toString("hex"),
  };
  const clock = new TestClock();
  const start = async (own: TestServer["database"]) => {
    const server = await startServer(environment, { database: own, clock });
    cleanups.push(() => server.stop());
    return new World(server);
  };
  const first = await start(database);
  const other = await openDatabase({ databaseUrl: database.url ?? "", dataDir: null });
  cleanups.push(() => other.close());
  return [first, await start({ ...database, database: other })];
}

async function tokenFrom(world: World, id: string, secret: string): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
  const body = new URLSearchParams({ grant_type: "client_credentials" });
  return fetch(`${world.url}/oauth/token`, { method: "POST", headers: { authorization }, body });
}

const outcome = (world: World, token: string): Promise<string> =>
  new Caller(world.url, token).query("{ viewer { id } }").then(
    () => "accepted",
    (error: { code: string }) => error.code,
  );

describe("OAuth on several servers of one database", () => {
  test("a token of one is good at the other, before and after the keys rotate; a disabled client is refused by both", async ({
    skip,
  }) => {
    if (withoutPostgres) skip(reason);
    const [here, there] = await twoServers();
    const { admin } = await here.tenant();
    const input = { name: "App", role: "DEVELOPER", grantTypes: ["CLIENT_CREDENTIALS"] };
    const { oauthClient, secret } = ok(await clientMutation(admin, "createOAuthClient", input));
    const get = async (world: World): Promise<string> =>
      (await (await tokenFrom(world, oauthClient.id, secret)).json()).access_token;
    const both = async (token: string) => [await outcome(here, token), await outcome(there, token)];
    for (const world of [here, there]) expect(await both(await get(world))).toEqual(["accepted", "accepted"]);
    here.clock.advance(31 * 24 * 60 * 60_000);
    const [mine, theirs] = [await get(here), await get(there)];
    for (const token of [mine, theirs]) expect(await both(token)).toEqual(["accepted", "accepted"]);

    ok(await clientMutation(admin, "disableOAuthClient", { id: oauthClient.id }));
    expect(await outcome(here, mine)).toBe("UNAUTHENTICATED");
    await expect.poll(() => outcome(there, mine)).toBe("UNAUTHENTICATED");
    expect([
      (await tokenFrom(here, oauthClient.id, secret)).status,
      (await tokenFrom(there, oauthClient.id, secret)).status,
    ]).toEqual([401, 401]);
  });

  test("a token that is revoked at one is refused by the other", async ({ skip }) => {
    if (withoutPostgres) skip(reason);
    const [here, there] = await twoServers();
    const input = { name: "App", role: "DEVELOPER", grantTypes: ["CLIENT_CREDENTIALS"] };
    const { oauthClient, secret } = ok(await clientMutation(here.root, "createOAuthClient", input));
    const { access_token: token } = await (await tokenFrom(here, oauthClient.id, secret)).json();
    expect([await outcome(here, token), await outcome(there, token)]).toEqual(["accepted", "accepted"]);
    const body = new URLSearchParams({ token, client_id: oauthClient.id, client_secret: secret });
    expect((await fetch(`${here.url}/oauth/revoke`, { method: "POST", body })).status).toBe(200);
    expect(await outcome(here, token)).toBe("UNAUTHENTICATED");
    await expect.poll(() => outcome(there, token)).toBe("UNAUTHENTICATED");
  });
});
