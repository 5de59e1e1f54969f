import { clone, encodedSize } from "../bson/encode.js";
import { type Doc, field, isDocument, isNumeric, toNumber, type Value } from "../bson/values.js";
import type { Call } from "../commands/context.js";
import { fault } from "../errors.js";
import { compileFilter } from "../query/filter.js";
import { type SortKey, sorterOf, sortSpecOf } from "../query/sort.js";
import { showValue } from "../storage/show-value.js";
import { withValue } from "./document-stages.js";
import { compileExpressionTest, type Scope } from "./expressions.js";
import { flatMapRows, lateRows, type Rows, stageMemoryExceeded } from "./rows.js";

/** A compiled stage. */
export type Stage = (rows: Rows) => Rows;

export function matchStage(operand: Value, scope: Scope): Stage {
  if (!isDocument(operand)) throw fault(15959, "the match filter must be an expression in an object");
  const matches = compileFilter(operand, { expression: (expression) => compileExpressionTest(expression, scope) });
  return (rows) => ({ next: async () => (await rows.next())?.filter(matches) ?? null });
}

export function limitStage(operand: Value): Stage {
  const limit = wholeNumber("$limit", operand);
  if (limit <= 0) throw fault(15958, "the limit must be positive");
  return (rows) => {
    let left = limit;
    return {
      async next() {
        if (left <= 0) return null;
        const some = (await rows.next())?.slice(0, left) ?? null;
        left -= some?.length ?? 0;
        return some;
      },
    };
  };
}

export function skipStage(operand: Value): Stage {
  const skip = wholeNumber("$skip", operand);
  return (rows) => {
    let left = skip;
    return {
      async next() {
        const some = await rows.next();
        if (some === null) return null;
        const skipped = Math.min(left, some.length);
        left -= skipped;
        return skipped === 0 ? some : some.slice(skipped);
      },
    };
  };
}

function wholeNumber(stage: string, value: Value): number {
  const number = isNumeric(value) ? toNumber(value) : Number.NaN;
  if (!Number.isInteger(number) || number < 0)
    throw fault(
      stage === "$limit" ? 5107201 : 5107200,
      `invalid argument to ${stage} stage: Expected a non-negative number in: ${stage}: ${showValue(value)}`,
    );
  return number;
}

export function countStage(operand: Value): Stage {
  if (typeof operand !== "string" || operand === "") throw fault(40156, "the count field must be a non-empty string");
  if (operand.startsWith("$")) throw fault(40158, "the count field cannot be a $-prefixed path");
  if (operand.includes(".")) throw fault(40160, "the count field cannot contain '.'");
  return (rows) =>
    lateRows(async () => {
      let count = 0;
      for (let some = await rows.next(); some !== null; some = await rows.next()) count += some.length;
      return count === 0 ? [] : [{ [operand]: count }];
    });
}

/** `$sort`; followed by a `$limit` it keeps no more than that. */
export function sortStage(call: Call, operand: Value, limit: number): Stage {
  if (!isDocument(operand)) throw fault(15973, "the $sort key specification must be an object");
  if (Object.keys(operand).length === 0) throw fault(15976, "$sort stage must have at least one sort key");
  const sorter = sorterOf(sortSpecOf(operand));
  return (rows) =>
    lateRows(async () => {
      let kept: { key: SortKey; doc: Doc; size: number }[] = [];
      let bytes = 0;
      const trim = (): void => {
        kept.sort((a, b) => sorter.compare(a.key, b.key));
        for (const { size } of kept.splice(limit)) bytes -= size;
      };
      for (let some = await rows.next(); some !== null; some = await rows.next()) {
        for (const doc of some) {
          const size = encodedSize(doc);
          kept.push({ key: sorter.keyOf(doc), doc, size });
          bytes += size;
        }
        if (kept.length > 2 * limit + 1000 || (bytes > call.server.maxStageBytes && kept.length > limit)) trim();
        if (bytes > call.server.maxStageBytes) throw stageMemoryExceeded(call, "$sort");
        if (call.pace.overdue) await call.pace.rest();
      }
      trim();
      const sorted = kept.map(({ doc }) => doc);
      kept = [];
      return sorted;
    });
}

export function unwindStage(operand: Value): Stage {
  const spec: Doc = isDocument(operand) ? operand : { path: operand };
  for (const name of Object.keys(spec))
    if (!["path", "includeArrayIndex", "preserveNullAndEmptyArrays"].includes(name))
      throw fault(28811, `unrecognized option to $unwind stage: ${name}`);
  const { path, includeArrayIndex, preserveNullAndEmptyArrays } = spec;
  if (typeof path !== "string") throw fault(28808, "expected a string as the path for $unwind stage");
  if (!path.startsWith("$")) throw fault(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  if (includeArrayIndex !== undefined && (typeof includeArrayIndex !== "string" || includeArrayIndex === ""))
    throw fault(28810, "expected a non-empty string for the includeArrayIndex option to $unwind stage");
  const parts = path.slice(1).split(".");
  return (rows) =>
    flatMapRows(rows, (doc) => {
      const value = parts.reduce<Value>((inner, part) => (isDocument(inner) ? field(inner, part) : undefined), doc);
      const made = (element: Value, index: Value): Doc => {
        const result = element === undefined ? { ...doc } : (withValue(doc, parts, 0, element) as Doc);
        return typeof includeArrayIndex === "string"
          ? (withValue(result, includeArrayIndex.split("."), 0, index) as Doc)
          : result;
      };
      if (Array.isArray(value)) {
        if (value.length > 0) return value.map((element, i) => made(clone(element), i));
        return preserveNullAndEmptyArrays === true
          ? [withValue(made(undefined, null), parts, 0, undefined) as Doc]
          : [];
      }
      if (value === undefined || value === null)
        return preserveNullAndEmptyArrays === true ? [made(undefined, null)] : [];
      return [made(undefined, null)];
    });
}
