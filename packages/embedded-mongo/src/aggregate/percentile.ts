import { compareNumbers } from "../bson/compare.js";
import { isNumeric, toNumber, type Value } from "../bson/values.js";
import { fault } from "../errors.js";

/**
 * The values below which so many of the numbers lie, by nearest rank; other values are left out.
 *
 * Decision: ours, because mingo 7.2.7 sorts the numbers as texts. MongoDB's "approximate" method may differ from the exact rank.
 */
export function percentiles(values: readonly Value[], ranks: readonly number[]): (number | null)[] {
  const sorted = values
    .filter(isNumeric)
    .map(toNumber)
    .filter((value) => !Number.isNaN(value))
    .sort(compareNumbers);
  return ranks.map((rank) => sorted[Math.max(0, Math.ceil(rank * sorted.length) - 1)] ?? null);
}

/** Reads `p` of `$percentile`. */
export function ranksOf(p: Value): number[] {
  if (!Array.isArray(p) || p.length === 0)
    throw fault(7750301, "The $percentile 'p' field must be an array of numbers from [0.0, 1.0]");
  return p.map((rank: Value) => {
    const number = isNumeric(rank) ? toNumber(rank) : Number.NaN;
    if (!(number >= 0 && number <= 1))
      throw fault(7750303, "The $percentile 'p' field must be an array of numbers from [0.0, 1.0]");
    return number;
  });
}

/** Both operators know one method. */
export function checkMethod(method: Value): void {
  if (method !== "approximate") throw fault(2, "Currently only 'approximate' can be used as percentile 'method'.");
}
