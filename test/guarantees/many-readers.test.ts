import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterEach } from "vitest";
import { postgresUrl } from "../testkit/database.js";
import { EventStream } from "../testkit/event-stream.js";
import { Caller, describe, expect, ok, test } from "../testkit/index.js";
import { keyEventsDocument } from "../testkit/key-events.js";
import { newHome, startProcess } from "../testkit/server-process.js";
import { faultOf, readTruth } from "./faults/check.js";
import type { Stretch } from "./faults/reader.js";

// The embedded database has one process only, and this is about many on one PostgreSQL.
const withoutPostgres = postgresUrl === null;
const reason = "needs PostgreSQL: TEST_DATABASE=postgresql";
const rootToken = "root-token-of-the-many-readers-01";

const readers = 1_000;
const processes = 2;
/** Those who stop reading: so many that memory would show it if what they do not take were kept for them. */
const slowReaders = 20;
/** Twice what a server remembers. */
const flood = 20_000;
/** So large that, of what a server does not remember any more, no buffer of the network takes all: 80 MB altogether. */
const eventBytes = 4_000;
/** Growth that passes, in MB: what one reader was not given yet, 20 times, is more. */
const growthMb = 250;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function answerOf<Answer>(child: ChildProcess, question?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a process of readers ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message as Answer);
    });
    if (question) child.send(question);
  });
}

/** Readers in processes of their own, half of each at either server. They ask for revocations only. */
async function startReaders(urls: readonly string[]): Promise<readonly ChildProcess[]> {
  const targets = JSON.stringify(urls.map((url) => ({ url, token: rootToken })));
  const program = fileURLToPath(new URL("../bench/revocation/verifiers.ts", import.meta.url));
  const execArgv = ["--conditions=source", "--import", "tsx"];
  const children = Array.from({ length: processes }, () =>
    fork(program, ["stream", String(readers / processes), targets], { execArgv }),
  );
  cleanups.push(() => children.map((child) => child.kill("SIGKILL")));
  await Promise.all(children.map((child) => answerOf(child)));
  return children;
}

/** How many readers have heard that a key was revoked. */
async function heardOf(children: readonly ChildProcess[], keyId: string): Promise<number> {
  const times = await Promise.all(children.map((child) => answerOf<number[]>(child, { refusalsOf: keyId })));
  return times.flat().length;
}

/** One who asks for everything and takes nothing, until it is asked for the rest. */
async function stopReading(url: string) {
  const args = { after: "" };
  const stream = await EventStream.open(url, rootToken, keyEventsDocument(args), args);
  cleanups.push(() => stream.close());
  const start = (await stream.next())?.data.keyEvents.cursor as string;
  const stretches: Stretch[] = [{ after: start, openedAt: 0, cursors: [], endedBy: null }];
  return {
    stretches,
    /** Reads on, up to the revocation of a key, or until it is told that it has missed something. */
    async readOn(lastKeyId: string): Promise<void> {
      for (;;) {
        const { __typename, cursor, code, type, keyId } = (await stream.next())?.data.keyEvents ?? {};
        const last = stretches.at(-1) as Stretch;
        if (__typename === "ResyncRequired") {
          last.endedBy = code;
          stretches.push({ after: cursor, openedAt: 0, cursors: [], endedBy: null });
          return;
        }
        last.cursors.push(cursor);
        if (type === "REVOKED" && keyId === lastKeyId) return;
      }
    },
  };
}

/** Resident memory of a process, in MB; null where the system does not tell. */
function memoryOf(pid: number): number | null {
  if (process.platform !== "linux") return null;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_000;
}

describe("with 1,000 readers at two server processes", () => {
  test("those who stop reading delay nobody, cost no memory, and are told what they missed", async ({ skip }) => {
    skip(withoutPostgres, reason);
    const [home, other] = [await newHome(), await newHome()];
    cleanups.push(async () => Promise.all([home.remove(), other.remove()]));
    const environment: Record<string, string> = { ...home.environment, KEYPLANE_ROOT_TOKEN: rootToken };
    const server = await startProcess(environment);
    cleanups.push(() => server.end("SIGKILL"));
    const second = await startProcess({ ...environment, KEYPLANE_DATA_DIR: other.dataDir });
    cleanups.push(() => second.end("SIGKILL"));

    const root = new Caller(second.url, rootToken);
    const { tenant } = ok(await root.tenant("createTenant", { slug: "many", name: "Many" }));
    const { user } = ok(await root.user("createUser", { tenantId: tenant.id, email: "a@example.com", name: "User" }));
    const createKey = async (): Promise<string> =>
      ok(await root.keySecret("createKey", { tenantId: tenant.id, ownerId: user.id, name: "Key" })).key.id;
    const children = await startReaders([server.url, second.url]);
    const revoke = async (): Promise<string> => {
      const id = await createKey();
      ok(await root.key("revokeKey", { id, reason: "many" }));
      await expect.poll(() => heardOf(children, id), { timeout: 120_000, interval: 100 }).toBe(readers);
      return id;
    };
    const updated = await revoke();

    const slow = await Promise.all(Array.from({ length: slowReaders }, () => stopReading(server.url)));
    const before = memoryOf(server.pid);
    const client = new Client({ connectionString: environment["DATABASE_URL"] });
    await client.connect();
    cleanups.push(() => client.end());
    const elsewhere = await stopReading(second.url);
    for (let count = 0; count < flood; count += 1_000) {
      await client.query(
        `INSERT INTO "Event" ("id", "type", "tenantId", "keyId", "userId", "reason", "occurredAt")
         SELECT 'evt_flood' || lpad(n::text, 19, '0'), 'UPDATED', $1, $2, $3, repeat('r', $4::int), now()
         FROM generate_series($5::int, $5::int + 999) AS n`,
        [tenant.id, updated, user.id, eventBytes, count],
      );
      // In the midst of it, while nobody takes what is in the network's buffers.
      if (count % 5_000 === 0) await revoke();
    }
    const last = await revoke();
    // All of them at the same server: whatever it had kept for them would show.
    const after = memoryOf(server.pid);
    if (before !== null && after !== null) expect(after - before).toBeLessThan(growthMb);

    const stopped = [...slow, elsewhere];
    await Promise.all(stopped.map((reader) => reader.readOn(last)));
    const end = await revoke();
    await Promise.all(stopped.map((reader) => reader.readOn(end)));
    const truth = await readTruth(environment["DATABASE_URL"] ?? "");
    const stretches = stopped.flatMap((reader) => reader.stretches);
    for (const stretch of stretches) expect(faultOf(stretch, truth, [])).toBeNull();
    const told = stretches.flatMap(({ endedBy }) => endedBy ?? []);
    expect(new Set(told)).toEqual(new Set(["READER_TOO_SLOW"]));
    console.log(
      `${told.length} of ${slowReaders + 1} were told; memory ${before?.toFixed(0)} MB, then ${after?.toFixed(0)}`,
    );
  }, 600_000);
});
