import type { Database } from "@keyplane/server";
import { expect } from "vitest";
import { inRequest } from "./in-request.js";
import type { TestServer } from "./server.js";

/** Something that the server asked of its database. */
export interface Asked {
  /** A table, or null for SQL and whole transactions. */
  readonly model: string | null;
  readonly operation: string;
}

/**
 * Sees what a server asks of its database because of requests: not what it does by itself, such as following the events of other
 * processes, sweeping, or saving when keys were last used. Stop it at the test's end: the server is shared.
 */
export class DatabaseWatch {
  readonly asked: Asked[] = [];
  readonly #followed: { keyId: string | null; type: string }[] = [];
  readonly #database: { -readonly [Name in keyof Database]: Database[Name] };
  readonly #original: Database;

  constructor({ keyplane }: TestServer) {
    const { database } = keyplane;
    this.#database = database;
    this.#original = { ...database };
    const { prisma, transaction } = this.#original;
    this.#database.prisma = prisma.$extends({
      query: { $allOperations: (call) => this.#pass(call as never) },
    }) as unknown as Database["prisma"];
    this.#database.transaction = (work) => {
      if (inRequest()) this.asked.push({ model: null, operation: "transaction" });
      return transaction(work);
    };
  }

  stop(): void {
    Object.assign(this.#database, this.#original);
  }

  /**
   * Resolves when the server has heard of an event of a key from the event log too, which on a served database makes it
   * forget the key a second time. The embedded one has no other process to hear of.
   */
  async followed(keyId: string, type = "CREATED"): Promise<void> {
    if (this.#original.kind === "embedded") return;
    await expect.poll(() => this.#followed.some((event) => event.keyId === keyId && event.type === type)).toBe(true);
  }

  async #pass(call: {
    model?: string;
    operation: string;
    args: unknown;
    query: (args: unknown) => Promise<unknown>;
  }): Promise<unknown> {
    const { model = null, operation, args } = call;
    const sql = operation === "$queryRaw" ? (args as { strings: string[] }).strings.join("?") : "";
    if (sql.includes('FROM "Event"')) {
      const events = await call.query(args);
      this.#followed.push(...(events as { keyId: string | null; type: string }[]));
      return events;
    }
    if (inRequest()) this.asked.push({ model, operation });
    return call.query(args);
  }
}
