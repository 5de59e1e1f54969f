import type { AuditRecord, Db, KeySecret } from "../../platform/database/index.js";
import { findOwner, findRoleRow, findTeamRow, type Rows } from "./diagnosis.store.js";
import { withinTenant } from "./reading.js";
import { eachOf } from "./records.js";

/** How the actions begin that change a thing of each kind. */
export const actionsOn = {
  key: "key.",
  owner: "user.",
  tenant: "tenant.",
  role: "role.",
  team: "team.",
  api: "api.",
  grant: "api_grant.",
} as const;
/** How many records of one thing are looked through: a large team's members come and go. */
const maxRecords = 5_000;
/** How much later than a change its audit record may be dated, which is written in the same transaction, in milliseconds. */
const recordedWithinMs = 60_000;

/** What every thing with a history has. */
export interface Dated {
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
    const of = { tenantId: present.key.tenantId, targetId: id, action: actionsOn[kind] };
    const { state, isSure } = await stateAt(db, of, row, at);
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
  const named = withinTenant(key, { owner, role: role || null, team: team || null });
  return { rows: { secret, key, tenant, ...named }, unsure };
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

/** Whose history. */
export interface HistoryOf {
  readonly tenantId: string;
  readonly targetId: string;
  /** How the actions begin that change it. */
  readonly action: string;
}

/** The state of one thing: that before the first change after the moment, else the present one. */
export async function stateAt<Row extends Dated>(
  db: Db,
  of: HistoryOf,
  present: Row | null,
  at: Date,
): Promise<{ state: Row | null; isSure: boolean }> {
  const { change, parts, isWhole } = await changesAfter(db, of, at);
  const later = change ? (change.before as Row | null) : present;
  if (later === null) return { state: later, isSure: isWhole };
  if (later.createdAt > at) return { state: null, isSure: true };
  const state = { ...later };
  // The earliest of them says how it was.
  for (const { before } of [...parts].reverse()) Object.assign(state, before);
  // A state that was already changed after the moment is not the one of then: the record of that change is missing.
  const isThen = later.updatedAt <= at || parts.some(({ record }) => isDatedBy(later, record));
  return { state, isSure: isWhole && isThen };
}

/** Whether a record is of the change that a state was last dated by. */
function isDatedBy({ updatedAt }: Dated, { createdAt }: AuditRecord): boolean {
  const ms = createdAt.getTime() - updatedAt.getTime();
  return ms >= 0 && ms <= recordedWithinMs;
}

/** A change that its record tells in part: the columns as they were before. */
interface PartOfChange {
  readonly record: AuditRecord;
  readonly before: object;
}

/** How the actions end by which limits are changed. Their records tell of the limits, and not of whose they are. */
export const limitActions = { rateLimits: ["rate_limits_set"], quota: ["quota_set", "quota_removed"] } as const;

function partOf(record: AuditRecord): PartOfChange | null {
  const what = record.action.slice(record.action.indexOf(".") + 1);
  const before = record.before as { rateLimits?: unknown; id?: string } | null;
  if (what === limitActions.rateLimits[0]) return { record, before: { rateLimits: before?.rateLimits ?? [] } };
  if (limitActions.quota.some((each) => each === what)) return { record, before: { quotaId: before?.id ?? null } };
  return null;
}

/** A change with the states that it led from and to, with times as times. */
export interface Change {
  readonly record: AuditRecord;
  readonly before: Dated | null;
  readonly after: Dated | null;
}

/**
 * The first change after a moment of which the whole states are known, and what was changed in part between. `isWhole`: whether all
 * records were looked through that can say so.
 */
async function changesAfter(
  db: Db,
  of: HistoryOf,
  at: Date,
): Promise<{ change: Change | null; parts: readonly PartOfChange[]; isWhole: boolean }> {
  const found: Change[] = [];
  const parts: PartOfChange[] = [];
  let looked = 0;
  for await (const record of eachOf(db, { ...of, after: at })) {
    // Those of one millisecond are kept in no order.
    if (found[0] && record.createdAt > found[0].record.createdAt) break;
    if (++looked > maxRecords) return { change: null, parts, isWhole: false };
    found.push(...changesOf([record]));
    if (found.length === 0) parts.push(...[partOf(record)].filter((part) => part !== null));
  }
  const [first = null] = found;
  // The first is the one that began with what was there before it; where none did, a part of that millisecond came before it.
  const begun = found.find((change) => change.before === null || change.before.updatedAt <= at);
  const before = parts.filter(({ record }) => !first || !begun || record.createdAt < first.record.createdAt);
  return { change: begun ?? first, parts: before, isWhole: true };
}

/**
 * Those records that tell a whole state of their target: a team's members come and go without a change of the team itself, and what is
 * told of a quota is not told of whose it is.
 */
export function changesOf(records: readonly AuditRecord[]): Change[] {
  return records
    .map((record) => ({
      record,
      before: stateOf(record.before, record.targetId),
      after: stateOf(record.after, record.targetId),
    }))
    .filter(
      ({ before, after }) => before !== undefined && after !== undefined && (before ?? after) !== null,
    ) as Change[];
}

/** The state in an audit record; undefined when it is of something else. */
function stateOf(snapshot: unknown, targetId: string): Dated | null | undefined {
  if (snapshot === null) return null;
  if (typeof snapshot !== "object" || !("updatedAt" in snapshot) || !("createdAt" in snapshot)) return undefined;
  if ("id" in snapshot && snapshot.id !== targetId) return undefined;
  const entries = Object.entries(snapshot).map(([name, value]) => [
    name,
    name.endsWith("At") && typeof value === "string" ? new Date(value) : value,
  ]);
  return Object.fromEntries(entries) as Dated;
}
