import type { Db, Key } from "../../platform/database/index.js";
import { sealedColumns } from "../keys/index.js";
import { actionsOn, type Change, changesOf } from "./history.js";
import { eachOf } from "./records.js";

/** How many of a key's latest records are looked through: those of years, for a key that is rotated every day. */
const maxRecords = 2_000;

/**
 * A key as Keyplane has last written it, as far as the audit log knows; null: it does not. A record of a change tells the whole row, also
 * what somebody had changed past Keyplane before. So it is what the key was created as, or what somebody has accepted with `releaseKey`,
 * with only those columns changed that Keyplane itself has changed since.
 */
export async function lastWritten(db: Db, { id, tenantId }: Key, until: Date): Promise<Key | null> {
  const later: Change[] = [];
  let looked = 0;
  for await (const record of eachOf(db, { tenantId, targetId: id, action: actionsOn.key, until })) {
    if (++looked > maxRecords) return null;
    const [change] = changesOf([record]);
    if (!change) continue;
    if (record.action === "key.released") return replayed(change, later);
    later.push(change);
  }
  // Within its millisecond it may stand anywhere.
  const created = later.find(({ before }) => before === null);
  return created ? replayed(created, later) : null;
}

/** @param later the newest first. */
function replayed({ after: first }: Change, later: readonly Change[]): Key {
  const row: Record<string, unknown> = { ...first };
  for (const { before, after } of [...later].reverse()) {
    if (!before || !after) continue;
    const [was, is] = [before, after] as unknown as Record<string, unknown>[];
    for (const name of Object.keys(is ?? {})) {
      if (textOf(was?.[name]) !== textOf(is?.[name])) row[name] = is?.[name];
    }
  }
  // A snapshot has every column, but those that came with a later version.
  return row as unknown as Key;
}

/** Whom they name may be of another tenant. */
const named: readonly string[] = ["tenantId", "ownerId", "teamId"] satisfies (keyof Key)[];

/** How the row of a key differs from what Keyplane has last written, in words. */
export function tamperingWords(key: Key, written: Key | null): string {
  if (written === null) return "The audit log does not know how Keyplane has written it.";
  const isDead = key.revokedAt !== null || key.deletedAt !== null;
  const columns = [...new Set([...sealedColumns(key), ...sealedColumns(written)])];
  const different = columns.filter((name) => textOf(written[name]) !== textOf(key[name]));
  const all = different
    // When a team goes, its dead keys lose it.
    .filter((name) => !(name === "teamId" && isDead))
    .map((name) =>
      named.includes(name)
        ? `another ${name} than the row says`
        : `${name} ${textOf(written[name])}, and the row says ${textOf(key[name])}`,
    );
  return all.length === 0
    ? "The row is as Keyplane has last written it: its secrets, or what it names, were changed, or it was changed and changed back."
    : `Keyplane has last written ${all.join("; ")}.`;
}

/** A column as it can be compared, in a row and in an audit record alike. */
export function textOf(value: unknown): string {
  return typeof value === "bigint" ? String(value) : JSON.stringify(value ?? null);
}
