import { BSONRegExp } from "bson";
import { EMPTY_ARRAY } from "../bson/key-encoding.js";
import { type Doc, isDocument, setField, type Value } from "../bson/values.js";
import type { Call } from "../commands/context.js";
import { fault } from "../errors.js";
import { pathOf } from "../query/path.js";
import { indexRows } from "../storage/index-values.js";
import { compileExpression, type Expression, type Scope } from "./expressions.js";
import { collect, type Rows } from "./rows.js";
import type { Stage } from "./simple-stages.js";

/** What a stage needs that has pipelines of its own; handed in, because pipelines need the stages. */
export interface Pipelines {
  compile(call: Call, stages: readonly Doc[], scope: Scope): Stage;
  /** The documents of a collection after a pipeline. */
  rows(call: Call, collection: string | undefined, stages: readonly Doc[], scope: Scope): Rows;
}

/** `$lookup`: by equal fields, which uses an index of the other collection, by a pipeline, or by both. */
export function lookupStage(call: Call, spec: Value, scope: Scope, pipelines: Pipelines): Stage {
  if (!isDocument(spec)) throw fault(9, "the $lookup specification must be an Object");
  for (const name of Object.keys(spec)) {
    if (!["from", "as", "localField", "foreignField", "let", "pipeline"].includes(name))
      throw fault(9, `unknown argument to $lookup: ${name}`);
  }
  const { from, as, localField, foreignField, pipeline } = spec;
  if (typeof as !== "string") throw fault(9, "must specify 'as' field for a $lookup");
  const byFields = localField !== undefined || foreignField !== undefined;
  if (byFields && (typeof localField !== "string" || typeof foreignField !== "string"))
    throw fault(9, "$lookup requires both or neither of 'localField' and 'foreignField' to be specified");
  if (!byFields && pipeline === undefined)
    throw fault(9, "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified");
  const stages = (pipeline ?? []) as Doc[];
  if (from === undefined && !("$documents" in (stages[0] ?? {})))
    throw fault(9, "must specify 'from' field for a $lookup");
  const variables = letOf(spec["let"], scope);
  return (rows) => ({
    async next() {
      const some = await rows.next();
      if (some === null) return null;
      const joined: Doc[] = [];
      for (const doc of some) {
        const filter = byFields ? [{ $match: matchLocal(doc, localField as string, foreignField as string) }] : [];
        const bound = {
          ...scope.variables,
          ...Object.fromEntries(variables.map(([name, compute]) => [name, compute(doc)])),
        };
        const found = pipelines.rows(call, from as string | undefined, [...filter, ...stages], {
          ...scope,
          variables: bound,
        });
        const copy = { ...doc };
        setField(copy, as, await collect(call, found, "$lookup"));
        joined.push(copy);
        if (call.pace.overdue) await call.pace.rest();
      }
      return joined;
    },
  });
}

function letOf(given: Value, scope: Scope): [string, Expression][] {
  const variables = (given ?? {}) as Doc;
  return Object.keys(variables).map((name) => {
    if (!/^[a-z][a-zA-Z0-9_]*$/.test(name))
      throw fault(16867, `'${name}' starts with an invalid character for a user variable name`);
    return [name, compileExpression(variables[name], scope)];
  });
}

/** A missing local field matches null and missing ones; an array matches by each of its elements. */
function matchLocal(doc: Doc, local: string, foreign: string): Doc {
  const values = indexRows(doc, [pathOf(local)])
    .rows.map(([value]) => value)
    .filter((value) => value !== EMPTY_ARRAY);
  if (values.length === 1 && !(values[0] instanceof BSONRegExp)) return { [foreign]: { $eq: values[0] } };
  return { [foreign]: { $in: values } };
}

/** `$unionWith`. */
export function unionStage(call: Call, spec: Value, scope: Scope, pipelines: Pipelines): Stage {
  const { coll, pipeline, ...more } = isDocument(spec) ? spec : { coll: spec };
  for (const name of Object.keys(more)) throw fault(40415, `BSON field '$unionWith.${name}' is an unknown field.`);
  return (rows) => {
    let other: Rows | null = null;
    return {
      async next() {
        const some = other === null ? await rows.next() : null;
        if (some !== null) return some;
        other ??= pipelines.rows(call, coll as string | undefined, (pipeline ?? []) as Doc[], scope);
        return other.next();
      },
    };
  };
}

/** `$facet`: several pipelines on the same documents. */
export function facetStage(call: Call, spec: Value, scope: Scope, pipelines: Pipelines): Stage {
  if (!isDocument(spec) || Object.keys(spec).length === 0)
    throw fault(40169, "the $facet specification must be a non-empty object");
  const facets = Object.keys(spec).map((name) => {
    const stages = spec[name];
    if (!Array.isArray(stages)) throw fault(40170, `arguments to $facet must be arrays, ${name} is not`);
    for (const stage of stages as Doc[]) {
      const [inner] = Object.keys(stage);
      if (["$facet", "$out", "$merge", "$documents"].includes(inner ?? ""))
        throw fault(40600, `${inner} is not allowed to be used within a $facet stage`);
    }
    return [name, pipelines.compile(call, stages as Doc[], scope)] as const;
  });
  return (rows) => {
    let done = false;
    return {
      async next() {
        if (done) return null;
        done = true;
        const docs = await collect(call, rows, "$facet");
        const result: Doc = {};
        for (const [name, run] of facets) {
          let given = false;
          const copy: Rows = {
            next: () => {
              const some = given ? null : docs;
              given = true;
              return Promise.resolve(some);
            },
          };
          setField(result, name, await collect(call, run(copy), "$facet"));
        }
        return [result];
      },
    };
  };
}
