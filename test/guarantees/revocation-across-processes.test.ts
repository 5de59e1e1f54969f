import { connect, createServer, type Socket } from "node:net";
import { openDatabase } from "@keyplane/server";
import { Client } from "pg";
import { afterEach } from "vitest";
import { openTestDatabase, postgresUrl } from "../testkit/database.js";
import {
  Caller,
  describe,
  expect,
  minute,
  ok,
  second as oneSecond,
  startServer,
  TestClock,
  type TestServer,
  test,
  World,
} from "../testkit/index.js";

// The embedded database has one process only: these promises are about several on one PostgreSQL.
const withoutPostgres = postgresUrl === null;
const reason = "needs PostgreSQL: TEST_DATABASE=postgresql";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Story = Awaited<ReturnType<World["tenantWithKey"]>> & { readonly elsewhere: Caller };

/**
 * Two servers on one database, each with its own memory, and keys that both have in it. The second one starts when the keys
 * are there, so that it has no event of theirs before it that could make it forget them.
 *
 * @param through what the second server makes of the database's address.
 */
async function twoServers(keys: number, through: (url: string) => string = (url) => url) {
  const database = await openTestDatabase();
  cleanups.push(() => database.close());
  const environment = { KEYPLANE_ROOT_TOKEN: "root-token-of-both-servers-of-a-test" };
  const clock = new TestClock();
  const first = await startServer(environment, { database, clock });
  cleanups.push(() => first.stop());
  const world = new World(first);
  const made = [];
  for (let count = 0; count < keys; count++) made.push(await world.tenantWithKey());

  const other = await openDatabase({ databaseUrl: through(database.url ?? ""), dataDir: null });
  cleanups.push(() => other.close());
  const second = await startServer(environment, { database: { ...database, database: other }, clock });
  cleanups.push(() => second.stop());
  const stories: Story[] = made.map((story) => ({ ...story, elsewhere: at(second, story.admin) }));
  for (const { elsewhere, secret } of stories) expect(await codeOf(elsewhere, secret)).toBe("VALID");
  return { stories, root: world.root, rootElsewhere: at(second, world.root), clock, url: database.url ?? "" };
}

/** The next of the stories. */
function take(stories: Story[]): Story {
  const story = stories.shift();
  if (!story) throw new Error("ask twoServers for more keys");
  return story;
}

/** The same caller, at another server. */
const at = (server: TestServer, caller: Caller): Caller => new Caller(server.url, caller.token);

