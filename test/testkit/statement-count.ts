import type { Database } from "@keyplane/server";
import { inRequest } from "./in-request.js";
import type { TestServer } from "./server.js";

type Prisma = Database["prisma"];

/** Following the log of events, for other processes. */
const readsLog = /pg_snapshot_xmax\(pg_current_snapshot\(\)\)|SELECT "id", "transactionId", "sequence" FROM "Event"/;

/**
 * Tells what a server asks of its database because of requests, statement by statement, those within transactions too. How many
 * statements an answer takes is how long it takes, without the noise of a clock. Stop it at the test's end: the server is shared.
 */
export class StatementCount {
  readonly #database: { -readonly [Name in keyof Database]: Database[Name] };
  readonly #original: Database;
  #asked: string[] = [];

  constructor({ keyplane }: TestServer) {
    const { database } = keyplane;
    this.#database = database;
    this.#original = { ...database };
    const prisma = this.#original.prisma.$extends({
      query: { $allOperations: (call) => this.#pass(call as never) },
    }) as unknown as Prisma;
    this.#database.prisma = prisma;
    this.#database.transaction = (work) => {
      if (inRequest()) this.#asked.push("transaction");
      // As the database does it, by the client that counts.
      return prisma.$transaction(work, { maxWait: 15_000, timeout: 15_000 });
    };
  }

  /** What was asked since it was last told, such as `User.findMany`, in order. */
  take(): string[] {
    const asked = this.#asked;
    this.#asked = [];
    return asked;
  }

  stop(): void {
    Object.assign(this.#database, this.#original);
  }

  #pass(call: {
    model?: string;
    operation: string;
    args: unknown;
    query: (args: unknown) => Promise<unknown>;
  }): Promise<unknown> {
    const { model, operation, args } = call;
    const raw = /^\$(?:query|execute)Raw/.test(operation)
      ? ((args as { strings?: string[] }).strings ?? []).join("?")
      : "";
    const sql = raw.replace(/\s+/g, " ").trim();
    // What a request has written wakes whoever reads the log of events, who then goes on by a timer of its own.
    if (inRequest() && !readsLog.test(sql)) this.#asked.push(sql === "" ? `${model}.${operation}` : sql);
    return call.query(args);
  }
}
