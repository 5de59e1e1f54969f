import { isDocument, type Value } from "../bson/values.js";
import { fault } from "../errors.js";

/** What an operator takes: so many values, or a document of named arguments. */
interface Signature {
  /** How few and how many values: one by itself, or all of them in an array. Absent: values are not taken, only names. */
  readonly values?: readonly [least: number, most: number];
  /** Named arguments, those that must be there first. Absent: a document is a value like any other. */
  readonly required?: readonly string[];
  readonly optional?: readonly string[];
  /** Whether a document counts as named arguments only when it has this one. */
  readonly namedBy?: string;
  /** MongoDB's codes for an argument that there is not, one that is missing, and an operand that is no document. */
  readonly unknown?: number;
  readonly missing?: number;
  readonly shape?: number;
}

const many = Number.POSITIVE_INFINITY;
const exactly = (count: number): Signature => ({ values: [count, count] });
const between = (least: number, most: number): Signature => ({ values: [least, most] });
const any: Signature = { values: [0, many] };
const named = (
  required: readonly string[],
  optional: readonly string[],
  codes: Pick<Signature, "unknown" | "missing" | "shape">,
): Signature => ({ required, optional, ...codes });

const all = (names: string, signature: Signature): Record<string, Signature> =>
  Object.fromEntries(names.split(" ").map((name) => [name, signature]));

const regex = named(["input", "regex"], ["options"], { unknown: 31024, missing: 31022, shape: 51103 });
const replace = named(["input", "find", "replacement"], [], { unknown: 51750, missing: 51749, shape: 51751 });
const trim = named(["input"], ["chars"], { unknown: 50694, missing: 50695, shape: 50696 });
const ofN = named(["n", "input"], [], { unknown: 5787901, missing: 5787906, shape: 5787801 });
const datePart: Signature = {
  values: [1, 1],
  required: ["date"],
  optional: ["timezone"],
  namedBy: "date",
  unknown: 40535,
  missing: 40539,
};
const dateArithmetic = named(["startDate", "unit", "amount"], ["timezone"], {
  unknown: 5166401,
  missing: 5166402,
  shape: 5166400,
});

/**
 * All expression operators that are here, with what they take. What is not in this table is refused by name, and so is an argument that
 * an operator does not take: mingo would ignore it. The counts and names are those of MongoDB's reference; add an operator here.
 */
const signatures: Readonly<Record<string, Signature>> = {
  ...all("$add $multiply $and $or $concat $concatArrays $mergeObjects $setUnion $setIntersection", any),
  ...all("$bitAnd $bitOr $bitXor $avg $max $min $stdDevPop $stdDevSamp $sum", any),
  ...all("$abs $ceil $exp $floor $ln $log10 $sqrt $bitNot $not $size $type $isArray $isNumber", exactly(1)),
  ...all("$acos $acosh $asin $asinh $atan $atanh $cos $cosh $sin $sinh $tan $tanh", exactly(1)),
  ...all(
    "$degreesToRadians $radiansToDegrees $allElementsTrue $anyElementTrue $arrayToObject $objectToArray",
    exactly(1),
  ),
  ...all("$reverseArray $first $last $strLenBytes $strLenCP $toLower $toUpper", exactly(1)),
  ...all("$toBool $toDate $toDouble $toInt $toLong $toString", exactly(1)),
  ...all("$atan2 $divide $log $mod $pow $subtract $cmp $eq $ne $gt $gte $lt $lte $in", exactly(2)),
  ...all("$arrayElemAt $setDifference $setIsSubset $split $strcasecmp", exactly(2)),
  ...all("$substr $substrBytes $substrCP", exactly(3)),
  ...all("$round $trunc", between(1, 2)),
  ...all("$ifNull $setEquals", between(2, many)),
  ...all("$range $slice", between(2, 3)),
  ...all("$indexOfArray $indexOfBytes", between(2, 4)),
  $literal: exactly(1),
  $rand: { required: [], optional: [], unknown: 3040501, shape: 3040501 },
  $sampleRate: exactly(1),
  $cond: { values: [3, 3], required: ["if", "then", "else"], namedBy: "", unknown: 17083, missing: 17080 },
  $switch: named(["branches"], ["default"], { unknown: 40067, missing: 40068, shape: 40060 }),
  $let: named(["vars", "in"], [], { unknown: 16875, missing: 16876, shape: 16874 }),
  $filter: named(["input", "cond"], ["as", "limit"], { unknown: 28647, missing: 28648, shape: 28646 }),
  $map: named(["input", "in"], ["as"], { unknown: 16879, missing: 16880, shape: 16878 }),
  $reduce: named(["input", "initialValue", "in"], [], { unknown: 40076, missing: 40077, shape: 40075 }),
  $zip: named(["inputs"], ["useLongestLength", "defaults"], { unknown: 34464, missing: 34465, shape: 34460 }),
  $sortArray: named(["input", "sortBy"], [], { unknown: 2942501, missing: 2942502, shape: 2942500 }),
  $firstN: ofN,
  $lastN: ofN,
  $maxN: ofN,
  $minN: ofN,
  $regexFind: regex,
  $regexFindAll: regex,
  $regexMatch: regex,
  $replaceAll: replace,
  $replaceOne: replace,
  $trim: trim,
  $ltrim: trim,
  $rtrim: trim,
  $convert: named(["input", "to"], ["onError", "onNull"], { unknown: 9, missing: 9, shape: 9 }),
  $getField: {
    values: [1, 1],
    required: ["field"],
    optional: ["input"],
    namedBy: "field",
    unknown: 3041701,
    missing: 3041702,
  },
  $setField: named(["field", "input", "value"], [], { unknown: 4161101, missing: 4161102, shape: 4161100 }),
  $unsetField: named(["field", "input"], [], { unknown: 4161101, missing: 4161102, shape: 4161100 }),
  $percentile: named(["input", "p", "method"], [], { unknown: 40415, missing: 40414, shape: 7436200 }),
  $median: named(["input", "method"], [], { unknown: 40415, missing: 40414, shape: 7436200 }),
  ...all("$year $month $dayOfMonth $dayOfWeek $dayOfYear $hour $minute $second $millisecond", datePart),
  ...all("$week $isoWeek $isoWeekYear $isoDayOfWeek", datePart),
  $dateAdd: dateArithmetic,
  $dateSubtract: dateArithmetic,
  $dateDiff: named(["startDate", "endDate", "unit"], ["timezone", "startOfWeek"], {
    unknown: 5166302,
    missing: 5166303,
    shape: 5166301,
  }),
  $dateFromParts: named(
    [],
    "year month day isoWeekYear isoWeek isoDayOfWeek hour minute second millisecond timezone".split(" "),
    { unknown: 40518, shape: 40519 },
  ),
  $dateFromString: named(["dateString"], ["format", "timezone", "onError", "onNull"], {
    unknown: 40541,
    missing: 40542,
    shape: 40540,
  }),
  $dateToParts: named(["date"], ["timezone", "iso8601"], { unknown: 40520, missing: 40522, shape: 40524 }),
  $dateToString: named(["date"], ["format", "timezone", "onNull"], { unknown: 18534, missing: 18628, shape: 18629 }),
  $dateTrunc: named(["date", "unit"], ["binSize", "timezone", "startOfWeek"], {
    unknown: 5439008,
    missing: 5439009,
    shape: 5439007,
  }),
};

