import { codeOf, messageOf } from "./startup-error.js";

/** Prisma: not reachable, timed out, closed, no free connection, no transaction in time. */
const prismaCodes = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028"]);
/** PostgreSQL: class 08, connection exceptions; class 57P, the server goes down or starts; 53300, too many connections. */
const sqlStates = /^(?:08\w{3}|57P0\d|53300)$/;
const systemCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
]);
/** pg and PGlite throw plain errors for these; there is nothing else to know them by. */
const messages =
  /^(?:Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Cannot use a pool after calling end|PGlite is closed)/;

/**
 * Whether an operation failed because the database does not answer, not because of what was asked of it: the same may
 * succeed in a moment.
 */
export function isDatabaseAway(error: unknown): boolean {
  const code = codeOf(error) ?? "";
  const state = (error as { meta?: { driverAdapterError?: { cause?: { originalCode?: unknown } } } } | null)?.meta
    ?.driverAdapterError?.cause?.originalCode;
  return (
    prismaCodes.has(code) ||
    systemCodes.has(code) ||
    sqlStates.test(code) ||
    (typeof state === "string" && sqlStates.test(state)) ||
    messages.test(messageOf(error))
  );
}
