import type { Clock } from "../../../platform/clock.js";
import type { Database, Db, Transaction } from "../../../platform/database/index.js";
import { RateLimitedError } from "../../../platform/errors.js";
import { hashSecret } from "../../auth/index.js";
import { type AttemptKind, type AttemptState, afterFailure, attemptPolicies } from "./attempt-policy.js";

/** A counter that an attempt is counted by. */
export interface Counter {
  readonly kind: AttemptKind;
  /** What it counts, e.g. an e-mail address. */
  readonly of: string;
  /**
   * What of it a success proves to be somebody's own: beginning anew then takes away only what was counted under the same name.
   * Without: all of it.
   */
  readonly part?: string;
}

interface Row {
  readonly id: string;
  readonly failures: number;
  readonly blockedUntil: Date;
  readonly forgottenAt: Date;
}

/** Attempts that were counted; give them back when they succeeded. */
export interface Charged {
  /** The attempt was none: as if it had not been made. Counters that are named begin anew. */
  refund(reset: readonly AttemptKind[]): Promise<void>;
}

export type Attempts = ReturnType<typeof createAttempts>;

/**
 * Slows down whoever guesses. Counted in the database, so that nobody gets more guesses by going to another process, and before
 * the guess is looked at, so that a hundred at once are not one. A row exists only for what was tried, and goes
 * when it is forgotten.
 */
export function createAttempts({ database, clock }: { database: Database; clock: Clock }) {
  return {
    /**
     * Counts an attempt in all counters, or in none.
     *
     * @throws RateLimitedError when one of them does not let it pass yet.
     */
    async charge(counters: readonly Counter[]): Promise<Charged> {
      const places = counters.flatMap((counter) => [
        { id: idOf(counter), kind: counter.kind, partId: partIdOf(counter) },
        ...(counter.part === undefined ? [] : [{ id: partIdOf(counter), kind: "part", partId: null } as const]),
      ]);
      // In one order, so that two attempts never wait for each other.
      const ids = places.map(({ id }) => id).sort();
      const before = await database.transaction(async (tx) => {
        const now = clock.now();
        const rows = await lockRows(tx, ids, now);
        const blockedUntil = Math.max(
          ...[...rows.values()].map((row) => (row.forgottenAt > now ? row.blockedUntil : 0)),
        );
        if (blockedUntil > now) throw new RateLimitedError(blockedUntil - now);
        for (const { id, kind } of places) {
          await writeRow(tx, id, afterFailure(rows.get(id) ?? null, attemptPolicies[kind], now));
        }
        return rows;
      });
      return {
        async refund(reset) {
          await database.transaction(async (tx) => {
            const rows = await lockRows(tx, ids, clock.now());
            for (const { id, kind, partId } of places) {
              const row = rows.get(id);
              if (!row) continue;
              const own = reset.includes(kind) ? (rows.get(partId ?? "")?.failures ?? row.failures) : 1;
              const failures = row.failures - own;
              if (kind === "part" || failures <= 0) await tx.attemptCount.deleteMany({ where: { id } });
              // The pause that this attempt began ends with it; one that a later failure has begun goes on.
              else {
                const earlier = before.get(id);
                const isLast = row.failures === (earlier?.failures ?? 0) + 1;
                const blockedUntil = isLast ? (earlier?.blockedUntil ?? 0) : row.blockedUntil;
                await writeRow(tx, id, { failures, blockedUntil, forgottenAt: row.forgottenAt });
              }
            }
          });
        },
      };
    },

    /** Forgets what was counted, in the transaction of a change that makes it meaningless. */
    async forget(tx: Transaction, counters: readonly Counter[]): Promise<void> {
      // One after the other in the order of all, so that an attempt at the same moment and this never wait for each other.
      const ids = counters.flatMap((counter) => [idOf(counter), partIdOf(counter)]);
      for (const id of [...new Set(ids)].sort()) await tx.attemptCount.deleteMany({ where: { id } });
    },

    /** A chore: removes what counts no more. */
    async sweep(): Promise<void> {
      await database.prisma.attemptCount.deleteMany({ where: { forgottenAt: { lte: new Date(clock.now()) } } });
    },
  };
}

/** Not in the clear: a dump of the database does not tell who tried to sign in from where. */
function idOf({ kind, of }: Counter): string {
  return hashSecret(`${kind}:${of}`);
}

function partIdOf({ kind, of, part }: Counter): string {
  return part === undefined ? idOf({ kind, of }) : hashSecret(`part:${kind}:${of} ${part}`);
}

async function lockRows(tx: Transaction, ids: readonly string[], now: number): Promise<Map<string, AttemptState>> {
  const never = new Date(now);
  await tx.attemptCount.createMany({
    data: ids.map((id) => ({ id, failures: 0, blockedUntil: never, forgottenAt: never })),
    skipDuplicates: true,
  });
  const rows = await tx.$queryRaw<Row[]>`
    SELECT "id", "failures", "blockedUntil", "forgottenAt" FROM "AttemptCount"
    WHERE "id" = ANY(${[...ids]}::text[]) ORDER BY "id" FOR UPDATE`;
  return new Map(
    rows.map(({ id, failures, blockedUntil, forgottenAt }) => [
      id,
      { failures, blockedUntil: blockedUntil.getTime(), forgottenAt: forgottenAt.getTime() },
    ]),
  );
}

async function writeRow(db: Db, id: string, { failures, blockedUntil, forgottenAt }: AttemptState): Promise<void> {
  await db.attemptCount.update({
    where: { id },
    data: { failures, blockedUntil: new Date(blockedUntil), forgottenAt: new Date(forgottenAt) },
  });
}
