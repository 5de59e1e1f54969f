import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import type { Engine } from "./engine.js";
import { createSignals } from "./signals.js";
import { codeOf, messageOf, StartupError } from "./startup-error.js";

/** Enough for the few queries that run beside each other, and far below the 100 that PostgreSQL allows by default. */
const MAX_CONNECTIONS = 10;
const CONNECTION_TIMEOUT_MS = 5_000;
/**
 * How long a query may go unanswered before its connection is given up: a server that is stopped, or behind a network that
 * drops packets, never says that it will not answer. Longer than the server's own limits, whose refusals tell more.
 */
const QUERY_TIMEOUT_MS = 20_000;

/**
 * What the server itself ends, so that no work outlives the request that asked for it. By SET, because poolers such as
 * PgBouncer refuse these at the start of a connection. The adapter drops the offset of a timestamp; only in UTC is that no loss.
 */
const SESSION = `SET TIME ZONE 'UTC';
SET statement_timeout = '18s';
SET lock_timeout = '10s';
SET idle_in_transaction_session_timeout = '20s'`;

/** Told of connections that break while nobody uses them, and why. */
export type ConnectionLost = (reason: string) => void;

/**
 * Connects to a served PostgreSQL.
 *
 * @throws StartupError when the address is none, or nobody answers there, or the server refuses us.
 */
export async function openServed(
  databaseUrl: string,
  connectionLost: ConnectionLost,
  queryTimeoutMs: number = QUERY_TIMEOUT_MS,
): Promise<Engine> {
  const where = describeUrl(databaseUrl);
  const connection = {
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    keepAlive: true,
    application_name: "keyplane",
  };
  const pool = new pg.Pool({
    ...connection,
    max: MAX_CONNECTIONS,
    query_timeout: queryTimeoutMs,
    // The pool awaits this, whatever its type says.
    // oxlint-disable-next-line typescript/no-misused-promises
    onConnect: (client) => client.query(SESSION),
  });
  // Without a listener the restart of the server would end this process; the pool replaces the connection by itself.
  // Only the message goes on: the pool hangs the client on the error, and with it the password.
  pool.on("error", (error) => connectionLost(messageOf(error)));
  // The adapter gives a connection back as a good one even when its ROLLBACK was never answered. The next query would then
  // be a part of a transaction that nobody commits.
  pool.on("release", (_error, client) => {
    if (client.getTransactionStatus() === "I") return;
    client.end().catch((error: unknown) => connectionLost(messageOf(error)));
  });

  try {
    (await pool.connect()).release();
  } catch (cause) {
    await pool.end();
    throw new StartupError(describeFailure(where, cause), { cause });
  }
  const signals = createSignals(connection, "keyplane_events", connectionLost);
  return {
    kind: "postgresql",
    signals,
    adapter: new PrismaPg(pool),
    migrating: async (work) => {
      // Not of the pool: building an index may take longer than any request.
      const client = new pg.Client(connection);
      client.on("error", (error) => connectionLost(messageOf(error)));
      await client.connect().catch((cause: unknown) => {
        throw new StartupError(describeFailure(where, cause), { cause });
      });
      try {
        await client.query("SET TIME ZONE 'UTC'");
        return await work({
          exec: async (sql) => {
            await client.query(sql);
          },
          query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
            (await client.query(sql, [...parameters])).rows as Row[],
        });
      } finally {
        await client.end();
      }
    },
    close: () => {
      signals.close();
      return pool.end();
    },
  };
}

/** Host, port and database of an address: what a person needs, without user and password. */
function describeUrl(databaseUrl: string): { server: string; database: string; user: string } {
  try {
    const url = new URL(databaseUrl);
    if (!/^postgres(ql)?:$/.test(url.protocol)) throw new TypeError("not a PostgreSQL address");
    const schema = url.searchParams.get("schema");
    if (schema && schema !== "public") {
      throw new StartupError(
        `DATABASE_URL names the schema "${schema}", but Keyplane keeps its tables in "public"; give it a database of its own.`,
      );
    }
    const host = url.searchParams.get("host") ?? (url.hostname || "localhost");
    return {
      server: `${host}:${url.port || "5432"}`,
      database: decodeURIComponent(url.pathname.slice(1)),
      user: decodeURIComponent(url.username),
    };
  } catch (cause) {
    if (cause instanceof StartupError) throw cause;
    // No cause: the error of `new URL` holds the whole address, password included.
    throw new StartupError(
      "DATABASE_URL is not an address like postgresql://user:password@host:5432/database; correct it.",
    );
  }
}

function describeFailure(where: ReturnType<typeof describeUrl>, cause: unknown): string {
  switch (codeOf(cause)) {
    case "28P01": // invalid_password
    case "28000": // invalid_authorization_specification
      return `PostgreSQL at ${where.server} refuses the user "${where.user}"; check user and password in DATABASE_URL.`;
    case "3D000": // invalid_catalog_name
      return `PostgreSQL at ${where.server} has no database "${where.database}"; create it or correct DATABASE_URL.`;
    case "53300": // too_many_connections
      return `PostgreSQL at ${where.server} has no connection left; end others, or raise its max_connections.`;
    default:
      return (
        `PostgreSQL at ${where.server} cannot be reached (${messageOf(cause)}); ` +
        "check that it runs and that DATABASE_URL names its host and port."
      );
  }
}
