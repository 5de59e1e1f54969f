import { Binary } from "bson";
import { type Doc, isDocument, isNumeric, type Value } from "../bson/values.js";
import { asFault, fault, type MongoServerFault } from "../errors.js";
import type { StatementResult, WriteId } from "../session/write-sessions.js";
import type { Call } from "./context.js";

/** One statement of a write command. */
export interface Statement {
  /**
   * Works until it is finished or the pace is overdue, within a transaction. What it refuses must not have been begun.
   *
   * @returns its result when it is finished, null when it wants to go on in another transaction.
   */
  step(): StatementResult | null;
}

/** How a command's statements went. */
export interface WriteOutcome {
  /** Results by statement; `undefined` where it failed or was not reached. */
  readonly results: (StatementResult | undefined)[];
  readonly errors: { index: number; fault: MongoServerFault }[];
}

/**
 * Runs the statements of a command in as few transactions as possible without keeping others waiting. In each of them the
 * statements, their results for a retry, and the collection's counters are stored together.
 */
export async function runStatements(
  call: Call,
  statements: readonly Statement[],
  ordered: boolean,
): Promise<WriteOutcome> {
  const { catalog, sessions } = call.server;
  const id = writeIdOf(call.body);
  const outcome: WriteOutcome = { results: new Array<StatementResult | undefined>(statements.length), errors: [] };
  const done = id === null ? null : sessions.begin(id);
  let next = 0;
  while (next < statements.length) {
    const from = next;
    const errorsBefore = outcome.errors.length;
    try {
      await catalog.write(() => {
        call.pace.startTransaction();
        next = runSome(call, statements, from, ordered, done, outcome);
        if (id !== null) recordRetryable(call, id, from, next, done, outcome);
      });
    } catch (error) {
      if (id !== null) sessions.forget(id);
      outcome.errors.length = errorsBefore;
      throw error;
    }
    if (ordered && outcome.errors.length > 0) break;
    if (next < statements.length) await call.pace.rest();
  }
  return outcome;
}

function runSome(
  call: Call,
  statements: readonly Statement[],
  from: number,
  ordered: boolean,
  done: ReadonlyMap<number, StatementResult> | null,
  outcome: WriteOutcome,
): number {
  let next = from;
  while (next < statements.length) {
    const earlier = done?.get(next);
    if (earlier !== undefined) outcome.results[next] = earlier;
    else {
      try {
        const result = (statements[next] as Statement).step();
        if (result === null) return next;
        outcome.results[next] = result;
      } catch (error) {
        outcome.errors.push({ index: next, fault: asFault(error) });
        if (ordered) return next + 1;
      }
    }
    next += 1;
    if (call.pace.isTransactionOver(next - from)) return next;
  }
  return next;
}

function recordRetryable(
  call: Call,
  id: WriteId,
  from: number,
  to: number,
  done: ReadonlyMap<number, StatementResult> | null,
  { results }: WriteOutcome,
): void {
  const records: { from: number; to: number; result: StatementResult }[] = [];
  for (let i = from; i < to; i++) {
    const result = results[i];
    if (result === undefined || done?.has(i) === true) continue;
    const last = records.at(-1);
    // Runs of inserts, or of updates with the same outcome, take one record.
    if (last !== undefined && last.to === i - 1 && sameResult(last.result, result)) last.to = i;
    else records.push({ from: i, to: i, result });
  }
  if (records.length > 0) call.server.sessions.record(id, records);
}

function sameResult(a: StatementResult, b: StatementResult): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => isNumeric(a[key]) && a[key] === b[key]);
}

/** The write's identity when the client may retry it. */
export function writeIdOf(body: Doc): WriteId | null {
  const txnNumber: Value = body["txnNumber"];
  if (txnNumber === undefined) return null;
  const lsid = body["lsid"];
  const id = isDocument(lsid) ? lsid["id"] : undefined;
  if (!(id instanceof Binary) || !isNumeric(txnNumber))
    throw fault(72, "Transaction number requires a session ID to also be specified");
  return { session: Buffer.from(id.value()), txnNumber: BigInt(txnNumber.toString()) };
}

/** Waits for the disk, unless the client has asked not to. */
export async function acknowledge(call: Call): Promise<void> {
  const concern = call.body["writeConcern"];
  const { w, j } = isDocument(concern) ? concern : ({} as Doc);
  // MongoDB's default is "majority", which implies the journal.
  if (j === true || w === undefined || w === "majority") await call.server.store.durable();
}

/** The errors of statements as the command's answer lists them. */
export function writeErrors(outcome: WriteOutcome): Doc {
  if (outcome.errors.length === 0) return {};
  return {
    writeErrors: outcome.errors.map(({ index, fault: { code, message, extra } }) => ({
      index,
      code,
      ...extra,
      errmsg: message,
    })),
  };
}
