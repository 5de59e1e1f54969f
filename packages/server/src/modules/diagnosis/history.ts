import type { AuditRecord, Db, KeySecret } from "../../platform/database/index.js";
import { findHistory } from "../audit/index.js";
import { findOwner, findRoleRow, findTeamRow, type Rows } from "./diagnosis.store.js";

/** How the actions begin that change a thing of each kind. */
export const actionsOn = { key: "key.", owner: "user.", tenant: "tenant.", role: "role.", team: "team." } as const;
/** How many records are read at once. */
const pageSize = 50;

/** What every thing with a history has. */
interface Dated {
  readonly id: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What was kept at a moment. */
export interface PastRows {
  /** null: the key, or this secret of it, did not exist. */
  readonly rows: Rows | null;
  /** The kinds of things whose state then is not known for sure. */
  readonly unsure: readonly string[];
}

/**
 * What was kept of a secret at a moment of the past. Its own times are never changed except to shorten an overlap that has not
 * ended; everything else comes from the audit log, which has the state before and after every change. Changes of one and the same
 * millisecond count as made.
 */
export async function rowsAt(db: Db, present: Rows, at: Date): Promise<PastRows> {
  const unsure: string[] = [];
  async function past<Row extends Dated>(
    kind: keyof typeof actionsOn,
    id: string,
    row: Row | null,
  ): Promise<Row | null> {
    const { state, isSure } = await stateAt(db, actionsOn[kind], id, row, at);
    if (!isSure) unsure.push(kind);
    return state;
  }
  const secret = secretAt(present.secret, at);
  const key = secret && (await past("key", present.key.id, present.key));
  if (!secret || !key) return { rows: null, unsure };
  const tenant = (await past("tenant", key.tenantId, present.tenant)) ?? present.tenant;
  const owner = await past("owner", key.ownerId, await rowNow(db, key.ownerId, present.owner, findOwner));
  const roleId = owner?.customRoleId ?? null;
  const role = roleId && (await past("role", roleId, await rowNow(db, roleId, present.role, findRoleRow)));
  const { teamId } = key;
  const team = teamId && (await past("team", teamId, await rowNow(db, teamId, present.team, findTeamRow)));
  return { rows: { secret, key, owner, tenant, role: role || null, team: team || null }, unsure };
}

async function rowNow<Row extends Dated>(
  db: Db,
  id: string,
  present: Row | null,
  find: (db: Db, id: string) => Promise<Row | null>,
): Promise<Row | null> {
  return present?.id === id ? present : find(db, id);
}

/** A secret as it was; null before it was made. Until it is superseded it has no end. */
function secretAt(secret: KeySecret, at: Date): KeySecret | null {
  if (secret.createdAt > at) return null;
  if (secret.supersededAt === null || secret.supersededAt <= at) return secret;
  return { ...secret, supersededAt: null, stopsAt: null };
}

/** The state of one thing: that before the first change after the moment, else the present one. */
async function stateAt<Row extends Dated>(
  db: Db,
  action: string,
  targetId: string,
  present: Row | null,
  at: Date,
): Promise<{ state: Row | null; isSure: boolean }> {
  const change = await firstChangeAfter(db, action, targetId, at);
  const state = change ? (change.before as Row | null) : present;
  if (state === null) return { state, isSure: true };
  if (state.createdAt > at) return { state: null, isSure: true };
  // A state that was already changed after the moment is not the one of then: the record of that change is missing.
  return { state, isSure: state.updatedAt <= at };
}

/** A change with the states that it led from and to, with times as times. */
export interface Change {
  readonly record: AuditRecord;
  readonly before: Dated | null;
  readonly after: Dated | null;
}

async function firstChangeAfter(db: Db, action: string, targetId: string, at: Date): Promise<Change | null> {
  for (let after = at; ; ) {
    const records = await findHistory(db, { targetId, action, after }, pageSize);
    const [first, ...rest] = changesOf(records);
    if (first) {
      // Those of one millisecond are kept in no order: the first is the one that began with what was there before it.
      const same = [first, ...rest].filter(
        ({ record }) => record.createdAt.getTime() === first.record.createdAt.getTime(),
      );
      return same.find(({ before }) => before === null || before.updatedAt <= at) ?? first;
    }
    const last = records.at(-1);
    if (!last || records.length < pageSize) return null;
    after = last.createdAt;
  }
}

/** Those records that tell a whole state: a team's members come and go without a change of the team itself. */
export function changesOf(records: readonly AuditRecord[]): Change[] {
  return records
    .map((record) => ({ record, before: stateOf(record.before), after: stateOf(record.after) }))
    .filter(
      ({ before, after }) => before !== undefined && after !== undefined && (before ?? after) !== null,
    ) as Change[];
}

/** The state in an audit record; undefined when it is of something else. */
function stateOf(snapshot: unknown): Dated | null | undefined {
  if (snapshot === null) return null;
  if (typeof snapshot !== "object" || !("updatedAt" in snapshot) || !("createdAt" in snapshot)) return undefined;
  const entries = Object.entries(snapshot).map(([name, value]) => [
    name,
    name.endsWith("At") && typeof value === "string" ? new Date(value) : value,
  ]);
  return Object.fromEntries(entries) as Dated;
}
