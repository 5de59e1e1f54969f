import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Database, openDatabase } from "./database.js";
import type { Db } from "./index.js";
import { StartupError } from "./startup-error.js";

/** How large each file of the log is. */
const megabytesOfSegment = 16;

describe("the embedded database", () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), "keyplane-data-"));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const open = (): Promise<Database> => openDatabase({ databaseUrl: null, dataDir });
  const record = (
    id: string,
  ): { id: string; inputHash: string; targetId: string; hasSecret: boolean; createdAt: Date } => ({
    id,
    inputHash: "hash",
    targetId: "target",
    hasSecret: false,
    createdAt: new Date("2026-10-25T00:30:00.123Z"),
  });

  test("keeps what was written, to the millisecond, and gives the folder free when it closes", async () => {
    const first = await open();
    expect(first.kind).toBe("embedded");
    await first.prisma.idempotencyRecord.create({ data: record("kept") });
    await first.close();
    expect(readdirSync(dataDir)).toEqual(["postgres"]);

    const second = await open();
    expect(await second.prisma.idempotencyRecord.findMany()).toMatchObject([record("kept")]);
    await second.close();
  });

  test("comes up without a template too", async () => {
    const database = await openDatabase({ databaseUrl: null, dataDir, template: null });
    expect(await database.prisma.tenant.count()).toBe(0);
    await database.close();
  });

  test("keeps its log short, however much is written while it runs", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const database = await open();
      const log = join(dataDir, "postgres", "pg_wal");
      const megabytes = () =>
        readdirSync(log, { withFileTypes: true }).filter((entry) => entry.isFile()).length * megabytesOfSegment;
      await database.prisma
        .$executeRaw`CREATE TABLE "Scratch" AS SELECT repeat('x', 1000) AS text FROM generate_series(1, 5000)`;
      for (let time = 0; time < 30; time++) {
        // Some 10 MB of log.
        await database.prisma.$executeRaw`UPDATE "Scratch" SET text = repeat(${String(time % 10)}, 1000)`;
        vi.advanceTimersByTime(60_000);
        // Answered after what the timer has begun.
        await database.ping();
      }
      await expect.poll(megabytes).toBeLessThanOrEqual(8 * megabytesOfSegment);
      await database.close();
    } finally {
      vi.useRealTimers();
    }
  });

  test("a first start that was interrupted is begun again", async () => {
    mkdirSync(join(dataDir, "postgres.new"));
    writeFileSync(join(dataDir, "postgres.new", "PG_VERSION"), "18\n");
    const database = await open();
    await database.ping();
    await database.close();
    expect(readdirSync(dataDir)).toEqual(["postgres"]);
  });

  test("a rejected transaction leaves nothing, a resolved one everything, and the next one works", async () => {
    const database = await open();
    const write = (id: string, fail: boolean): Promise<void> =>
      database.transaction(async (tx) => {
        await tx.idempotencyRecord.create({ data: record(id) });
        if (fail) throw new Error("changed my mind");
      });
    const results = await Promise.allSettled([
      write("a", true),
      write("b", false),
      write("c", true),
      write("d", false),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected", "fulfilled"]);
    expect((await database.prisma.idempotencyRecord.findMany()).map(({ id }) => id).sort()).toEqual(["b", "d"]);
    await database.close();
  });

  test("requests get their turn between statements that follow one another, in a transaction too", async () => {
    const database = await openDatabase({ databaseUrl: null, dataDir: null });
    const statements = 20;
    const turnsDuring = async (work: () => Promise<unknown>): Promise<number> => {
      let turns = 0;
      const count = (): void => {
        turns += 1;
        pending = setImmediate(count);
      };
      let pending = setImmediate(count);
      await work();
      clearImmediate(pending);
      return turns;
    };
    const read = async (db: Db) => {
      for (let time = 0; time < statements; time++) await db.idempotencyRecord.count();
    };
    expect(await turnsDuring(() => read(database.prisma))).toBeGreaterThanOrEqual(statements);
    expect(await turnsDuring(() => database.transaction(read))).toBeGreaterThanOrEqual(statements);
    await database.close();
  });

  test("closing twice is no error", async () => {
    const database = await openDatabase({ databaseUrl: null, dataDir: null });
    await Promise.all([database.close(), database.close()]);
    await expect(database.close()).resolves.toBeUndefined();
  });

  test("a folder that holds something else is refused, and stays free", async () => {
    mkdirSync(join(dataDir, "postgres"));
    writeFileSync(join(dataDir, "postgres", "PG_VERSION"), "9.6\n");
    const error = await open().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(StartupError);
    expect(String(error)).toContain(`The database in ${dataDir} does not open (`);
    expect(readdirSync(dataDir)).toEqual(["postgres"]);
  });

  test("a second process on one folder is refused with the holder's number, until the first is killed", async () => {
    const { child, answer } = openInAnotherProcess(dataDir);
    expect(await answer).toBe("open");
    await expect(open()).rejects.toThrow(
      `The data folder ${dataDir} is in use by another Keyplane (process ${child.pid}, since `,
    );
    child.kill("SIGKILL");
    await once(child, "exit");
    const database = await open();
    expect(await database.prisma.idempotencyRecord.count()).toBe(1); // what the other one had been told is written
    await database.close();
  });
});

/** Opens a folder in a process of its own, writes one record, says so, and stays. */
function openInAnotherProcess(dataDir: string): { child: ReturnType<typeof spawn>; answer: Promise<string> } {
  const module = new URL("./database.ts", import.meta.url).href;
  const script = `
    const { openDatabase } = await import(${JSON.stringify(module)});
    const { prisma } = await openDatabase({ databaseUrl: null, dataDir: ${JSON.stringify(dataDir)} });
    await prisma.idempotencyRecord.create({ data: { id: "theirs", inputHash: "h", targetId: "t", hasSecret: false, createdAt: new Date() } });
    console.log("open");
    setInterval(() => {}, 1000);
  `;
  const root = fileURLToPath(new URL("../../../../..", import.meta.url));
  const args = ["--conditions=source", "--import", "tsx", "--input-type=module", "--eval", script];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  return { child, answer: once(child.stdout, "data").then(([data]) => String(data).trim()) };
}
