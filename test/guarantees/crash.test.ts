import { openDatabase } from "@keyplane/server";
import { Caller, describe, expect, mutate, ok, test } from "../testkit/index.js";
import { newHome, type ServerProcess, startProcess } from "../testkit/server-process.js";

/** What was acknowledged last when the server is killed, in each round: the moment at which most is at stake. */
const lastWords = ["revokeKey", "disableKey", "rotateKey", "createKey"];
const writers = 6;
const rootToken = "root-token-of-the-crash-test-0001";

/** What was acknowledged of a key: the verdict that each of its secrets must have from then on. */
interface Acknowledged {
  readonly keyId: string;
  readonly verdicts: Map<string, string>;
  /** A change was sent whose answer never came: it may have happened or not. */
  open: string | null;
}

/** Creates, rotates, revokes and disables keys, one after another, until the server is gone. */
async function write(
  caller: Caller,
  where: { tenantId: string; ownerId: string },
  known: Acknowledged[],
  tick: (acknowledged: string) => void,
) {
  for (let step = 0; ; step++) {
    const created = ok(await caller.keySecret("createKey", { ...where, name: "Key" }));
    const entry: Acknowledged = { keyId: created.key.id, verdicts: new Map([[created.secret, "VALID"]]), open: null };
    known.push(entry);
    tick("createKey");
    const change = (["rotateKey", "revokeKey", "disableKey", null] as const)[step % 4] ?? null;
    if (change === null) continue;
    entry.open = change;
    if (change === "rotateKey") {
      const rotated = ok(await caller.keySecret(change, { id: entry.keyId }));
      entry.verdicts.set(created.secret, "SUPERSEDED").set(rotated.secret, "VALID");
    } else {
      // Asks for nothing more: a field that reads would wait for the commit on a database with one connection.
      ok(await mutate(caller.url, caller.token, change, { id: entry.keyId, reason: "crash" }, "key { id }"));
      entry.verdicts.set(created.secret, change === "revokeKey" ? "REVOKED" : "DISABLED");
    }
    entry.open = null;
    tick(change);
  }
}

/** Writes from all sides and kills the process in the midst of it, at the answer to one change after so many others. */
async function writeUntilKilled(server: ServerProcess, after: number, last: string): Promise<Acknowledged[]> {
  const root = new Caller(server.url, rootToken);
  const slug = `crash-${server.pid}`;
  const { tenant } = ok(await root.tenant("createTenant", { slug, name: "Crash" }));
  const known: Acknowledged[] = [];
  let acknowledged = 0;
  let killed = false;
  const tick = (what: string) => {
    acknowledged += 1;
    if (killed || acknowledged < after || what !== last) return;
    killed = true;
    process.kill(server.pid, "SIGKILL");
  };
  const work = Array.from({ length: writers }, async (_, index) => {
    const email = `writer-${index}@example.com`;
    const { user } = ok(await root.user("createUser", { tenantId: tenant.id, email, name: "Writer" }));
    // Ends when the connection breaks.
    await write(root, { tenantId: tenant.id, ownerId: user.id }, known, tick);
  });
  const endings = await Promise.allSettled(work);
  expect((await server.ended).code).toBeNull();
  for (const ending of endings) {
    // Only a broken connection may end a writer: a refusal would be a fault.
    expect(ending).toMatchObject({
      status: "rejected",
      reason: { message: expect.stringMatching(/fetch failed|terminated/) },
    });
  }
  expect(acknowledged).toBeGreaterThanOrEqual(after);
  return known;
}

const outcomes: Readonly<Record<string, string>> = {
  rotateKey: "SUPERSEDED",
  revokeKey: "REVOKED",
  disableKey: "DISABLED",
};

async function expectAllKept(caller: Caller, known: readonly Acknowledged[]): Promise<void> {
  for (const { verdicts, open } of known) {
    for (const [secret, expected] of verdicts) {
      const { code } = await caller.verify(secret);
      expect(code).toBeOneOf(open === null ? [expected] : [expected, outcomes[open]]);
    }
  }
}

describe("a server that is killed with SIGKILL in the midst of writing", () => {
  test("has everything that it acknowledged when it starts again, and nothing half done", async () => {
    const home = await newHome();
    const environment = { ...home.environment, KEYPLANE_ROOT_TOKEN: rootToken };
    const known: Acknowledged[] = [];
    let server = await startProcess(environment);
    for (const last of lastWords) {
      known.push(...(await writeUntilKilled(server, 20 + Math.floor(Math.random() * 40), last)));
      server = await startProcess(environment);
      await expectAllKept(new Caller(server.url, rootToken), known);
    }
    await server.end("SIGKILL");
    expect(known.filter(({ open }) => open === null).length).toBeGreaterThan(lastWords.length);

    const databaseUrl = home.environment["DATABASE_URL"] ?? null;
    const database = await openDatabase({ databaseUrl, dataDir: home.dataDir });
    const [keys, secrets, audit, events] = await Promise.all([
      database.prisma.key.findMany(),
      database.prisma.keySecret.findMany(),
      database.prisma.auditRecord.findMany(),
      database.prisma.event.findMany(),
    ]);
    expect(keys.map(({ id }) => id)).toEqual(expect.arrayContaining(known.map(({ keyId }) => keyId)));
    for (const key of keys) {
      const count = (action: string) => audit.filter((row) => row.targetId === key.id && row.action === action).length;
      const told = (type: string) => events.filter((row) => row.keyId === key.id && row.type === type).length;
      const own = secrets.filter(({ keyId }) => keyId === key.id);
      expect([count("key.created"), told("CREATED")]).toEqual([1, 1]);
      expect([own.length, key.secretVersion]).toEqual([1 + count("key.rotated"), 1 + told("ROTATED")]);
      expect(own.filter(({ supersededAt }) => supersededAt === null)).toHaveLength(1);
      expect([count("key.revoked"), told("REVOKED")]).toEqual(key.revokedAt ? [1, 1] : [0, 0]);
      expect([count("key.disabled"), told("DISABLED")]).toEqual(key.disabledAt ? [1, 1] : [0, 0]);
    }
    await database.close();
    await home.remove();
  }, 300_000);
});
