/** A place in the log: everything up to it has been seen. */
export interface Position {
  readonly transactionId: bigint;
  readonly sequence: bigint;
}

/** A place at which an event stands, or stood: its id tells this history from another one with the same numbers. */
export interface Anchor extends Position {
  /** The event's id; empty for the beginning of a log from which nothing was removed yet. */
  readonly id: string;
}

/** Negative when `a` stands before `b`, 0 when they are the same place. */
export function comparePositions(a: Position, b: Position): number {
  if (a.transactionId !== b.transactionId) return a.transactionId < b.transactionId ? -1 : 1;
  if (a.sequence === b.sequence) return 0;
  return a.sequence < b.sequence ? -1 : 1;
}
