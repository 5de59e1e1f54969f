import { hash } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll } from "vitest";
import { mutate } from "../../testkit/graphql.js";
import {
  describe,
  expect,
  minute,
  ok,
  second,
  startServer,
  type TestServer,
  test,
  testPassword,
  World,
} from "../../testkit/index.js";
import { tokenFor } from "./mailbox.js";

let server: TestServer;
let world: World;
beforeAll(async () => {
  server = await startServer({ KEYPLANE_TRUST_PROXY: "true" });
  world = new World(server);
});
afterAll(() => server.stop());

/** A sign-in from an address. */
async function from(address: string, email: string, password: string, tenant?: string) {
  const query = `mutation ($input: SignInInput!) { signIn(input: $input) { __typename
    ... on Error { code } ... on RateLimitedError { retryAfterMs } ... on SignInPayload { accessToken session { address } } } }`;
  const response = await fetch(`${world.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": address },
    body: JSON.stringify({ query, variables: { input: { email, password, tenant } } }),
  });
  const { data } = await response.json();
  return data.signIn;
}

/** A guess: with which of some tenants, from which host of a network, after which pause. */
interface Guess {
  readonly tenant: number;
  readonly host: number;
  readonly pauseMs: number;
}

async function someone() {
  const { tenant } = await world.tenant();
  const user = await world.user(tenant.id);
  await world.givePassword(user.id);
  return user;
}

let networks = 0;
/** The beginning of addresses that nobody has used. */
function network(): string {
  networks += 1;
  return `10.0.${networks}`;
}

const wrong = { code: "INVALID_CREDENTIALS" };
const limited = (retryAfterMs: unknown = expect.any(Number)) => ({ code: "RATE_LIMITED", retryAfterMs });

describe("guesses at sign-in are slowed down", () => {
  test("from one address at one account: five are free, then each doubles the pause; the right password waits, too", async () => {
    const { email } = await someone();
    for (let count = 0; count < 5; count++) expect(await from("192.0.2.1", email, "wrong")).toMatchObject(wrong);
    for (const pause of [1, 2, 4, 8]) {
      expect(await from("192.0.2.1", email, "wrong")).toMatchObject(wrong);
      expect(await from("192.0.2.1", email, testPassword)).toMatchObject(limited(pause * second));
      world.clock.advance(pause * second);
    }
    ok(await from("192.0.2.1", email, testPassword));
    for (let count = 0; count < 5; count++) expect(await from("192.0.2.1", email, "wrong")).toMatchObject(wrong);
    ok(await from("192.0.2.1", email, testPassword));
  });

  test("an account that does not exist is slowed down alike", async () => {
    const email = `${world.unique()}@example.com`;
    for (let count = 0; count < 6; count++) expect(await from("192.0.2.2", email, "wrong")).toMatchObject(wrong);
    expect(await from("192.0.2.2", email, "wrong")).toMatchObject(limited(second));
  });

  test("a hundred at once are not one: as many get an answer as one after the other would", async () => {
    const { email } = await someone();
    const answers = await Promise.all(Array.from({ length: 30 }, () => from("192.0.2.3", email, "wrong")));
    expect(answers.filter(({ code }) => code === "INVALID_CREDENTIALS")).toHaveLength(6);
  });

  test("one request with many of them under other names is many", async () => {
    const { email } = await someone();
    const one = `signIn(input: { email: "${email}", password: "wrong" }) { ... on Error { code } }`;
    const document = `mutation { ${Array.from({ length: 12 }, (_, index) => `a${index}: ${one}`).join(" ")} }`;
    const answers: { code: string }[] = Object.values(await world.root.query(document));
    expect(answers.filter(({ code }) => code === "INVALID_CREDENTIALS")).toHaveLength(6);
    await expect(world.anonymous.query(document)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("from many addresses at one account: the account is slowed down, but not where its holder has signed in", async () => {
    const { email } = await someone();
    ok(await from("198.51.100.9", email, testPassword));
    for (let count = 0; count < 21; count++)
      expect(await from(`203.0.113.${count}`, email, "wrong")).toMatchObject(wrong);
    expect(await from("203.0.113.200", email, testPassword)).toMatchObject(limited(second));
    ok(await from("198.51.100.9", email, testPassword));
  });

  test("a new link frees an account that somebody else has slowed down", async () => {
    const user = await someone();
    for (let count = 0; count < 22; count++) await from(`203.0.113.${count}`, user.email, "wrong");
    expect(await from("203.0.113.201", user.email, testPassword)).toMatchObject(limited());
    ok(await world.root.account("sendPasswordLink", { userId: user.id }));
    const token = await tokenFor(server, user.email);
    ok(await mutate(world.url, null, "setPassword", { token, password: "seven slow trains to Oslo" }, "endedSessions"));
    ok(await from("203.0.113.202", user.email, "seven slow trains to Oslo"));
  });

  test("from one address at many accounts: the address is slowed down, as a whole network for IPv6; a success of its own does not help", async () => {
    const mine = await someone();
    await from("2001:db8:1:2::7", "w@example.com", "wrong");
    // A hundred failures, without the time that they would take.
    const id = hash("sha256", "address:2001:db8:1:2::/64");
    const { prisma } = server.keyplane.database;
    expect((await prisma.attemptCount.update({ where: { id }, data: { failures: 100 } })).failures).toBe(100);
    expect(await from("2001:db8:1:2::ffff", "x@example.com", "wrong")).toMatchObject(wrong);
    expect(await from("2001:db8:1:2:a::1", mine.email, testPassword)).toMatchObject(limited(second));
    world.clock.advance(second);
    ok(await from("2001:db8:1:2:a::1", mine.email, testPassword));
    expect(await from("2001:db8:1:2::1", "y@example.com", "wrong")).toMatchObject(wrong);
    expect(await from("2001:db8:1:2::1", "z@example.com", "wrong")).toMatchObject(limited(2 * second));
    expect(await from("2001:db8:1:3::1", "z@example.com", "wrong")).toMatchObject(wrong);
  });

  test("what is counted is forgotten, and nobody reads in the database who has tried", async () => {
    const email = `${world.unique()}@example.com`;
    for (let count = 0; count < 6; count++) await from("192.0.2.77", email, "wrong");
    const { prisma } = server.keyplane.database;
    const rows = JSON.stringify(await prisma.attemptCount.findMany());
    expect(rows).not.toContain(email);
    expect(rows).not.toContain("192.0.2.77");
    world.clock.advance(24 * 60 * minute);
    for (let count = 0; count < 5; count++) expect(await from("192.0.2.77", email, "wrong")).toMatchObject(wrong);
  });
});

describe("whether an address has an account is not told by when guesses are slowed down", () => {
  /** The answers to the same guesses at an address that has an account, or several, and at one that has none. */
  async function compare(guesses: readonly Guess[], accounts: number) {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const known = (await world.user(ours.tenant.id)).email;
    if (accounts > 1) await world.user(theirs.tenant.id, { email: known });
    const unknown = `${world.unique()}@example.com`;
    const tenants = [undefined, ours.tenant.id, ours.tenant.slug, theirs.tenant.slug, "no-such-tenant"];
    const networks = [network(), network()];
    for (const [index, { tenant, host, pauseMs }] of guesses.entries()) {
      world.clock.advance(pauseMs);
      const [one, other] = await Promise.all(
        [known, unknown].map((email, each) => from(`${networks[each]}.${host}`, email, "wrong", tenants[tenant])),
      );
      expect(one, `guess ${index} of ${JSON.stringify(guesses)}`).toEqual(other);
    }
  }

  test("not by guesses without a tenant and then with one that does not exist", async () => {
    const at = (tenant: number, host = 1): Guess => ({ tenant, host, pauseMs: 0 });
    const six = (tenant: number) => Array.from({ length: 6 }, () => at(tenant));
    await compare([...six(0), at(4), at(1), at(2)], 1);
    await compare([...six(4), at(0), at(1)], 1);
    await compare([...six(1), at(0), at(3)], 2);
    await compare([...Array.from({ length: 21 }, (_, host) => at(host % 2 ? 1 : 0, host + 1)), at(4, 99)], 1);
  });

  test("whatever the order of tenants, addresses and pauses", async () => {
    const guess = fc.record({
      tenant: fc.integer({ min: 0, max: 4 }),
      host: fc.integer({ min: 1, max: 2 }),
      pauseMs: fc.constantFrom(0, 0, 0, 1_000, 5_000),
    });
    const guesses = fc.array(guess, { minLength: 10, maxLength: 14 });
    await fc.assert(fc.asyncProperty(guesses, fc.integer({ min: 1, max: 2 }), compare), {
      numRuns: 4,
      endOnFailure: true,
    });
  });

  test("and whoever has an account of the same address elsewhere gets no more guesses at this one", async () => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const mine = await world.user(theirs.tenant.id);
    await world.givePassword(mine.id);
    await world.user(ours.tenant.id, { email: mine.email });
    const mineFrom = `${network()}.1`;
    for (let count = 0; count < 5; count++) {
      expect(await from(mineFrom, mine.email, "wrong", ours.tenant.slug)).toMatchObject(wrong);
      ok(await from(mineFrom, mine.email, testPassword, theirs.tenant.slug));
    }
    expect(await from(mineFrom, mine.email, "wrong", ours.tenant.slug)).toMatchObject(wrong);
    expect(await from(mineFrom, mine.email, "wrong", ours.tenant.slug)).toMatchObject(limited(second));
    world.clock.advance(second);
    const { accessToken } = ok(await from(mineFrom, mine.email, testPassword, theirs.tenant.slug));
    // A new password there, which is the other account's own, does not free this one either.
    const change = { currentPassword: testPassword, newPassword: "seven slow trains to Oslo" };
    ok(await world.as(accessToken).account("changePassword", change));
    expect(await from(mineFrom, mine.email, "wrong", ours.tenant.slug)).toMatchObject(wrong);
    expect(await from(mineFrom, mine.email, "wrong", ours.tenant.slug)).toMatchObject(limited());
  });
});

describe("when the audit record cannot be written", () => {
  const run = (sql: string) => server.keyplane.database.prisma.$executeRawUnsafe(sql);

  /** Does something while no audit record can be written. */
  async function broken<Result>(work: () => Promise<Result>): Promise<Result> {
    await run(
      `CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken by a test'; END $$`,
    );
    await run('CREATE TRIGGER broken BEFORE INSERT ON "AuditRecord" FOR EACH ROW EXECUTE FUNCTION broken()');
    try {
      return await work();
    } finally {
      await run('DROP TRIGGER broken ON "AuditRecord"');
      await run("DROP FUNCTION broken");
    }
  }

  const rows = async () => {
    const { prisma } = server.keyplane.database;
    const tables = [prisma.session, prisma.refreshToken, prisma.userPassword, prisma.passwordLink, prisma.outgoingMail];
    return JSON.stringify(await Promise.all(tables.map((table) => (table as typeof prisma.session).findMany())));
  };

  test("nobody is signed in or out, and no link and no password is kept", async () => {
    const user = await someone();
    const { caller } = await world.signIn(user);
    ok(await world.root.account("sendPasswordLink", { userId: user.id }));
    const token = await tokenFor(server, user.email);
    await expect.poll(() => server.keyplane.database.prisma.outgoingMail.count()).toBe(0);
    const before = await rows();
    const failed = { code: "INTERNAL" };
    const password = "seven slow trains to Oslo";
    await broken(async () => {
      await expect(world.signIn(user)).rejects.toMatchObject(failed);
      await expect(world.root.account("sendPasswordLink", { userId: user.id })).rejects.toMatchObject(failed);
      await expect(world.root.account("signOutEverywhere", { userId: user.id })).rejects.toMatchObject(failed);
      await expect(world.anonymous.account("setPassword", { token, password })).rejects.toMatchObject(failed);
      const change = { currentPassword: testPassword, newPassword: password };
      await expect(caller.account("changePassword", change)).rejects.toMatchObject(failed);
      await expect(caller.query("mutation { signOut { __typename } }")).rejects.toMatchObject(failed);
    });
    expect(JSON.parse(await rows())[0]).toEqual(JSON.parse(before)[0]);
    expect(await rows()).toBe(before);
    await caller.query("{ viewer { id } }");
    ok(await world.anonymous.account("setPassword", { token, password }));
  });
});
