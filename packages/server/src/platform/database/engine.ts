import type { SqlDriverAdapterFactory } from "@prisma/driver-adapter-utils";
import type { MigrationConnection } from "./migrate.js";
import type { Signals } from "./signals.js";

/** What a kind of PostgreSQL brings to the database: a driver for Prisma, a connection to migrate on, an end. */
export interface Engine {
  readonly kind: "embedded" | "postgresql";
  readonly adapter: SqlDriverAdapterFactory;
  /** Lends a connection that nobody else uses until `work` has ended. */
  migrating<T>(work: (connection: MigrationConnection) => Promise<T>): Promise<T>;
  /** Wakes other processes on the same database. */
  readonly signals: Signals;
  /** What it does not do by itself, to be done once a minute; left out: nothing. */
  readonly upkeep?: () => Promise<void>;
  close(): Promise<void>;
}
