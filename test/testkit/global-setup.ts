import type { TestProject } from "vitest/node";
import { startServedPostgres } from "../../packages/server/prisma/served-postgres.js";

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
  const postgres = await startServedPostgres({ max_connections: "200" });
  project.provide("postgresUrl", postgres.url);
  return () => postgres.stop();
}
