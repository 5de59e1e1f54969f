import { setImmediate as turn } from "node:timers/promises";
import type { PGlite, Transaction } from "@electric-sql/pglite";
import type { SqlDriverAdapter, SqlDriverAdapterFactory, SqlQuery, SqlQueryable } from "@prisma/driver-adapter-utils";
import { PrismaPGlite } from "pglite-prisma-adapter";

/**
 * Prisma's driver for PGlite. pglite-prisma-adapter says of every commit that it succeeded, also of one that PGlite refused, so
 * that a change could be acknowledged that is not there: here, a commit waits for PGlite's own word.
 */
export function adapterOf(pglite: PGlite): SqlDriverAdapterFactory {
  const factory = new PrismaPGlite(pglite);
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () =>
      Object.assign(inTurns(await factory.connect()), { startTransaction: startTransactionOn(pglite) }),
  };
}

function startTransactionOn(pglite: PGlite): SqlDriverAdapter["startTransaction"] {
  return async (isolationLevel) => {
    let ended: Promise<unknown> | undefined;
    // All that the adapter needs of PGlite in order to start a transaction, with an eye on how it ends.
    const watched = {
      exec: (sql: string) => pglite.exec(sql),
      transaction: <T>(work: (tx: Transaction) => Promise<T>) => {
        const result = pglite.transaction(work);
        ended = result;
        return result;
      },
    };
    const adapter = await new PrismaPGlite(watched as unknown as PGlite).connect();
    const transaction = await adapter.startTransaction(isolationLevel);
    const commit = transaction.commit.bind(transaction);
    return Object.assign(inTurns(transaction), {
      commit: async () => {
        await commit();
        await ended;
      },
    });
  };
}

/**
 * Begins each statement in the event loop's next turn. PGlite works on this very thread and keeps its promises at once: a thousand
 * statements, one after another, would let no request in before the last one is done.
 */
function inTurns<Queryable extends SqlQueryable>(queryable: Queryable): Queryable {
  const queryRaw = queryable.queryRaw.bind(queryable);
  const executeRaw = queryable.executeRaw.bind(queryable);
  return Object.assign(queryable, {
    queryRaw: (query: SqlQuery) => turn().then(() => queryRaw(query)),
    executeRaw: (query: SqlQuery) => turn().then(() => executeRaw(query)),
  });
}
