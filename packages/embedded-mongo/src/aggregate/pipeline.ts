import { plain } from "../bson/encode.js";
import { type Doc, field, isDocument, isNumeric, toNumber, type Value } from "../bson/values.js";
import type { Call } from "../commands/context.js";
import { fault, notSupported } from "../errors.js";
import { type FindQuery, findDocuments } from "../plan/find-stream.js";
import { sortSpecOf } from "../query/sort.js";
import { bucketStage } from "./bucket.js";
import { neededFields } from "./dependencies.js";
import { documentStage } from "./document-stages.js";
import { compileExpression, mingoOptions, runMingo, type Scope } from "./expressions.js";
import { groupStage } from "./group.js";
import { facetStage, lookupStage, unionStage } from "./joins.js";
import { checkExpression } from "./known-operators.js";
import { collect, lateRows, mapRows, type Rows } from "./rows.js";
import { countStage, limitStage, matchStage, type Stage, skipStage, sortStage, unwindStage } from "./simple-stages.js";
import { mergeStage, outStage } from "./write-stages.js";

/** Stages of MongoDB that are not here. mingo has some of them; but it ignores what it does not know of their arguments. */
const missing = new Set([
  "$bucketAuto",
  "$collStats",
  "$currentOp",
  "$densify",
  "$fill",
  "$geoNear",
  "$graphLookup",
  "$indexStats",
  "$listLocalSessions",
  "$listSampledQueries",
  "$listSessions",
  "$planCacheStats",
  "$search",
  "$searchMeta",
  "$setWindowFields",
  "$shardedDataDistribution",
  "$vectorSearch",
]);

/** The leading stages of a pipeline that the search itself can do, with the help of indexes. */
export interface Absorbed {
  readonly query: FindQuery;
  readonly rest: readonly Doc[];
}

/** Splits a pipeline into what the search does and what follows it. */
export function absorb(stages: readonly Doc[], scope: Scope, hint?: Value): Absorbed {
  const filters: Doc[] = [];
  let [sort, skip, limit, at] = [sortSpecOf(undefined), 0, Number.POSITIVE_INFINITY, 0];
  const operandAt = (name: string): Value => field(stages[at] ?? {}, name);
  for (let match = operandAt("$match"); isDocument(match); match = operandAt("$match")) {
    filters.push(match);
    at += 1;
  }
  const order = operandAt("$sort");
  if (isDocument(order) && Object.keys(order).length > 0) {
    sort = sortSpecOf(order);
    at += 1;
  }
  const skipped = operandAt("$skip");
  if (isNumeric(skipped) && toNumber(skipped) >= 0) {
    skip = Math.trunc(toNumber(skipped));
    at += 1;
  }
  const limited = operandAt("$limit");
  if (isNumeric(limited) && toNumber(limited) > 0) {
    limit = Math.trunc(toNumber(limited));
    at += 1;
  }
  const filter = filters.length > 1 ? { $and: filters } : (filters[0] ?? {});
  return {
    query: { filter, sort, projection: null, skip, limit, hint, variables: scope.variables },
    rest: stages.slice(at),
  };
}

/** The documents of a collection after a pipeline. */
export function collectionRows(call: Call, name: string | undefined, stages: readonly Doc[], scope: Scope): Rows {
  if (name === undefined) return compilePipeline(call, stages, scope)({ next: () => Promise.resolve(null) });
  const { query, rest } = absorb(stages, scope);
  const source = findDocuments(call, call.server.catalog.find(call.db, name), query, neededFields(rest));
  return compilePipeline(call, rest, scope)(source);
}

const pipelines = { compile: compilePipeline, rows: collectionRows };

/** Compiles all stages before the first document is read, so that a mistake is refused at once. */
export function compilePipeline(call: Call, stages: readonly Doc[], scope: Scope): Stage {
  const compiled = stages.map((stage, i) => compileStage(call, stages, stage, i, scope));
  return (rows) => compiled.reduce((current, run) => run(current), rows);
}

function compileStage(call: Call, stages: readonly Doc[], stage: Doc, at: number, scope: Scope): Stage {
  if (!isDocument(stage)) throw fault(14, "Each element of the 'pipeline' array must be an object");
  const [name, ...more] = Object.keys(stage);
  if (name === undefined || more.length > 0)
    throw fault(40323, "A pipeline stage specification object must contain exactly one field.");
  const operand = stage[name];
  const change = documentStage(name, operand, scope);
  if (change !== null) return (rows) => mapRows(rows, change);
  if ((name === "$merge" || name === "$out") && at !== stages.length - 1)
    throw fault(40601, `${name} can only be the final stage in the pipeline`);
  switch (name) {
    case "$match":
      return matchStage(operand, scope);
    case "$group":
      return groupStage(call, operand, scope);
    case "$sort":
      return sortStage(call, operand, limitAfter(stages, at));
    case "$limit":
      return limitStage(operand);
    case "$skip":
      return skipStage(operand);
    case "$count":
      return countStage(operand);
    case "$unwind":
      return unwindStage(operand);
    case "$bucket":
      return bucketStage(call, operand, scope);
    case "$sortByCount": {
      const group = groupStage(call, { _id: operand, count: { $sum: 1 } }, scope);
      const sort = sortStage(call, { count: -1 }, Number.POSITIVE_INFINITY);
      return (rows) => sort(group(rows));
    }
    case "$facet":
      return facetStage(call, operand, scope, pipelines);
    case "$lookup":
      return lookupStage(call, operand, scope, pipelines);
    case "$unionWith":
      return unionStage(call, operand, scope, pipelines);
    case "$merge":
      return mergeStage(call, operand, scope);
    case "$out":
      return outStage(call, operand);
    case "$documents": {
      if (at !== 0) throw fault(40602, "$documents is only valid as the first stage in a pipeline");
      const documents = compileExpression(operand, scope);
      return () => lateRows(() => Promise.resolve(documents({}) as Doc[]));
    }
    case "$changeStream":
      throw fault(40573, "The $changeStream stage is only supported on replica sets");
    default:
      return otherStage(call, name, operand, scope);
  }
}

function otherStage(call: Call, name: string, operand: Value, scope: Scope): Stage {
  if (missing.has(name)) throw notSupported(`the stage ${name}`);
  if (name === "$redact") checkExpression(operand);
  else if (name === "$sample") checkSample(operand);
  else throw fault(40324, `Unrecognized pipeline stage name: '${name}'`);
  const options = mingoOptions(scope);
  return (rows) =>
    lateRows(async () => runMingo([{ [name]: plain(operand) }], options, await collect(call, rows, name)));
}

function checkSample(operand: Value): void {
  if (!isDocument(operand)) throw fault(28745, "the $sample stage specification must be an object");
  for (const name of Object.keys(operand))
    if (name !== "size") throw fault(28748, `unrecognized option to $sample: ${name}`);
  const size = operand["size"];
  if (size === undefined) throw fault(28749, "$sample stage must specify a size");
  if (!isNumeric(size)) throw fault(28746, "size argument to $sample must be a number");
  if (toNumber(size) <= 0) throw fault(28747, "size argument to $sample must be a positive integer");
}

/** How many documents of a sort are wanted, from the `$limit` behind it. */
function limitAfter(stages: readonly Doc[], at: number): number {
  const limit = field(stages[at + 1] ?? {}, "$limit");
  return isNumeric(limit) && toNumber(limit) > 0 ? Math.trunc(toNumber(limit)) : Number.POSITIVE_INFINITY;
}
