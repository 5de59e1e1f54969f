import type { TestProject } from "vitest/node";
import { startServedPostgres } from "../../packages/server/prisma/served-postgres.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** The PostgreSQL servers that tests make their databases on, one for each worker; empty: embedded databases are used. */
    postgresUrls: readonly string[];
  }
}

/**
 * Starts the PostgreSQL that the run asks for. Each worker has a server of its own: an open transaction of one test delays the
 * final order of events in every database of its server, and tests that run at the same time must not meet.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const served = process.env.TEST_DATABASE_URL;
  if (served || process.env.TEST_DATABASE !== "postgresql") {
    project.provide("postgresUrls", served ? [served] : []);
    return undefined;
  }
  const servers: Awaited<ReturnType<typeof startServedPostgres>>[] = [];
  // One after the other: each looks for a free port.
  while (servers.length < project.vitest.config.maxWorkers)
    servers.push(await startServedPostgres({ max_connections: "200" }));
  const urls = servers.map(({ url }) => url);
  project.provide("postgresUrls", urls);
  return async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
}
