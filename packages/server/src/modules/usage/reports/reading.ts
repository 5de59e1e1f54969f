import { type Collection, type Document, type Filter, type FindOptions, MongoServerError } from "mongodb";
import { BadUserInputError } from "../../../platform/errors.js";
import type { Condition } from "./filters.js";

/** How many documents one answer of MongoDB brings at most: few enough that others get their turn between two. */
const batchSize = 2_000;

/** How much a question may still read of one kind of documents. */
export interface Budget {
  /** How the documents are called in the refusal, e.g. "rows of counts". */
  readonly what: string;
  readonly max: number;
  left: number;
}

/** Which documents to read, and how. */
export interface Reading {
  readonly condition: Condition;
  /** The fields that are read; `_id` only where it is named. */
  readonly fields: readonly string[];
  readonly budget: Budget;
  readonly maxTimeMs: number;
  readonly signal: AbortSignal | undefined;
  /** Documents as the bytes of their BSON, for those who decode them themselves. */
  readonly raw?: boolean;
}

/**
 * Reads documents batch by batch. The signal is heard between two of them.
 *
 * @throws BadUserInputError when there are more than the budget, or MongoDB takes longer than `maxTimeMs`; whatever the signal was
 * aborted with; whatever the driver throws.
 */
export async function* readBatches<Found, Stored extends Document>(
  collection: Collection<Stored>,
  reading: Reading,
): AsyncGenerator<Found[]> {
  const { condition, fields, budget, maxTimeMs, signal, raw = false } = reading;
  const options: FindOptions = {
    projection: { _id: 0, ...Object.fromEntries(fields.map((field) => [field, 1])) },
    // One more than may be read, to know of it.
    limit: budget.left + 1,
    batchSize,
    maxTimeMS: maxTimeMs,
    raw,
  };
  const cursor = collection.find(condition as Filter<Stored>, options);
  try {
    while (await cursor.hasNext()) {
      signal?.throwIfAborted();
      const batch = cursor.readBufferedDocuments();
      budget.left -= batch.length;
      if (budget.left < 0) throw tooMany(budget);
      yield batch as unknown as Found[];
    }
  } catch (error) {
    throw asRefusal(error, maxTimeMs);
  } finally {
    await cursor.close();
  }
}

/** What the driver threw, or a refusal where MongoDB gave up after `maxTimeMs`. */
export function asRefusal(error: unknown, maxTimeMs: number): unknown {
  const isTimeExpired = error instanceof MongoServerError && error.code === 50;
  return isTimeExpired ? tookTooLong(maxTimeMs) : error;
}

const narrow = "Ask for a shorter window or a wider bucket, or narrow the filter.";

function tooMany({ what, max }: Budget): BadUserInputError {
  return new BadUserInputError(
    `from: The question would read more than ${max.toLocaleString("en")} ${what}. ${narrow}`,
  );
}

function tookTooLong(maxTimeMs: number): BadUserInputError {
  return new BadUserInputError(`from: Reading took longer than ${maxTimeMs / 1_000} seconds and was ended. ${narrow}`);
}
