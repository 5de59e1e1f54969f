import { codeOf, messageOf } from "./startup-error.js";

/** Prisma: not reachable, timed out, closed, no free connection, no transaction in time, deadlock. */
const prismaCodes = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028", "P2034"]);
/**
 * PostgreSQL: class 08, connection exceptions; class 57P, the server goes down or starts; 53300, too many connections. And
 * what it gives up because of others: 57014, a statement took too long; 55P03, a lock did; 25P03, a transaction stood idle;
 * 40001 and 40P01, serialization failure and deadlock.
 */
const sqlStates = /^(?:08\w{3}|57P0\d|53300|57014|55P03|25P03|40001|40P01)$/;
/** How the adapter names what broke the connection, where Prisma gives no code of its own: in SQL written by hand. */
const adapterKinds = new Set(["DatabaseNotReachable", "ConnectionClosed", "SocketTimeout", "TooManyConnections"]);
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
  /^(?:Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Query read timeout|Cannot use a pool after calling end|PGlite is closed)/;

/**
 * Whether an operation failed because the database does not answer, or not in time, and not because of what was asked of it:
 * the same may succeed in a moment.
 */
export function isDatabaseAway(error: unknown): boolean {
  const code = codeOf(error) ?? "";
  const { meta, cause } = (error ?? {}) as { meta?: { driverAdapterError?: WithState }; cause?: WithState["cause"] };
  const { originalCode: state, kind } = meta?.driverAdapterError?.cause ?? cause ?? {};
  return (
    prismaCodes.has(code) ||
    systemCodes.has(code) ||
    sqlStates.test(code) ||
    (typeof state === "string" && sqlStates.test(state)) ||
    (typeof kind === "string" && adapterKinds.has(kind)) ||
    messages.test(messageOf(error))
  );
}

/** How the adapters of Prisma keep the code of PostgreSQL, and their own name of what happened. */
interface WithState {
  readonly cause?: { readonly originalCode?: unknown; readonly kind?: unknown };
}
