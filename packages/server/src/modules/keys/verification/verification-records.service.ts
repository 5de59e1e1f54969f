import { type ScopeBounds, withinBounds } from "@keyplane/schema";
import type { Clock } from "../../../platform/clock.js";
import type { Database } from "../../../platform/database/index.js";
import { SharedTurns, Turns } from "../../../platform/turns.js";
import { authorize, type Principal, type Visibility, visibleTo } from "../../auth/index.js";
import { parseRecordsQuestion, type RecordsQuestion } from "./verification-records.input.js";
import {
  type BoundRow,
  findRecordPage,
  findRecordsByHashes,
  findRecordsByIds,
  type KeyRow,
  type OwnerRow,
  type RecordPlace,
  type RecordRows,
  type SecretRow,
  type TenantRow,
} from "./verification-records.store.js";

/** How many pages of snapshots are read from the database at once. */
const maxReading = 4;
/**
 * How many pages of snapshots are in memory at once, a few hundred kilobytes each. Whoever takes a page slowly holds up as many others as
 * there are of its kind, and for that page only: for the next it waits its turn.
 */
export const maxSnapshotPages = 32;
/** How many of them are one caller's. */
export const maxSnapshotPagesOfCaller = 8;
/** How many keys a page of a snapshot looks at: few, because the embedded database works on this very thread. */
const pageSize = 1_000;

/** What is left out when it is null, an empty list or an empty object. */
type Sparse<Row> = { readonly [Name in keyof Row]?: NonNullable<Row[Name]> };

export type RecordLine =
  | ({ readonly type: "tenant" } & Sparse<TenantRow>)
  | ({ readonly type: "owner" } & Sparse<OwnerRow>)
  | ({ readonly type: "key"; readonly secrets: readonly Sparse<SecretRow>[]; readonly bounded?: Bounded } & Sparse<
      Omit<KeyRow, "secrets" | "teamId">
    >);

/**
 * Of a key whose owner's role or whose team allows not any scope: the scopes that it was given, and those that they allow. The
 * line's own `scopes` are then those that it can use, so that a verifier which does not know of this refuses the others, too.
 */
interface Bounded extends ScopeBounds {
  readonly scopes: readonly string[];
}

export type VerificationRecords = ReturnType<typeof createVerificationRecords>;

/**
 * What a verifier must know of keys in order to decide by itself with `decide()`: the keys in whatever state they are, with all
 * their secrets, their owners and tenants.
 *
 * All of it is read from the database after the question came in, never from a memory, and each page in one statement.
 * So it is at least as new as every event that anybody was told of before the question was sent: whoever hears of a
 * change, at whatever server, and then asks any server, gets the change.
 */
export function createVerificationRecords({ database, clock }: { database: Database; clock: Clock }) {
  const readings = new Turns(maxReading);
  const pages = new SharedTurns(maxSnapshotPages, maxSnapshotPagesOfCaller);

  /** All keys within bounds: first the live ones, so that a reader soon has those that count, then the others. */
  async function* snapshot(
    caller: string,
    visibility: Visibility,
    signal: AbortSignal,
  ): AsyncGenerator<RecordRows, void, undefined> {
    // The same for both passes, or a key that expires between them would come twice.
    const now = new Date(clock.now());
    for (const live of [true, false]) {
      for (let after: RecordPlace | null = beginning; after; ) {
        const leave = await pages.enter(caller, signal);
        try {
          const place: RecordPlace = after;
          const { next, ...rows } = await readings.take(
            () => findRecordPage(database.prisma, visibility, { live, now, after: place, take: pageSize }),
            signal,
          );
          yield rows; // comes back when it is taken
          after = next;
        } finally {
          leave();
        }
        // Requests first.
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
      }
    }
  }

  async function* read(
    caller: string,
    visibility: Visibility,
    { hashes, keyIds }: RecordsQuestion,
    signal: AbortSignal,
  ): AsyncGenerator<RecordRows, void, undefined> {
    if (hashes) yield await findRecordsByHashes(database.prisma, visibility, hashes);
    else if (keyIds) yield await findRecordsByIds(database.prisma, visibility, keyIds);
    else yield* snapshot(caller, visibility, signal);
  }

  return {
    /**
     * Lines in pages, read while they are taken. A tenant or an owner comes once, before the first key that names it. A key that
     * changes while a snapshot is taken may come twice, or not at all when it comes back to life: its event says so.
     *
     * @param signal ends the reading; `next` then throws its reason.
     * @throws ForbiddenError without `keys:verify` or `keys:read`; BadUserInputError. Both at once, not when it is read.
     */
    read(principal: Principal, input: unknown, signal: AbortSignal): AsyncGenerator<RecordLine[], void, undefined> {
      authorize(principal, "keys:verify");
      authorize(principal, "keys:read");
      const question = parseRecordsQuestion(input);
      return linesOf(read(principal.id, boundsOf(principal, question), question, signal));
    },
  };
}

/** Before every key: nothing was created in 1970. */
const beginning: RecordPlace = { createdAt: new Date(0), id: "" };

function boundsOf(principal: Principal, { tenantId }: RecordsQuestion): Visibility {
  const own = visibleTo(principal);
  if (tenantId === undefined) return own;
  // Another tenant's id answers as one that does not exist.
  return { ...own, tenantId: own.tenantId === undefined || own.tenantId === tenantId ? tenantId : "none" };
}

async function* linesOf(
  pages: AsyncGenerator<RecordRows, void, undefined>,
): AsyncGenerator<RecordLine[], void, undefined> {
  const sent = new Set<string>();
  const isNew = ({ id }: { readonly id: string }): boolean => {
    const known = sent.has(id);
    sent.add(id);
    return !known;
  };
  for await (const { tenants, owners, keys, roleBounds, teamBounds } of pages) {
    const [byOwner, byTeam] = [boundsById(roleBounds), boundsById(teamBounds)];
    yield [
      ...tenants.filter(isNew).map((row) => ({ type: "tenant" as const, ...sparse(row) })),
      ...owners.filter(isNew).map((row) => ({ type: "owner" as const, ...sparse(row) })),
      ...keys.map(({ secrets, teamId, ...row }) => {
        const role = byOwner.get(row.ownerId) ?? null;
        const team = teamId === null ? null : (byTeam.get(teamId) ?? null);
        const line = { type: "key" as const, ...sparse(refusedByAll(row)), secrets: secrets.map(sparse) };
        return role === null && team === null ? line : { ...line, ...boundedBy(row.scopes, { role, team }) };
      }),
    ];
  }
}

/** A verifier that knows nothing of quarantine must refuse the key, too. */
function refusedByAll<Row extends Pick<KeyRow, "quarantinedAt" | "disabledAt" | "disabledReason">>(row: Row): Row {
  const { quarantinedAt } = row;
  if (quarantinedAt == null || row.disabledAt !== null) return row;
  return { ...row, disabledAt: quarantinedAt, disabledReason: "quarantined" };
}

function sparse<Row extends object>(row: Row): Sparse<Row> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (value !== null && !isEmpty(value)) kept[name] = value;
  }
  return kept as Sparse<Row>;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function boundsById(rows: readonly BoundRow[]): ReadonlyMap<string, readonly string[]> {
  return new Map(rows.map(({ id, keyScopes }) => [id, keyScopes]));
}

function boundedBy(scopes: readonly string[], bounds: ScopeBounds): { scopes: readonly string[]; bounded: Bounded } {
  return { scopes: withinBounds(scopes, bounds), bounded: { scopes, ...bounds } };
}
