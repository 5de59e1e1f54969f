/** What was committed at an instant, as PostgreSQL writes it: `xmin:xmax:running,running`. */
export interface Snapshot {
  /** Every transaction below it had ended. */
  readonly xmin: bigint;
  /** No transaction from it on had begun. */
  readonly xmax: bigint;
  /** Those between that were running. */
  readonly running: ReadonlySet<bigint>;
}

/** Reads the text of a `pg_snapshot`. */
export function parseSnapshot(text: string): Snapshot {
  const [xmin = "0", xmax = "0", running = ""] = text.split(":");
  const ids = running === "" ? [] : running.split(",");
  return { xmin: BigInt(xmin), xmax: BigInt(xmax), running: new Set(ids.map(BigInt)) };
}

/** Whether a transaction that committed at some time had done so by then. */
export function wasCommittedBy(snapshot: Snapshot, transactionId: bigint): boolean {
  if (transactionId < snapshot.xmin) return true;
  return transactionId < snapshot.xmax && !snapshot.running.has(transactionId);
}
