/**
 * Prisma's schema engine without its native binary: the WebAssembly build that Prisma ships for driver adapters, with an
 * in-memory PGlite as the shadow database. Tooling only; the server itself never loads it.
 */
import { readFile } from "node:fs/promises";
import { PGlite } from "@electric-sql/pglite";
import { bindMigrationAwareSqlAdapterFactory, type SqlDriverAdapter } from "@prisma/driver-adapter-utils";
import * as bindings from "@prisma/schema-engine-wasm/schema_engine_bg";
import { PrismaPGlite } from "pglite-prisma-adapter";

/** Declared by the DOM's types only, which nothing else here should see. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
};

/** Prisma's own glue imports the .wasm file as a module, which Node 20 cannot; so it is loaded by hand, once. */
async function loadEngine(): Promise<typeof bindings.SchemaEngine> {
  const glue = import.meta.resolve("@prisma/schema-engine-wasm/schema_engine_bg");
  const bytes = await readFile(new URL("./schema_engine_bg.wasm", glue));
  const { instance } = await WebAssembly.instantiate(bytes, { "./schema_engine_bg.js": { ...bindings } });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return bindings.SchemaEngine;
}

/** pglite-prisma-adapter starts a script without awaiting it, so that an error in a migration would pass unseen. */
class ShadowFactory extends PrismaPGlite {
  constructor(private readonly shadow: PGlite) {
    super(shadow);
  }

  override async connect(): Promise<SqlDriverAdapter> {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      await this.shadow.exec(script);
    };
    return adapter;
  }

  override connectToShadowDb(): Promise<SqlDriverAdapter> {
    return this.connect();
  }
}

/** A Prisma schema file and the migrations that should lead to it. */
export interface MigrationsToCompare {
  readonly schema: { readonly path: string; readonly content: string };
  readonly migrationsFolder: string;
  readonly migrations: readonly { readonly name: string; readonly sql: string }[];
}

/**
 * The SQL that leads from what the migrations make to what the schema says; null when they agree.
 *
 * @throws Error when a migration does not run on an empty database, or the schema is invalid.
 */
export async function diffMigrations(input: MigrationsToCompare): Promise<string | null> {
  const shadow = await PGlite.create();
  try {
    const engine = await engineOn(shadow, input);
    const { exitCode, stdout } = await engine.diff({
      from: { tag: "migrations", ...listOf(input) },
      to: { tag: "schemaDatamodel", files: [{ ...input.schema }] },
      script: true,
      exitCode: true, // 2: they differ
      filters: NO_FILTERS,
    });
    return exitCode === 2 ? stdout : null;
  } finally {
    await shadow.close();
  }
}

/** What Prisma itself finds in the migration history of a database: null where all is well. */
export async function diagnoseHistory(
  database: PGlite,
  input: MigrationsToCompare,
): Promise<bindings.DiagnoseMigrationHistoryOutput> {
  const engine = await engineOn(database, input);
  return engine.diagnoseMigrationHistory({
    migrationsList: listOf(input),
    optInToShadowDatabase: false,
    filters: NO_FILTERS,
  });
}

const NO_FILTERS = { externalTables: [], externalEnums: [] };

async function engineOn(database: PGlite, { schema }: MigrationsToCompare): Promise<bindings.SchemaEngine> {
  const adapter = bindMigrationAwareSqlAdapterFactory(new ShadowFactory(database));
  const SchemaEngine = await loadEngine();
  return SchemaEngine.new({ datamodels: [[schema.path, schema.content]] }, () => {}, adapter);
}

function listOf({ migrationsFolder, migrations }: MigrationsToCompare): bindings.MigrationList {
  return {
    baseDir: migrationsFolder,
    lockfile: { path: "migration_lock.toml", content: 'provider = "postgresql"\n' },
    shadowDbInitScript: "",
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: "migration.sql", content: { tag: "ok", value: sql } },
    })),
  };
}
