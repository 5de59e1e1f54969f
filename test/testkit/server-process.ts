import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openTestDatabase, postgresUrl } from "./database.js";
import { openUsageStore } from "./usage-store.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Long enough for a slow machine; only a server that hangs takes it. */
const deadlineMs = 90_000;

/** How a process ended, and what it said. */
export interface Ended {
  /** null: a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A server in a process of its own, as an operator runs it. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** All that it has printed so far. */
  readonly output: Ended;
  readonly hasEnded: boolean;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Ended>;
  readonly ended: Promise<Ended>;
}

/** A test that fails leaves no server behind: it would take a core and memory from all that come after it. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

let compiled = false;

/** Compiles what `npm start` would compile; at once when it is current. */
export function compileServer(): void {
  if (compiled) return;
  const result = spawnSync(process.execPath, ["scripts/setup.mjs"], { cwd: root, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`The server does not compile:\n${result.stderr}`);
  compiled = true;
}

/** Runs the server's program with these variables and no others, until it ends by itself. */
export async function runServer(environment: Record<string, string>, args: string[] = []): Promise<Ended> {
  const child = launch(environment, args);
  const timer = setTimeout(() => child.process.kill("SIGKILL"), deadlineMs);
  const ended = await child.ended;
  clearTimeout(timer);
  return ended;
}

/** Starts the server's program on a free port. @throws Error with what it printed, when it does not come to listen. */
export async function startProcess(environment: Record<string, string>): Promise<ServerProcess> {
  const child = launch({ PORT: "0", ...environment }, []);
  let timer: NodeJS.Timeout | undefined;
  const port = await new Promise<number>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${why}\n${child.output().stdout}\n${child.output().stderr}`));
    timer = setTimeout(() => {
      child.process.kill("SIGKILL");
      fail("the server did not come to listen");
    }, deadlineMs);
    child.process.stdout?.on("data", () => {
      const line = /^\{.*"msg":"listening".*\}$/m.exec(child.output().stdout)?.[0];
      if (line) resolve((JSON.parse(line) as { port: number }).port);
    });
    child.ended.then(() => fail("the server ended")).catch(reject);
  }).finally(() => clearTimeout(timer));
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.process.pid ?? 0,
    get output() {
      return child.output();
    },
    get hasEnded() {
      return child.process.exitCode !== null || child.process.signalCode !== null;
    },
    ended: child.ended,
    end(signal) {
      child.process.kill(signal);
      const timer = setTimeout(() => child.process.kill("SIGKILL"), deadlineMs);
      return child.ended.finally(() => clearTimeout(timer));
    },
  };
}

function launch(environment: Record<string, string>, args: string[]) {
  compileServer();
  const child: ChildProcess = spawn(process.execPath, [join(root, "packages/server/dist/main.js"), ...args], {
    env: { PATH: process.env["PATH"] ?? "", NODE_ENV: "production", ...environment },
    cwd: tmpdir(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const output = (): Ended => ({ code: child.exitCode, stdout, stderr });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      running.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
  return { process: child, output, ended };
}

/** Where a server keeps what it has: a folder, and on a run with PostgreSQL or MongoDB a database there. */
export interface Home {
  readonly dataDir: string;
  /** What makes a server use it. */
  readonly environment: Record<string, string>;
  remove(): Promise<void>;
}

/** A new home with nothing in it. */
export async function newHome(): Promise<Home> {
  const dataDir = mkdtempSync(join(tmpdir(), "keyplane-home-"));
  const database = postgresUrl === null ? null : await openTestDatabase();
  const usageStore = openUsageStore();
  return {
    dataDir,
    environment: {
      KEYPLANE_DATA_DIR: dataDir,
      ...(database?.url ? { DATABASE_URL: database.url } : {}),
      ...(usageStore ? { MONGODB_URL: usageStore.url } : {}),
    },
    async remove() {
      await database?.close();
      await usageStore?.drop();
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}
