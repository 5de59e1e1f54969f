import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import type { Engine } from "./engine.js";
import { codeOf, messageOf, StartupError } from "./startup-error.js";

/** Enough for the few queries that run beside each other, and far below the 100 that PostgreSQL allows by default. */
const MAX_CONNECTIONS = 10;
const CONNECTION_TIMEOUT_MS = 5_000;

/** Told of connections that break while nobody uses them, and why. */
export type ConnectionLost = (reason: string) => void;

/**
 * Connects to a served PostgreSQL.
 *
 * @throws StartupError when the address is none, or nobody answers there, or the server refuses us.
 */
export async function openServed(databaseUrl: string, connectionLost: ConnectionLost): Promise<Engine> {
  const where = describeUrl(databaseUrl);
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    application_name: "keyplane",
    // The adapter drops the offset of a timestamp; only in UTC is that no loss. The pool awaits this, whatever its type says.
    // oxlint-disable-next-line typescript/no-misused-promises
    onConnect: (client) => client.query("SET TIME ZONE 'UTC'"),
  });
  // Without a listener the restart of the server would end this process; the pool replaces the connection by itself.
  // Only the message goes on: the pool hangs the client on the error, and with it the password.
  pool.on("error", (error) => connectionLost(messageOf(error)));

  try {
    (await pool.connect()).release();
  } catch (cause) {
    await pool.end();
    throw new StartupError(describeFailure(where, cause), { cause });
  }
  return {
    kind: "postgresql",
    adapter: new PrismaPg(pool),
    migrating: async (work) => {
      const client = await pool.connect();
      try {
        return await work({
          exec: async (sql) => {
            await client.query(sql);
          },
          query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
            (await client.query(sql, [...parameters])).rows as Row[],
        });
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
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