/** The code of a verification; the code of the refusal when there is none; null when nothing is answered in time. */
async function codeOf(caller: Caller, secret: string): Promise<string | null> {
  const answer = caller.verify(secret).then(
    ({ code }) => code as string,
    (error: { code?: string }) => error.code ?? "",
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), 5 * oneSecond);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** Asks again until the answer is another one; the deadline is generous, because machines are slow. */
async function until(caller: Caller, secret: string, isIt: (code: string | null) => boolean): Promise<string | null> {
  const deadline = Date.now() + minute;
  for (;;) {
    const code = await codeOf(caller, secret);
    if (isIt(code) || Date.now() > deadline) return code;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What is done at one server, and what the other must then answer. */
const changes: readonly (readonly [what: string, change: (story: Story) => Promise<unknown>, code: string])[] = [
  ["a key is revoked", ({ admin, key }) => admin.key("revokeKey", { id: key.id, reason: "x" }), "REVOKED"],
  ["a key is disabled", ({ admin, key }) => admin.key("disableKey", { id: key.id }), "DISABLED"],
  ["a key is deleted", ({ admin, key }) => admin.key("deleteKey", { id: key.id }), "NOT_FOUND"],
  ["a key is rotated", ({ admin, key }) => admin.keySecret("rotateKey", { id: key.id }), "SUPERSEDED"],
  [
    "a key is reissued",
    async ({ admin, key, tenant }) => {
      const { user } = ok(
        await admin.user("createUser", { tenantId: tenant.id, email: "new@example.com", name: "New" }),
      );
      return admin.keySecret("reissueKey", { id: key.id, ownerId: user.id });
    },
    "SUPERSEDED",
  ],
  ["its owner is disabled", ({ admin, owner }) => admin.user("disableUser", { id: owner.id }), "OWNER_DISABLED"],
  ["its owner is deleted", ({ admin, owner }) => admin.user("deleteUser", { id: owner.id }), "OWNER_NOT_FOUND"],
];

describe("what one server does, another one knows without a restart", () => {
  test("in every kind of change of a key, its owner, its tenant and its verifier", async ({ skip }) => {
    skip(withoutPostgres, reason);
    const { stories, root, rootElsewhere } = await twoServers(changes.length + 2);
    for (const [what, change, expected] of changes) {
      const story = take(stories);
      ok((await change(story)) as { __typename: string });
      const code = await until(story.elsewhere, story.secret, (each) => each !== "VALID");
      expect(`${what}: ${code}`).toBe(`${what}: ${expected}`);
    }

    // The tenant's own caller is refused with its tenant, so the root asks.
    const suspended = take(stories);
    expect(await codeOf(rootElsewhere, suspended.secret)).toBe("VALID");
    ok(await root.tenant("suspendTenant", { id: suspended.tenant.id }));
    expect(await until(rootElsewhere, suspended.secret, (code) => code !== "VALID")).toBe("TENANT_SUSPENDED");
    expect(await until(suspended.elsewhere, suspended.secret, (code) => code === "UNAUTHENTICATED")).toBe(
      "UNAUTHENTICATED",
    );
    ok(await root.tenant("resumeTenant", { id: suspended.tenant.id }));
    expect(await until(suspended.elsewhere, suspended.secret, (code) => code === "VALID")).toBe("VALID");

    const revoked = take(stories);
    const { viewer } = await revoked.admin.query("{ viewer { id } }");
    ok(await root.revokeToken({ id: viewer.id }));
    expect(await until(revoked.elsewhere, revoked.secret, (code) => code !== "VALID")).toBe("UNAUTHENTICATED");
  });

  test("a key that is created at one server is known at the other at once", async ({ skip }) => {
    skip(withoutPostgres, reason);
    const { stories } = await twoServers(1);
    const { elsewhere, admin, tenant, owner } = take(stories);
    const { secret } = ok(await admin.keySecret("createKey", { tenantId: tenant.id, ownerId: owner.id, name: "New" }));
    expect(await codeOf(elsewhere, secret)).toBe("VALID");
  });
});

/** A revocation by hand, in a transaction that stays open: its event has its place before it is committed. */
async function openRevocation(url: string, story: { key: { id: string }; tenant: { id: string } }) {
  const client = new Client({ connectionString: url });
  await client.connect();
  cleanups.push(() => client.end());
  await client.query("BEGIN");
  await client.query(`UPDATE "Key" SET "revokedAt" = now(), "revokedReason" = 'by hand' WHERE "id" = $1`, [
    story.key.id,
  ]);
  await client.query(
    `INSERT INTO "Event" ("id", "type", "tenantId", "keyId", "occurredAt") VALUES ($1, 'REVOKED', $2, $3, now())`,
    [`evt_${story.key.id.slice(4)}`, story.tenant.id, story.key.id],
  );
  return { commit: () => client.query("COMMIT") };
}

describe("the order of commits", () => {
  test("of two transactions that commit in another order than they began, both are seen", async ({ skip }) => {
    skip(withoutPostgres, reason);
    const { stories, url } = await twoServers(2);
    const [early, late] = [take(stories), take(stories)];
    const revocation = await openRevocation(url, early);
    ok(await late.admin.key("revokeKey", { id: late.key.id, reason: "x" }));
    // Seen at once: a transaction that stays open, of whomever, holds up no revocation.
    expect(await until(late.elsewhere, late.secret, (code) => code !== "VALID")).toBe("REVOKED");
    // What is not committed has not happened.
    expect(await codeOf(early.elsewhere, early.secret)).toBe("VALID");
    await revocation.commit();
    expect(await until(early.elsewhere, early.secret, (code) => code !== "VALID")).toBe("REVOKED");
  });

  test("of many transactions none is missed, however they overlap", async ({ skip }) => {
    skip(withoutPostgres, reason);
    const { stories, url } = await twoServers(8);
    const revocations = [];
    for (const story of stories) revocations.push(await openRevocation(url, story));
    for (const { commit } of [...revocations].reverse()) await commit();
    for (const { elsewhere, secret } of stories) {
      expect(await until(elsewhere, secret, (code) => code !== "VALID")).toBe("REVOKED");
    }
  });
});

/** Stands between a server and its database, and can stand in the way. */
async function startProxy(target: URL) {
  const sockets = new Set<Socket>();
  let mode: "open" | "cut" | "frozen" = "open";
  const server = createServer((incoming) => {
    if (mode === "cut") return void incoming.destroy();
    const outgoing = connect(Number(target.port), target.hostname);
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
    }
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
    if (mode === "frozen") for (const socket of [incoming, outgoing]) socket.pause();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  cleanups.push(async () => {
    breakAll();
    server.close();
  });
  return {
    port: typeof address === "object" && address ? address.port : 0,
    /** Breaks all connections and refuses new ones. */
    cut() {
      mode = "cut";
      breakAll();
    },
    /** Leaves connections as they are, and lets nothing through: as a network that drops packets. */
    freeze() {
      mode = "frozen";
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    open() {
      mode = "open";
      breakAll();
    },
  };
}

describe("a server that cannot read the event log", () => {
  test.for(["cut", "freeze"] as const)(
    "trusts nothing that it remembers after 30 seconds (%s)",
    async (how, { skip }) => {
      skip(withoutPostgres, reason);
      const target = new URL(postgresUrl ?? "");
      const proxy = await startProxy(target);
      const { stories, clock } = await twoServers(1, (url) => {
        const through = new URL(url);
        through.hostname = "127.0.0.1";
        through.port = String(proxy.port);
        return through.href;
      });
      // First of all, or a server that waits for its database could not stop.
      cleanups.push(async () => proxy.open());
      const story = take(stories);
      proxy[how]();
      ok(await story.admin.key("revokeKey", { id: story.key.id, reason: "x" }));
      // Cut off, it goes on for a while with what it knows: that is what its memory is for.
      expect(await codeOf(story.elsewhere, story.secret)).toBe("VALID");
      clock.advance(31 * oneSecond);
      const code = await until(story.elsewhere, story.secret, (each) => each !== "VALID");
      expect(code).toBeOneOf([null, "UNAVAILABLE"]);
      proxy.open();
      expect(await until(story.elsewhere, story.secret, (each) => each === "REVOKED")).toBe("REVOKED");
    },
  );
});
