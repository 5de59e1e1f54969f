import { createHash } from "node:crypto";
import type { Clock } from "../../platform/clock.js";
import { type Database, isUniqueViolation, type Transaction } from "../../platform/database/index.js";
import { ConflictError } from "../../platform/errors.js";
import type { SecretBox } from "../../platform/secret-box.js";
import type { Principal } from "../auth/index.js";

/** How long a retry is answered with the secret of the first answer, in milliseconds. */
export const secretKeptMs = 10 * 60_000;
/** How long an idempotencyKey is remembered at all, in milliseconds. */
export const recordKeptMs = 24 * 60 * 60_000;

/** One creating or rotating mutation, as its caller named it. */
export interface Attempt {
  readonly operation: string;
  readonly idempotencyKey: string | undefined;
  /** What was asked for, without the idempotencyKey; a retry must ask for the same. */
  readonly input: object;
}

/** What a retry needs in order to answer as the first attempt did. */
export interface Outcome {
  readonly targetId: string;
  /** The secret that was answered; absent for mutations without one. */
  readonly secret?: string;
  /** Of an earlier attempt: what it made may have changed since. */
  readonly isRepeat?: true;
}

export type Idempotency = ReturnType<typeof createIdempotency>;

/**
 * Makes retries of creating and rotating mutations harmless: the same caller, operation, idempotencyKey and input get the
 * first attempt's answer, and concurrent attempts happen once. Another input under the same idempotencyKey is refused.
 * The contract follows the IETF draft "The Idempotency-Key HTTP Header Field".
 */
export function createIdempotency(deps: { database: Database; clock: Clock; secretBox: SecretBox }) {
  const { database, clock, secretBox } = deps;

  /**
   * The outcome of an earlier attempt, or null when there was none.
   *
   * @throws ConflictError for another input, or when the secret is no longer kept.
   */
  async function replay(id: string, inputHash: string): Promise<Outcome | null> {
    const record = await database.prisma.idempotencyRecord.findUnique({ where: { id } });
    const age = record ? clock.now() - record.createdAt.getTime() : 0;
    if (!record || age >= recordKeptMs) return null;
    if (record.inputHash !== inputHash) {
      throw new ConflictError(
        "This idempotencyKey was used with another input. Repeat the first input to get its answer, or use a new idempotencyKey.",
      );
    }
    if (!record.hasSecret) return { targetId: record.targetId, isRepeat: true };
    const secret = record.sealedSecret && age < secretKeptMs ? secretBox.open(record.sealedSecret, id) : null;
    if (secret === null) {
      throw new ConflictError(
        `This idempotencyKey was used at ${record.createdAt.toISOString()} for ${record.targetId}, and its secret is no longer kept. If it is lost, rotate the key or revoke the token; for another one, use a new idempotencyKey.`,
      );
    }
    return { targetId: record.targetId, secret, isRepeat: true };
  }

  return {
    /**
     * Runs `work` once for an attempt.
     *
     * @param transaction runs a write; the record of the attempt is kept in the same one, so that both happen or neither.
     * @returns the outcome of this or of the earlier attempt.
     */
    async once(
      principal: Principal,
      attempt: Attempt,
      transaction: (work: (tx: Transaction) => Promise<Outcome>) => Promise<Outcome>,
      work: (tx: Transaction) => Promise<Outcome>,
    ): Promise<Outcome> {
      if (attempt.idempotencyKey === undefined) return transaction(work);
      const id = digest([principal.id, attempt.operation, attempt.idempotencyKey]);
      const inputHash = digest(attempt.input);
      const earlier = await replay(id, inputHash);
      if (earlier) return earlier;
      try {
        return await transaction(async (tx) => {
          const createdAt = new Date(clock.now());
          // First of all: a concurrent attempt waits here for the end of this one. A forgotten record gives way.
          const forgotten = new Date(createdAt.getTime() - recordKeptMs);
          await tx.idempotencyRecord.deleteMany({ where: { id, createdAt: { lte: forgotten } } });
          await tx.idempotencyRecord.create({ data: { id, inputHash, targetId: "", hasSecret: false, createdAt } });
          const outcome = await work(tx);
          await tx.idempotencyRecord.update({
            where: { id },
            data: {
              targetId: outcome.targetId,
              hasSecret: outcome.secret !== undefined,
              sealedSecret: outcome.secret === undefined ? null : secretBox.seal(outcome.secret, id),
            },
          });
          return outcome;
        });
      } catch (error) {
        if (!isUniqueViolation(error, "IdempotencyRecord", ["id"])) throw error;
        const first = await replay(id, inputHash);
        if (!first) throw error;
        return first;
      }
    },

    /** Removes the secrets and the records whose time is over. */
    async sweep(): Promise<void> {
      const now = clock.now();
      await database.prisma.idempotencyRecord.updateMany({
        where: { createdAt: { lte: new Date(now - secretKeptMs) }, sealedSecret: { not: null } },
        data: { sealedSecret: null },
      });
      await database.prisma.idempotencyRecord.deleteMany({
        where: { createdAt: { lte: new Date(now - recordKeptMs) } },
      });
    },
  };
}

function digest(value: object): string {
  return createHash("sha256").update(JSON.stringify(value, sortedKeys)).digest("hex");
}

/** The order of an object's fields has no meaning, so it must not make two inputs differ. */
function sortedKeys(_name: string, value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
