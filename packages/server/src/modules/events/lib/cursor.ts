import type { Anchor, Position } from "./position.js";

/** What a cursor says: the place after which to go on, in which log, and at which event. */
export interface Cursor extends Position {
  readonly storeId: string;
  /** The end of the event's id. */
  readonly print: string;
}

const version = "e1";
const form = /^e1\.([0-9A-Za-z]{1,32})\.([0-9a-z]{1,13})\.([0-9a-z]{1,13})\.([0-9A-Za-z]{0,8})$/;

/**
 * The cursor of an event: the same for every reader, whatever they filter by. It names the log, so that one of another
 * database is told, and the event itself: after a restore, another event may stand at the same place.
 */
export function encodeCursor(storeId: string, at: Anchor): string {
  const parts = [version, storeId, at.transactionId.toString(36), at.sequence.toString(36), printOf(at.id)];
  return Buffer.from(parts.join(".")).toString("base64url");
}

/** What a cursor says; null for a text that no Keyplane made. */
export function decodeCursor(text: string): Cursor | null {
  if (text.length > 200) return null;
  const [, storeId = "", transactionId = "", sequence = "", print = ""] =
    form.exec(Buffer.from(text, "base64url").toString("latin1")) ?? [];
  if (storeId === "") return null;
  const cursor = { storeId, transactionId: fromBase36(transactionId), sequence: fromBase36(sequence), print };
  // One text for each place: what decodes otherwise was changed on its way.
  return cursor.transactionId < limit && cursor.sequence < limit ? cursor : null;
}

/** Whether a cursor stands at this very event. */
export function isAt(cursor: Cursor, anchor: Anchor): boolean {
  return (
    cursor.transactionId === anchor.transactionId &&
    cursor.sequence === anchor.sequence &&
    cursor.print === printOf(anchor.id)
  );
}

function printOf(id: string): string {
  return id.slice(4).slice(-8);
}

/** What PostgreSQL can keep. */
const limit = 2n ** 63n;

function fromBase36(digits: string): bigint {
  let value = 0n;
  for (const digit of digits) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value;
}
