import { PGlite, type PGliteOptions } from "@electric-sql/pglite";
import { createCheckpoints } from "./checkpoints.js";
import type { Engine } from "./engine.js";
import type { MigrationConnection } from "./migrate.js";
import { adapterOf } from "./pglite-adapter.js";
import { noSignals } from "./signals.js";

/**
 * PGlite asks for 160 MB of shared buffers. The system caches the files a second time below it, so most of that buys
 * nothing; 32 MB save 100 MB of memory.
 */
const START_PARAMETERS = [...PGlite.defaultStartParams, "-c", "shared_buffers=32MB"];

/**
 * A prepared database: the files of a PGlite with all migrations applied, as the tar that `dumpDataDir` makes. Starting from
 * it takes a second and 350 MB; building a database from nothing takes five to ten and 900 MB. Not compressed, because
 * that costs each start half a second and saves only 36 MB of a cache.
 */
export type Template = Uint8Array<ArrayBuffer>;

/** Opens PGlite in memory, for tests and trials: everything is gone when it closes. */
export async function openInMemory(template: Template | null): Promise<Engine> {
  return engineOf(await open(template ? { loadDataDir: new Blob([template]) } : {}));
}

/** Opens PGlite, PostgreSQL in this process with one connection, on a folder that the caller has locked. */
export async function openOnDisk(folder: string): Promise<Engine> {
  return engineOf(await open({ dataDir: folder }));
}

/** What migrations need of a PGlite that nobody else uses yet. */
export function connectionOf(pglite: PGlite): MigrationConnection {
  return {
    exec: async (sql) => {
      await pglite.exec(sql);
    },
    query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
      (await pglite.query<Row>(sql, [...parameters])).rows,
  };
}

function open(options: PGliteOptions): Promise<PGlite> {
  return PGlite.create({ ...options, startParams: START_PARAMETERS });
}

async function engineOf(pglite: PGlite): Promise<Engine> {
  // The adapter drops the offset of a timestamp; only in UTC is that no loss.
  await pglite.exec("SET TIME ZONE 'UTC'");
  return {
    kind: "embedded",
    adapter: adapterOf(pglite),
    migrating: (work) => work(connectionOf(pglite)),
    signals: noSignals,
    upkeep: await createCheckpoints(pglite),
    close: async () => {
      if (!pglite.closed) await pglite.close();
    },
  };
}
