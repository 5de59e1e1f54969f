import { isUniqueViolation, type Transaction } from "./database/index.js";
import { ConflictError } from "./errors.js";

type Transact = <Result>(work: (tx: Transaction) => Promise<Result>) => Promise<Result>;

/** Fields of a model that must be unique together, and what is said to whoever gives values that are taken. */
interface Taken {
  readonly model: Parameters<typeof isUniqueViolation>[1];
  readonly fields: readonly string[];
  readonly message: string;
}

/**
 * Words violations of uniqueness for the caller. The database decides and no look-up before the write: two callers may take
 * the same value at once.
 *
 * @returns `transaction`, which now throws a ConflictError where it met a value that is taken.
 */
export function unlessTaken(transaction: Transact, ...taken: readonly Taken[]): Transact {
  return async (work) => {
    try {
      return await transaction(work);
    } catch (error) {
      const found = taken.find(({ model, fields }) => isUniqueViolation(error, model, fields));
      throw found ? new ConflictError(found.message) : error;
    }
  };
}
