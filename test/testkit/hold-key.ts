import type { TestServer } from "./server.js";

/**
 * Holds the row of a key in a transaction of its own, so that every change of that key waits. On the embedded database,
 * which has one connection, everything that needs the database waits.
 *
 * @returns ends the transaction.
 */
export async function holdKey(server: TestServer, keyId: string): Promise<() => Promise<void>> {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let transaction: Promise<void> = Promise.resolve();
  await new Promise<void>((held, failed) => {
    transaction = server.keyplane.database.transaction(async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM "Key" WHERE "id" = ${keyId} FOR UPDATE`;
      held();
      await ended;
    });
    transaction.catch(failed);
  });
  return () => {
    end();
    return transaction;
  };
}
