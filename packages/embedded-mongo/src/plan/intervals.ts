import { KeyWriter } from "../bson/key-encoding.js";
import { typeClass, type Value } from "../bson/values.js";
import { MAX_KEY_BYTES } from "../storage/collection.js";
import type { IndexSpec } from "../storage/index-spec.js";
import { afterPrefix, type Interval } from "../storage/range-scan.js";
import type { Constraint } from "./constraints.js";

/** More ranges than this are not worth it: the rest is left to the filter. */
const MAX_INTERVALS = 20_000;

const writer = new KeyWriter();

/** The parts of an index that can hold what a filter demands. */
export interface IndexBounds {
  /** In the order of the index, not overlapping. */
  readonly intervals: readonly Interval[];
  /** So many leading fields have exact values in each interval. */
  readonly exact: number;
  /** Whether these leading fields have but one value each, so that the rest of the index is in order across intervals. */
  readonly single: boolean;
  /** So many leading fields are bounded at all. */
  readonly bounded: number;
}

/** The intervals of an index (or of the records, by `_id`), from constraints on its leading fields. */
export function boundsOf(
  index: IndexSpec,
  prefixId: number,
  constraints: ReadonlyMap<string, Constraint>,
): IndexBounds {
  let prefixes: Buffer[] = [writer.reset().uint32(prefixId).bytes()];
  let exact = 0;
  let single = true;
  const used = new Set<string>();
  for (const [path, direction] of index.key) {
    // Below one array, two conditions may be met by two elements, but each entry is about one element.
    const top = path.split(".", 1)[0] as string;
    if (index.multikey && used.has(top)) break;
    used.add(top);
    const constraint = constraints.get(path);
    const points = constraint?.points;
    if (points != null && prefixes.length * points.length <= MAX_INTERVALS) {
      prefixes = prefixes.flatMap((prefix) => points.map((point) => encode(prefix, point, direction === -1)));
      exact += 1;
      single &&= points.length === 1;
      continue;
    }
    if (constraint && (constraint.lower || constraint.upper)) {
      const intervals = prefixes.map((prefix) => rangeAfter(prefix, constraint, direction === -1, index.multikey));
      return { intervals: sorted(intervals), exact, single, bounded: exact + 1 };
    }
    break;
  }
  const intervals = prefixes.map((low) => ({ low, high: afterPrefix(low) }));
  return { intervals: sorted(intervals), exact, single, bounded: exact };
}

function encode(prefix: Buffer, value: Value, descending: boolean): Buffer {
  return writer.reset().raw(prefix).value(value, descending).bytes();
}

function rangeAfter(prefix: Buffer, { lower, upper }: Constraint, descending: boolean, multikey: boolean): Interval {
  const usedUpper = multikey && lower ? null : upper; // one array element may fulfil one bound and another the other
  const type = typeClass((lower ?? usedUpper)?.value);
  const wholeClass = Buffer.concat([prefix, Buffer.from([descending ? ~type & 0xff : type])]);
  let low: Buffer = wholeClass;
  let high: Buffer = afterPrefix(wholeClass);
  for (const [bound, isLower] of [
    [lower, true],
    [usedUpper, false],
  ] as const) {
    if (bound === null || typeClass(bound.value) !== type) continue;
    const key = encode(prefix, bound.value, descending);
    if (isLower !== descending) low = bound.inclusive ? key : afterPrefix(key);
    else high = bound.inclusive ? afterPrefix(key) : key;
  }
  return { low, high };
}

/** No key is longer than lmdb's limit: a bound that is can be cut, and the filter does the rest. */
function clipped({ low, high }: Interval): Interval {
  return {
    low: low.subarray(0, MAX_KEY_BYTES),
    high: high.length > MAX_KEY_BYTES ? afterPrefix(high.subarray(0, MAX_KEY_BYTES)) : high,
  };
}

function sorted(intervals: Interval[]): Interval[] {
  const inOrder = intervals.map(clipped).toSorted((a, b) => Buffer.compare(a.low, b.low));
  return inOrder.filter((interval, i) => i === 0 || !interval.low.equals((inOrder[i - 1] as Interval).low));
}
