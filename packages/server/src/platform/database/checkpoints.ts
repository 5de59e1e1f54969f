import type { PGlite } from "@electric-sql/pglite";

/** How much may be written to the log between two checkpoints, in bytes. */
const longestLog = 32 * 2 ** 20;

/**
 * Makes what keeps PGlite's write-ahead log short. PostgreSQL has a process of its own for that, and PGlite has none: without checkpoints the
 * log grows with everything that is written for as long as the server runs, and after a crash all of it is read again.
 *
 * @returns makes a checkpoint when one is due, which holds up the database for some 30 ms; to be called now and then.
 */
export async function createCheckpoints(pglite: PGlite): Promise<() => Promise<void>> {
  let latest = await writtenTo(pglite);
  return async () => {
    const now = await writtenTo(pglite);
    if (now - latest < longestLog) return;
    await pglite.exec("CHECKPOINT");
    latest = now;
  };
}

/** How much was ever written to the log, in bytes. */
async function writtenTo(pglite: PGlite): Promise<number> {
  const { rows } = await pglite.query<{ bytes: string }>("SELECT pg_current_wal_insert_lsn() - '0/0' AS bytes");
  return Number(rows[0]?.bytes);
}
