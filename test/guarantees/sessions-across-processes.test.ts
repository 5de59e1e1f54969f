import { openDatabase } from "@keyplane/server";
import { afterAll, beforeAll } from "vitest";
import { openTestDatabase, postgresUrl } from "../testkit/database.js";
import { describe, expect, ok, sendGraphql, startServer, TestClock, test, World } from "../testkit/index.js";

// The embedded database has one process only: these promises are about several on one PostgreSQL.
const withoutPostgres = postgresUrl === null;

const viewer = "{ viewer { id } }";
const cleanups: (() => Promise<unknown>)[] = [];
let here: World;
let there: World;

beforeAll(async () => {
  if (withoutPostgres) return;
  const database = await openTestDatabase();
  cleanups.push(() => database.close());
  const other = await openDatabase({ databaseUrl: database.url, dataDir: null });
  cleanups.push(() => other.close());
  const environment = {
    KEYPLANE_ROOT_TOKEN: "root-token-of-both-servers-of-a-test",
    KEYPLANE_PUBLIC_URL: "https://keys.example.com",
    KEYPLANE_ENCRYPTION_KEY: "ab".repeat(32),
  };
  const clock = new TestClock();
  const first = await startServer(environment, { database, clock });
  cleanups.push(() => first.stop());
  const second = await startServer(environment, { database: { ...database, database: other }, clock });
  cleanups.push(() => second.stop());
  [here, there] = [new World(first), new World(second)];
});
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

const statusOf = async (world: World, token: string): Promise<number> =>
  (await sendGraphql(world.url, token, viewer)).status;

/** Somebody who has signed in here, and whom both know. */
async function begin() {
  const { tenant } = await here.tenant();
  const user = await here.user(tenant.id);
  const signedIn = await here.signIn(user);
  for (const world of [here, there]) expect(await statusOf(world, signedIn.accessToken)).toBe(200);
  return { user, ...signedIn };
}

describe.skipIf(withoutPostgres)("a session that ends at one server ends at the other, too", () => {
  const ways: [name: string, (story: Awaited<ReturnType<typeof begin>>) => Promise<unknown>][] = [
    ["signed out", ({ caller }) => caller.query("mutation { signOut { __typename } }")],
    ["signed out everywhere", ({ user }) => here.root.account("signOutEverywhere", { userId: user.id })],
    ["its user is disabled", ({ user }) => here.root.user("disableUser", { id: user.id })],
    [
      "its refresh token is shown again",
      async ({ refreshToken }) => {
        ok(await here.anonymous.account("refreshSession", { refreshToken }));
        here.clock.advance(10_001);
        return here.anonymous.account("refreshSession", { refreshToken });
      },
    ],
  ];
  test.for(ways)("%s", async ([, end]) => {
    const story = await begin();
    await end(story);
    expect(await statusOf(here, story.accessToken)).toBe(401);
    await expect.poll(() => statusOf(there, story.accessToken)).toBe(401);
    const refused = await there.anonymous.account("refreshSession", { refreshToken: story.refreshToken });
    expect(refused).toMatchObject({ code: "INVALID_CREDENTIALS" });
  });

  test("and a refresh token that both get at the same moment gives one successor", async () => {
    const { refreshToken } = await begin();
    const worlds = [here, there, here, there];
    const answers = await Promise.all(
      worlds.map((world) => world.anonymous.account("refreshSession", { refreshToken })),
    );
    expect(new Set(answers.map((answer) => ok(answer).refreshToken)).size).toBe(1);
  });

  test("and guesses are counted together", async () => {
    const { user } = await begin();
    const attempts = Array.from({ length: 24 }, (_, index) =>
      [here, there][index % 2]?.anonymous.account("signIn", { email: user.email, password: "wrong" }),
    );
    const codes = (await Promise.all(attempts)).map((answer) => answer.code);
    expect(codes.filter((code) => code === "INVALID_CREDENTIALS")).toHaveLength(6);
  });
});
