import type { Database } from "../../platform/database/index.js";
import { raiseTokensLastUsed } from "./tokens.store.js";

/**
 * When management tokens were last used: a time for each in memory, which is written now and then. A request that authenticates
 * sets one entry of a map; it never waits, and never writes.
 */
export class TokenUse {
  readonly #database: Database;
  #unwritten = new Map<string, number>();
  #writing = new Map<string, number>();

  constructor({ database }: { database: Database }) {
    this.#database = database;
  }

  /** A token was accepted. @param now epoch milliseconds. */
  saw(tokenId: string, now: number): void {
    const before = this.#unwritten.get(tokenId);
    if (before === undefined || before < now) this.#unwritten.set(tokenId, now);
  }

  /** When a token was used that is not written yet; null: what is written is the newest that this process knows. */
  lastUsedAt(tokenId: string): number | null {
    return this.#unwritten.get(tokenId) ?? this.#writing.get(tokenId) ?? null;
  }

  /** Writes what was seen since the last time. What cannot be written is kept for the next time. */
  async save(): Promise<void> {
    const seen = this.#unwritten;
    if (seen.size === 0) return;
    this.#writing = seen;
    this.#unwritten = new Map();
    try {
      await raiseTokensLastUsed(this.#database.prisma, seen);
    } catch (error) {
      for (const [id, at] of seen) this.saw(id, at);
      throw error;
    } finally {
      this.#writing = new Map();
    }
  }
}