/** Accumulators whose operand is a document of names. */
const accumulators: Readonly<Record<string, Signature>> = {
  ...all("$firstN $lastN $maxN $minN", ofN),
  ...all("$top $bottom", named(["sortBy", "output"], [], { unknown: 5788002, missing: 5788005, shape: 5788001 })),
  ...all(
    "$topN $bottomN",
    named(["n", "sortBy", "output"], [], { unknown: 5788002, missing: 5788003, shape: 5788001 }),
  ),
  $percentile: signatures["$percentile"] as Signature,
  $median: signatures["$median"] as Signature,
};

/** Whether there is an expression operator of this name. */
export const isKnownExpression = (name: string): boolean => Object.hasOwn(signatures, name);

/** @throws when an expression operator is given what it does not take. */
export function checkArguments(operator: string, operand: Value): void {
  check(operator, operand, signatures[operator] as Signature);
  if (operator === "$switch") checkBranches(operand);
}

/** The same of an accumulator. */
export function checkAccumulatorArguments(operator: string, operand: Value): void {
  const signature = Object.hasOwn(accumulators, operator) ? accumulators[operator] : undefined;
  if (signature) check(operator, operand, signature);
}

function check(operator: string, operand: Value, signature: Signature): void {
  const { values, required, namedBy = "" } = signature;
  // The one value of an operator may stand in an array.
  if (namedBy !== "" && Array.isArray(operand) && operand.length === 1 && isDocument(operand[0] as Value))
    return check(operator, operand[0] as Value, signature);
  const isNamed = required !== undefined && isDocument(operand) && isArguments(operand, namedBy, values !== undefined);
  if (isNamed) return checkNames(operator, Object.keys(operand), signature);
  if (values) return checkCount(operator, Array.isArray(operand) ? operand.length : 1, values);
  throw fault(signature.shape ?? 9, `${operator} only supports an object as its argument`);
}

/** Whether a document holds arguments, and is not the one value of an operator that takes either. */
function isArguments(operand: object, namedBy: string, takesValues: boolean): boolean {
  if (!takesValues) return true;
  if (Object.keys(operand)[0]?.startsWith("$")) return false;
  return namedBy === "" || Object.hasOwn(operand, namedBy);
}

function checkNames(operator: string, given: readonly string[], signature: Signature): void {
  const { required = [], optional = [], unknown = 9, missing = 9 } = signature;
  for (const name of given) {
    if (!required.includes(name) && !optional.includes(name))
      throw fault(unknown, `Unrecognized argument to ${operator}: ${name}`);
  }
  for (const name of required)
    if (!given.includes(name)) throw fault(missing, `Missing '${name}' parameter to ${operator}`);
}

function checkCount(operator: string, count: number, [least, most]: readonly [number, number]): void {
  if (count >= least && count <= most) return;
  const were = `${count} were passed in.`;
  if (least === most) throw fault(16020, `Expression ${operator} takes exactly ${least} arguments. ${were}`);
  if (most === many) throw fault(16020, `Expression ${operator} takes at least ${least} arguments, but ${were}`);
  throw fault(28667, `Expression ${operator} takes at least ${least} arguments, and at most ${most}, but ${were}`);
}

function checkBranches(operand: Value): void {
  const branches: Value = isDocument(operand) ? operand["branches"] : undefined;
  if (!Array.isArray(branches)) throw fault(40061, "$switch expected an array for 'branches'");
  if (branches.length === 0) throw fault(40068, "$switch requires at least one branch.");
  for (const branch of branches as Value[]) {
    if (!isDocument(branch)) throw fault(40062, "$switch expected each branch to be an object");
    checkNames("a branch of $switch", Object.keys(branch), {
      required: ["case", "then"],
      unknown: 40063,
      missing: Object.hasOwn(branch, "case") ? 40065 : 40064,
    });
  }
}
