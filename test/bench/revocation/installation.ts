import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startServedPostgres } from "../../../packages/server/prisma/served-postgres.js";
import type { Target } from "./verifier.js";

const program = fileURLToPath(new URL("../../../packages/server/dist/main.js", import.meta.url));
const token = "the-root-token-of-the-benchmark-000";

/** Two server processes on one PostgreSQL, which is as durable as it is by itself. */
export interface Installation {
  readonly targets: readonly [Target, Target];
  stop(): Promise<void>;
}

/** @param flags of Node for the servers, such as `--cpu-prof`. */
export async function startInstallation(flags: readonly string[] = []): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), "keyplane-bench-"));
  const postgres = await startServedPostgres({}, { durable: true });
  const servers: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map(end));
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const start = async (name: string): Promise<Target> => {
    const server = spawn(process.execPath, [...flags, program], {
      env: {
        PATH: process.env.PATH,
        NODE_ENV: "production",
        PORT: "0",
        DATABASE_URL: databaseUrl,
        KEYPLANE_DATA_DIR: join(folder, name),
        KEYPLANE_ENCRYPTION_KEY: "5".repeat(64),
        KEYPLANE_ROOT_TOKEN: token,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    servers.push(server);
    return { url: `http://127.0.0.1:${await portOf(server)}`, token };
  };
  const databaseUrl = await postgres.createDatabase("bench");
  try {
    return { targets: [await start("first"), await start("second")], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function portOf(server: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = "";
    server.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const port = /"port":(\d+)/.exec(output)?.[1];
      if (port) resolve(Number(port));
    });
    server.once("exit", (code) => reject(new Error(`a server of the benchmark ended with ${code}: ${output}`)));
  });
}

function end(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null) return resolve();
    server.once("exit", () => resolve());
    server.kill("SIGTERM");
  });
}
