/** The face of the database: what the rest of the server may use of it. */
import type { Prisma, PrismaClient } from "./_generated/client.js";

export * from "./_generated/client.js";
export { type Database, type DatabaseOptions, openDatabase } from "./database.js";
export { isDatabaseAway } from "./database-away.js";
export type { Signals } from "./signals.js";
export { StartupError } from "./startup-error.js";
export { loadTemplate } from "./template.js";
export { isUniqueViolation } from "./unique-violation.js";

/** The handle inside `Database.transaction`: what it writes commits together or not at all. */
export type Transaction = Prisma.TransactionClient;

/** The handle of a store: inside a transaction or, for single reads, without one. */
export type Db = PrismaClient | Transaction;
