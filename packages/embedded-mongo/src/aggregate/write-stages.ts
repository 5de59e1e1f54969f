import { equalValues } from "../bson/compare.js";
import { decode } from "../bson/decode.js";
import { encode } from "../bson/encode.js";
import { type Doc, isDocument, type Value } from "../bson/values.js";
import type { Call } from "../commands/context.js";
import { selectorOf } from "../commands/targets.js";
import { fault } from "../errors.js";
import type { Finder, Found } from "../plan/finder.js";
import type { Collection } from "../storage/collection.js";
import { withIdFirst } from "../update/upsert.js";
import { compileExpression, type Scope } from "./expressions.js";
import { lateRows } from "./rows.js";
import type { Stage } from "./simple-stages.js";
import { runUpdatePipeline } from "./update-pipeline.js";

interface Merge {
  readonly db: string;
  readonly name: string;
  readonly on: readonly string[];
  readonly whenMatched: Value;
  readonly whenNotMatched: string;
  readonly variables: (doc: Doc) => Doc;
}

/** `$merge`: writes the documents into a collection, many in one transaction. */
export function mergeStage(call: Call, spec: Value, scope: Scope): Stage {
  const merge = mergeOf(call, spec, scope);
  return (rows) =>
    lateRows(async () => {
      checkTarget(call, merge);
      for (let some = await rows.next(); some !== null; some = await rows.next()) {
        const docs = some;
        let position = 0;
        while (position < docs.length) {
          await call.server.catalog.write(() => {
            call.pace.startTransaction();
            const collection = call.server.catalog.ensure(merge.db, merge.name);
            while (position < docs.length && !call.pace.overdue)
              mergeOne(call, collection, merge, docs[position++] as Doc, scope);
          });
          await call.pace.rest();
        }
      }
      return [];
    });
}

function mergeOf(call: Call, given: Value, scope: Scope): Merge {
  const spec = typeof given === "string" ? { into: given } : given;
  if (!isDocument(spec)) throw fault(51182, "$merge only supports a string or object argument");
  for (const name of Object.keys(spec))
    if (!["into", "on", "let", "whenMatched", "whenNotMatched"].includes(name))
      throw fault(40415, `BSON field '$merge.${name}' is an unknown field.`);
  const { into, on = "_id", whenMatched = "merge", whenNotMatched = "insert" } = spec;
  const target = isDocument(into) ? into : { db: call.db, coll: into };
  if (typeof target["coll"] !== "string") throw fault(51178, "$merge 'into' field must specify a collection");
  if (!Array.isArray(whenMatched) && !["replace", "keepExisting", "merge", "fail"].includes(whenMatched as string))
    throw fault(2, `Enumeration value '${String(whenMatched)}' for field 'whenMatched' is not a valid value.`);
  if (!["insert", "discard", "fail"].includes(whenNotMatched as string))
    throw fault(
      2,
      `Enumeration value '${String(whenNotMatched)}' for field '$merge.whenNotMatched' is not a valid value.`,
    );
  const lets = (spec["let"] ?? {}) as Doc;
  const computes = Object.keys(lets).map((name) => [name, compileExpression(lets[name], scope)] as const);
  return {
    db: typeof target["db"] === "string" ? target["db"] : call.db,
    name: target["coll"],
    on: (Array.isArray(on) ? on : [on]) as string[],
    whenMatched,
    whenNotMatched: whenNotMatched as string,
    variables: (doc) => ({ new: doc, ...Object.fromEntries(computes.map(([name, compute]) => [name, compute(doc)])) }),
  };
}

/** The fields of `on` must identify one document. */
function checkTarget(call: Call, { db, name, on }: Merge): void {
  if (on.length === 1 && on[0] === "_id") return;
  const collection = call.server.catalog.find(db, name);
  const identifies = collection?.state.indexes.some(
    (index) =>
      index.unique &&
      index.partialFilter === null &&
      index.key.length === on.length &&
      index.key.every(([path]) => on.includes(path)),
  );
  if (identifies !== true) throw fault(51183, "Cannot find index to verify that join fields will be unique");
}

function mergeOne(call: Call, collection: Collection, merge: Merge, given: Doc, scope: Scope): void {
  const doc = withIdFirst(given);
  const filter: Doc = {};
  for (const path of merge.on) {
    const value = path.split(".").reduce<Value>((inner, part) => (isDocument(inner) ? inner[part] : undefined), doc);
    if (value === null || value === undefined || Array.isArray(value))
      throw fault(51132, `$merge write error: 'on' field '${path}' cannot be missing, null, undefined or an array`);
    filter[path] = { $eq: value };
  }
  const found = firstOf(selectorOf(call, { filter }).finder(collection));
  if (found === null) {
    if (merge.whenNotMatched === "discard") return;
    if (merge.whenNotMatched === "fail")
      throw fault(
        13113,
        "$merge could not find a matching document in the target collection for at least one document in the source collection",
      );
    collection.insert(collection.recordKey(doc["_id"]), encode(doc), doc);
    return;
  }
  const before = decode(found.bytes);
  const after = merged(merge, before, doc, scope);
  if (after === null) return;
  if (!equalValues(after["_id"], before["_id"]))
    throw fault(
      66,
      "$merge failed to update the matching document, did you attempt to modify the _id or the shard key?",
    );
  collection.replace(found.key, found.bytes, encode(after), after);
}

/** By a unique index, so at once. */
function firstOf(finder: Finder): Found | null {
  for (let found = finder.next(); found !== null; found = finder.next()) if (found !== undefined) return found;
  return null;
}

function merged(merge: Merge, before: Doc, doc: Doc, scope: Scope): Doc | null {
  if (Array.isArray(merge.whenMatched)) {
    return runUpdatePipeline(merge.whenMatched as Doc[], before, {
      ...scope,
      variables: { ...scope.variables, ...merge.variables(doc) },
    });
  }
  switch (merge.whenMatched) {
    case "keepExisting":
      return null;
    case "fail":
      throw fault(11000, `$merge found a matching document, and whenMatched is 'fail'`);
    case "replace":
      return merge.on.includes("_id") ? doc : { ...doc, _id: before["_id"] };
    default:
      return { ...before, ...doc, ...(merge.on.includes("_id") ? {} : { _id: before["_id"] }) };
  }
}

/** `$out` is `$merge` into an empty collection. */
export function outStage(call: Call, spec: Value): Stage {
  const target = isDocument(spec) ? spec : { db: call.db, coll: spec };
  const { db, coll, ...more } = target;
  for (const name of Object.keys(more)) throw fault(40415, `BSON field '$out.${name}' is an unknown field.`);
  if (typeof db !== "string" || typeof coll !== "string")
    throw fault(16990, "$out only supports a string or object argument");
  return (rows) =>
    lateRows(async () => {
      const docs: Doc[] = [];
      for (let some = await rows.next(); some !== null; some = await rows.next()) docs.push(...some);
      const { catalog } = call.server;
      await catalog.write(() => {
        const before = catalog.find(db, coll);
        const indexes = before?.state.indexes.filter(({ id }) => id !== 0) ?? [];
        if (before) catalog.drop(before);
        const collection = catalog.ensure(db, coll);
        catalog.setIndexes(collection, [
          ...collection.state.indexes,
          ...indexes.map((index) => ({ ...index, id: catalog.newId() })),
        ]);
        for (const given of docs) {
          const doc = withIdFirst(given);
          collection.insert(collection.recordKey(doc["_id"]), encode(doc), doc);
        }
      });
      call.server.dropped();
      return [];
    });
}
