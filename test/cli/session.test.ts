import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll } from "vitest";
import { describe, expect, minute, test, testPassword, type World } from "../testkit/index.js";
import { CliUser } from "./run-cli.js";

const users: CliUser[] = [];
afterAll(() => {
  for (const user of users) user.leave();
});

/** Somebody with a password and a computer, but no token. */
async function person(world: World) {
  const { tenant } = await world.tenant();
  const user = await world.user(tenant.id, { role: "ADMIN" });
  await world.givePassword(user.id);
  const cli = new CliUser({});
  users.push(cli);
  const signIn = ["sign-in", "--url", world.url, "--email", user.email, "--tenant", tenant.slug, "--password-stdin"];
  return { tenant, user, cli, signIn: () => cli.run(signIn, `${testPassword}\n`), signInArgs: signIn };
}

// biome-ignore lint/suspicious/noExplicitAny: the file, as it is
const storedIn = (cli: CliUser): any => JSON.parse(readFileSync(cli.sessions, "utf8"));

/** The sessions of a user that have not ended. */
async function openSessions(world: World, userId: string): Promise<number> {
  return world.server.keyplane.database.prisma.session.count({ where: { userId, endedAt: null } });
}

describe("a session on the command line", () => {
  test("begins with a password, works without naming the server again, and ends at the server", async ({ world }) => {
    const { user, cli, signIn } = await person(world);
    const signedIn = await signIn();
    expect(signedIn).toEqual({ code: 0, stdout: "", stderr: `Signed in at ${world.url} as ${user.email}.\n` });
    expect(statSync(cli.sessions).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(cli.sessions)).mode & 0o777).toBe(0o700);
    expect(await cli.json(["whoami"])).toMatchObject({ userId: user.id, url: world.url });
    expect(await openSessions(world, user.id)).toBe(1);

    // Whoever signs in again leaves no session behind that nobody has.
    await signIn();
    expect(await openSessions(world, user.id)).toBe(1);

    const { accessToken } = storedIn(cli).sessions[world.url];
    expect(await cli.run(["sign-out"])).toEqual({ code: 0, stdout: "", stderr: `Signed out at ${world.url}.\n` });
    expect(await openSessions(world, user.id)).toBe(0);
    expect(storedIn(cli)).toEqual({ version: 1, current: null, sessions: {} });
    expect((await cli.run(["whoami", "--url", world.url])).code).toBe(3);
    expect((await cli.run(["sign-out", "--url", world.url])).stderr).toContain("Nobody was signed in");
    const late = new CliUser({ KEYPLANE_URL: world.url, KEYPLANE_TOKEN: accessToken });
    users.push(late);
    expect((await late.run(["whoami"])).code).toBe(3);
  });

  test("a wrong password is refused, kept nowhere and shown nowhere", async ({ world }) => {
    const { cli, signInArgs } = await person(world);
    const wrong = await cli.run(signInArgs, "not the password of anybody");
    expect([wrong.code, wrong.stdout]).toEqual([3, ""]);
    expect(wrong.stderr).not.toContain("not the password");
    expect(() => readFileSync(cli.sessions)).toThrow("ENOENT");
    const noPassword = await cli.run(signInArgs.filter((argument) => argument !== "--password-stdin"));
    expect(noPassword).toMatchObject({ code: 2, stderr: expect.stringContaining("--password-stdin") });
  });

  test("is refreshed once, however many commands find its access token ended", async ({ world }) => {
    const { user, cli, signIn } = await person(world);
    await signIn();
    const before = storedIn(cli).sessions[world.url];
    world.clock.advance(11 * minute);
    const ended = await Promise.all(Array.from({ length: 4 }, () => cli.run(["whoami", "--quiet"])));
    expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual(Array(4).fill([0, ""]));
    const after = storedIn(cli).sessions[world.url];
    expect(after.refreshToken).not.toBe(before.refreshToken);
    const { prisma } = world.server.keyplane.database;
    const { id } = await prisma.session.findFirstOrThrow({ where: { userId: user.id, endedAt: null } });
    expect(await prisma.refreshToken.count({ where: { sessionId: id } })).toBe(2);
    expect(statSync(cli.sessions).mode & 0o777).toBe(0o600);
    expect((await cli.run(["whoami"])).code).toBe(0);
  });

  test("that has ended at the server is forgotten, and says how to begin another", async ({ world }) => {
    const { user, cli, signIn } = await person(world);
    await signIn();
    await world.root.user("disableUser", { id: user.id });
    const ended = await cli.run(["whoami"]);
    expect([ended.code, ended.stdout]).toEqual([3, ""]);
    expect(ended.stderr).toContain("keyplane sign-in");
    expect(storedIn(cli).sessions).toEqual({});
  });

  test("a token in the environment wins, and goes to no server that was not named with it", async ({ world }) => {
    const { cli, signIn, user } = await person(world);
    await signIn();
    const script = new CliUser({ KEYPLANE_TOKEN: world.server.rootToken, XDG_CONFIG_HOME: cli.home });
    users.push(script);
    expect((await script.run(["whoami"])).stderr).toMatch(
      /^Error: (Keyplane cannot be reached at|.* at) http:\/\/127\.0\.0\.1:4000/,
    );
    expect(await script.json(["whoami", "--url", world.url])).not.toMatchObject({ userId: user.id });
  });

  test("a file that is none of ours is not overwritten", async ({ world }) => {
    const { cli, signIn } = await person(world);
    await signIn();
    writeFileSync(cli.sessions, "precious");
    chmodSync(cli.sessions, 0o600);
    const refused = await signIn();
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("Remove it, and sign in again")]);
    expect(readFileSync(cli.sessions, "utf8")).toBe("precious");
  });
});
