import type { Db, Key } from "../../platform/database/index.js";
import { findHistory } from "../audit/index.js";
import { actionsOn, changesOf } from "./history.js";

/** How many of a key's latest changes are looked through. */
const maxChanges = 100;
/** These tell what an integrity check has met, not what Keyplane has written. */
const ofIntegrity: readonly string[] = ["key.quarantined", "key.released"];

/** A key as Keyplane has last written it, as far as the audit log knows; null: it does not. */
export async function lastWritten(db: Db, { id }: Key, until: Date): Promise<Key | null> {
  const records = await findHistory(db, { targetId: id, action: actionsOn.key, until }, maxChanges);
  const latest = changesOf(records.filter(({ action }) => !ofIntegrity.includes(action)))[0];
  // A snapshot has every column, but those that came with a later version.
  return (latest?.after ?? null) as Key | null;
}

const shown = ["scopes", "allowedIps", "deniedIps", "expiresAt", "environment", "disabledAt", "rotateEveryMs"] as const;
/** Whom they name may be of another tenant. */
const named = ["ownerId", "teamId"] as const;

/** How the row of a key differs from what Keyplane has last written, in words. */
export function differencesOf(key: Key, written: Key | null): string {
  if (written === null) return "The audit log does not know how Keyplane has written it.";
  const told = shown.flatMap((name) => {
    const [was, is] = [textOf(written[name]), textOf(key[name])];
    return was === is ? [] : `${name} ${was}, and the row says ${is}`;
  });
  const other = named.filter((name) => textOf(written[name]) !== textOf(key[name]));
  const all = [...told, ...other.map((name) => `another ${name} than the row says`)];
  return all.length === 0
    ? "The row is as Keyplane has last written it: its secrets, or what it names, were changed."
    : `Keyplane has last written ${all.join("; ")}.`;
}

function textOf(value: unknown): string {
  return typeof value === "bigint" ? String(value) : JSON.stringify(value ?? null);
}
