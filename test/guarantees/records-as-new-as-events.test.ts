import { createHash } from "node:crypto";
import { openDatabase } from "@keyplane/server";
import { afterEach } from "vitest";
import { openTestDatabase, postgresUrl } from "../testkit/database.js";
import { Caller, describe, expect, ok, startServer, TestClock, test, World } from "../testkit/index.js";
import { EventFollower } from "../testkit/key-events.js";
import { type Line, readRecords } from "../testkit/records.js";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Two servers on one PostgreSQL; on the embedded database, which has one process, the same server twice. */
async function twoServers() {
  const database = await openTestDatabase();
  cleanups.push(() => database.close());
  const environment = { KEYPLANE_ROOT_TOKEN: "root-token-of-both-servers-of-a-test" };
  const clock = new TestClock();
  const first = await startServer(environment, { database, clock });
  cleanups.push(() => first.stop());
  const world = new World(first);
  if (postgresUrl === null) return { world, elsewhere: world.root };
  const other = await openDatabase({ databaseUrl: database.url, dataDir: null });
  cleanups.push(() => other.close());
  const second = await startServer(environment, { database: { ...database, database: other }, clock });
  cleanups.push(() => second.stop());
  return { world, elsewhere: new Caller(second.url, world.root.token) };
}

type Story = Awaited<ReturnType<World["tenantWithKey"]>>;

/** What is done at one server, and what the records of the other must then say. */
const changes: readonly (readonly [
  type: string,
  change: (story: Story, root: Caller) => Promise<unknown>,
  where: (lines: Line[], story: Story) => boolean,
])[] = [
  [
    "REVOKED",
    ({ admin, key }) => admin.key("revokeKey", { id: key.id, reason: "lost" }),
    (lines) => lines.some(({ type, revokedReason }) => type === "key" && revokedReason === "lost"),
  ],
  [
    "DISABLED",
    ({ admin, key }) => admin.key("disableKey", { id: key.id }),
    (lines) => lines.some(({ disabledAt }) => disabledAt !== undefined),
  ],
  [
    "DELETED",
    ({ admin, key }) => admin.key("deleteKey", { id: key.id }),
    (lines) => lines.some(({ deletedAt }) => deletedAt !== undefined),
  ],
  [
    "ROTATED",
    ({ admin, key }) => admin.keySecret("rotateKey", { id: key.id }),
    (lines) => lines.some(({ secrets }) => secrets?.length === 2),
  ],
  [
    "OWNER_UPDATED",
    ({ admin, owner }) => admin.user("updateUser", { id: owner.id, name: "New name" }),
    (lines) => lines.some(({ type, name }) => type === "owner" && name === "New name"),
  ],
  [
    "OWNER_DISABLED",
    ({ admin, owner }) => admin.user("disableUser", { id: owner.id }),
    (lines) => lines.some(({ type, status }) => type === "owner" && status === "DISABLED"),
  ],
  [
    "TENANT_SUSPENDED",
    ({ tenant }, root) => root.tenant("suspendTenant", { id: tenant.id }),
    (lines) => lines.some(({ type, status }) => type === "tenant" && status === "SUSPENDED"),
  ],
];

describe("whoever has heard of a change, and then asks any server for records, gets the change", () => {
  test("by hash, by id and in a snapshot, for every kind of change", async () => {
    const { world, elsewhere } = await twoServers();
    const reader = await EventFollower.open(world.root);
    await reader.current();
    for (const [type, change, isThere] of changes) {
      const story = await world.tenantWithKey();
      const hashes = [createHash("sha256").update(story.secret).digest("hex")];
      const bodies = [{ hashes }, { keyIds: [story.key.id] }, { tenantId: story.tenant.id }, {}];
      // In the memory of the other server, too: what it remembers must not answer.
      expect((await elsewhere.verify(story.secret)).code).toBe("VALID");
      for (const body of bodies) {
        const lines = await readRecords(elsewhere, body);
        expect(isThere(lines.filter(ofStory(story)), story)).toBe(false);
      }
      ok((await change(story, world.root)) as { __typename: string });
      while ((await reader.next()).type !== type);
      for (const body of bodies) {
        const lines = await readRecords(elsewhere, body);
        expect(`${type}: ${isThere(lines.filter(ofStory(story)), story)}`).toBe(`${type}: true`);
      }
    }
    reader.close();
  });

  test("and however many changes follow each other: no answer is older than the event before it", async () => {
    const { world, elsewhere } = await twoServers();
    const { admin, key } = await world.tenantWithKey();
    const reader = await EventFollower.open(world.root, { keyIds: [key.id] });
    for (let round = 1; round <= 30; round++) {
      const changing = admin.key("updateKey", { id: key.id, name: `Name ${round}` });
      await reader.next();
      const [, , line] = await readRecords(elsewhere, { keyIds: [key.id] });
      expect(line.name).toBe(`Name ${round}`);
      ok(await changing);
    }
    reader.close();
  });
});

/** The lines of one story among those of all. */
function ofStory({ tenant, owner, key }: Story): (line: Line) => boolean {
  const ids: readonly string[] = [tenant.id, owner.id, key.id];
  return ({ id }) => ids.includes(id);
}
