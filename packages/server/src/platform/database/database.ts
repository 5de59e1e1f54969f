import type { Logger } from "../logger.js";
import { type Prisma, PrismaClient } from "./_generated/client.js";
import { openInMemory, type Template } from "./embedded-engine.js";
import { openDataFolder } from "./embedded-folder.js";
import type { Engine } from "./engine.js";
import { migrate } from "./migrate.js";
import { type MigrationFile, readMigrations } from "./migration-files.js";
import { openServed } from "./served-engine.js";
import type { Signals } from "./signals.js";
import { loadTemplate } from "./template.js";

/** How long a transaction may wait for its turn (PGlite has one connection), and how long it may then take. */
const TRANSACTION_LIMITS = { maxWait: 15_000, timeout: 15_000 };

/** How often the database does what no process of its own does for it, in milliseconds. */
const upkeepEveryMs = 60_000;

/** An open database whose schema is this build's. */
export interface Database {
  /** `postgresql` for a served one; `embedded` for PGlite in this process. */
  readonly kind: Engine["kind"];
  readonly prisma: PrismaClient;
  /**
   * Runs `work` in one transaction: committed when it resolves, undone when it rejects. Inside, use only `tx`: on PGlite
   * the outer client would wait for the transaction that waits for it, and on a served one it would escape it.
   */
  transaction<T>(work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T>;
  /** Wakes other processes on the same database. */
  readonly signals: Signals;
  /** Resolves when the database answers; rejects when it does not. */
  ping(): Promise<void>;
  /** Ends all connections and gives the data folder free. Safe to call twice. */
  close(): Promise<void>;
}

/** Which database to open. */
export interface DatabaseOptions {
  /** The address of a served PostgreSQL; null for an embedded one. */
  readonly databaseUrl: string | null;
  /** Where an embedded database keeps its files, below `postgres/`; null keeps it in memory. */
  readonly dataDir: string | null;
  /** What a new embedded database begins with. Default: the template that set-up has made; null: none. */
  readonly template?: Template | null;
  /** Default: this build's. */
  readonly migrations?: readonly MigrationFile[];
  readonly logger?: Pick<Logger, "info" | "warn">;
}

/**
 * Opens a database, makes it when there is none, and applies the migrations that it lacks.
 *
 * @throws StartupError, whose message tells a person what is wrong and what to do.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const engine = await openEngine(options);
  try {
    const applied = await engine.migrating((connection) => migrate(connection, options.migrations ?? readMigrations()));
    if (applied.length > 0) options.logger?.info({ migrations: applied }, "database migrated");
  } catch (error) {
    await engine.close();
    throw error;
  }
  return databaseOf(engine, options.logger);
}

function openEngine({ databaseUrl, dataDir, logger, ...options }: DatabaseOptions): Promise<Engine> {
  if (databaseUrl !== null) {
    return openServed(databaseUrl, (reason) => logger?.warn({ reason }, "connection to the database lost"));
  }
  // Read only when it is needed: 40 MB that no second start has a use for.
  const template = (): Template | null => (options.template === undefined ? loadTemplate() : options.template);
  if (dataDir === null) return openInMemory(template());
  return openDataFolder(dataDir, template, (reason) =>
    logger?.warn(
      { reason },
      "the lock of the data folder cannot be touched; on a shared volume another process may take it",
    ),
  );
}

function databaseOf(engine: Engine, logger: DatabaseOptions["logger"]): Database {
  const prisma = new PrismaClient({ adapter: engine.adapter, errorFormat: "minimal" });
  let upkeep: Promise<void> = Promise.resolve();
  const keepUp = (): void => {
    upkeep = upkeep
      .then(engine.upkeep)
      .catch((err: unknown) => logger?.warn({ err }, "the upkeep of the database has failed; it is tried again"));
  };
  const timer = engine.upkeep && setInterval(keepUp, upkeepEveryMs).unref();
  let closed: Promise<void> | undefined;
  return {
    kind: engine.kind,
    prisma,
    transaction: (work) => prisma.$transaction(work, TRANSACTION_LIMITS),
    signals: engine.signals,
    ping: async () => {
      await prisma.$queryRaw`SELECT 1`;
    },
    close: () => {
      clearInterval(timer);
      closed ??= upkeep.then(() => prisma.$disconnect()).then(() => engine.close());
      return closed;
    },
  };
}
