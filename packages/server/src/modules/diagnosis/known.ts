import type { Db, Key, KeyFinding } from "../../platform/database/index.js";
import type { Principal } from "../auth/index.js";
import { type Danger, dangersOf, findOpenOfKey } from "../lifecycle/index.js";
import type { Rows } from "./diagnosis.store.js";
import { lastWritten } from "./tampering.js";

/** How many open findings of a key are looked at. */
const maxFindings = 20;

/** What else is known of a key at a moment, as far as a caller may know. */
export interface Known {
  /** What was found about it and not dealt with; nothing without `keys:read`. */
  readonly open: readonly KeyFinding[];
  /** What those can still do that have a secret of it, by the ids of the findings that say so. */
  readonly dangers: ReadonlyMap<string, Danger>;
  /** As Keyplane has last written it, if it is quarantined; null also without `audit:read`. */
  readonly written: Key | null;
}

/** @param rows null: of no key that the caller may see. @param at the moment, in epoch milliseconds. */
export async function knownOf(db: Db, { permissions }: Principal, rows: Rows | null, at: number): Promise<Known> {
  if (rows === null) return { open: [], dangers: new Map(), written: null };
  const { key } = rows;
  const isQuarantined = key.quarantinedAt != null;
  const open = permissions.has("keys:read") ? await findOpenOfKey(db, key.id, new Date(at), maxFindings) : [];
  return {
    open,
    dangers: await dangersOf(db, key, open, at),
    written: isQuarantined && permissions.has("audit:read") ? await lastWritten(db, key, new Date(at)) : null,
  };
}
