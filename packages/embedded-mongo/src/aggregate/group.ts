import * as mingoAccumulators from "mingo/operators/accumulator";
import { plain } from "../bson/encode.js";
import { type Doc, isDocument, setField, type Value } from "../bson/values.js";
import type { Call } from "../commands/context.js";
import { fault, notSupported } from "../errors.js";
import { type Accumulation, type Accumulator, compileAccumulator } from "./accumulators.js";
import { compileExpression, type Expression, mingoOptions, runMingo, type Scope } from "./expressions.js";
import { keyOfValue } from "./group-key.js";
import { checkAccumulatorArguments } from "./known-arguments.js";
import { checkExpression } from "./known-operators.js";
import { collect, lateRows, type Rows, stageMemoryExceeded } from "./rows.js";

interface Group {
  readonly id: Value;
  readonly accumulations: readonly Accumulation[];
}

/** What a group takes beside the values in it. */
const GROUP_BYTES = 300;

/**
 * `$group`, by `_id` or by an id that is computed otherwise.
 *
 * Decision: ours for the accumulators that can work document by document, because mingo keeps all documents of all groups until the
 * end. The others go to mingo, within the limit on memory.
 */
export function groupStage(call: Call, spec: Value, scope: Scope, idOf?: Expression): (rows: Rows) => Rows {
  if (!isDocument(spec)) throw fault(15947, "a group's fields must be specified in an object");
  if (!Object.hasOwn(spec, "_id")) throw fault(15955, "a group specification must include an _id");
  const names = Object.keys(spec).filter((name) => name !== "_id");
  const accumulators = names.map((name) => accumulatorOf(name, spec[name], scope));
  const ownId = idOf ?? compileExpression(spec["_id"], scope);
  if (accumulators.includes(null)) return byMingo(call, spec, scope, ownId);
  const makers = accumulators as Accumulator[];
  return (rows) =>
    lateRows(async () => (await groupAll(call, rows, ownId, makers)).map((group) => documentOf(group, names)));
}

function accumulatorOf(name: string, spec: Value, scope: Scope): Accumulator | null {
  if (name.includes(".")) throw fault(40235, `The field name '${name}' cannot contain '.'`);
  if (name.startsWith("$")) throw fault(40236, `The field name '${name}' cannot be an operator name`);
  if (!isDocument(spec)) throw fault(40234, `The field '${name}' must be an accumulator object`);
  const [operator, ...more] = Object.keys(spec);
  if (operator === undefined || more.length > 0) throw fault(40238, `The field '${name}' must specify one accumulator`);
  if (operator === "$accumulator") throw fault(31264, "$accumulator not allowed: server-side JavaScript is disabled");
  if (!Object.hasOwn(mingoAccumulators, operator)) throw fault(15952, `unknown group operator '${operator}'`);
  if (["$covariancePop", "$covarianceSamp"].includes(operator))
    throw fault(15952, `unknown group operator '${operator}'`);
  checkAccumulatorArguments(operator, spec[operator]);
  checkOperand(spec[operator]);
  return compileAccumulator(operator, spec[operator], scope);
}

/** The operands of `$topN` and its like are documents with names of their own. */
function checkOperand(operand: Value): void {
  if (isDocument(operand) && !Object.keys(operand)[0]?.startsWith("$"))
    for (const name of Object.keys(operand)) if (name !== "sortBy") checkExpression(operand[name]);
  if (isDocument(operand) && Object.hasOwn(operand, "$meta")) throw notSupported("$meta");
}

async function groupAll(
  call: Call,
  rows: Rows,
  idOf: (doc: Doc) => Value,
  makers: readonly Accumulator[],
): Promise<Group[]> {
  const groups = new Map<string, Group>();
  let bytes = 0;
  for (let some = await rows.next(); some !== null; some = await rows.next()) {
    const touched = new Set<Group>();
    for (const doc of some) {
      const id = idOf(doc) ?? null; // a missing id groups with null
      const key = keyOfValue(id);
      let group = groups.get(key);
      if (group === undefined) {
        group = { id, accumulations: makers.map((make) => make()) };
        groups.set(key, group);
        bytes += GROUP_BYTES + 2 * key.length;
      }
      touched.add(group);
      for (const accumulation of group.accumulations) accumulation.add(doc);
    }
    for (const { accumulations } of touched)
      for (const accumulation of accumulations) bytes += accumulation.grown?.() ?? 0;
    if (bytes > call.server.maxStageBytes) throw stageMemoryExceeded(call, "$group");
    if (call.pace.overdue) await call.pace.rest();
  }
  return [...groups.values()];
}

function documentOf({ id, accumulations }: Group, names: readonly string[]): Doc {
  const doc: Doc = { _id: id };
  for (const [i, name] of names.entries()) setField(doc, name, (accumulations[i] as Accumulation).result());
  return doc;
}

/** The id is computed here and wrapped with its document, so that both ways group alike. */
function byMingo(call: Call, spec: Doc, scope: Scope, idOf: Expression): (rows: Rows) => Rows {
  const stages = [{ $group: { ...(plain(spec) as Doc), _id: null } }];
  const options = mingoOptions(scope);
  return (rows) =>
    lateRows(async () => {
      const groups = new Map<string, { id: Value; docs: Doc[] }>();
      for (const doc of await collect(call, rows, "$group")) {
        const id = idOf(doc) ?? null; // a missing id groups with null
        const key = keyOfValue(id);
        const group = groups.get(key);
        if (group) group.docs.push(doc);
        else groups.set(key, { id, docs: [doc] });
      }
      return [...groups.values()].map(({ id, docs }) => ({ ...runMingo(stages, options, docs)[0], _id: id }));
    });
}
