import { ObjectId } from "bson";
import { equalValues } from "../bson/compare.js";
import { clone } from "../bson/encode.js";
import { type Doc, isDocument, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import { isOperators } from "../query/filter.js";
import { targetAt } from "./target.js";

/** The document that an upsert starts from: what the filter says by equality. For a replacement only `_id` counts. */
export function seedOf(filter: Doc, replacement: boolean): Doc {
  const doc: Doc = {};
  for (const [path, value] of equalities(filter)) {
    if (replacement && path !== "_id") continue;
    const target = targetAt(doc, path.split("."));
    if (target.exists && !equalValues(target.value, value)) {
      throw fault(54, `cannot infer query fields to set, path '${path}' is matched twice`);
    }
    target.set(clone(value));
  }
  return doc;
}

function equalities(filter: Doc): [string, Value][] {
  return Object.keys(filter).flatMap((name): [string, Value][] => {
    const operand = filter[name];
    if (name === "$and") return (operand as Doc[]).flatMap(equalities);
    if (name === "$or" && Array.isArray(operand) && operand.length === 1) return equalities(operand[0] as Doc);
    if (name.startsWith("$")) return [];
    if (!isOperators(operand)) return isRegex(operand) ? [] : [[name, operand]];
    if (Object.hasOwn(operand, "$eq")) return [[name, operand["$eq"]]];
    const { $in: list, $all: all } = operand;
    if (Array.isArray(list) && list.length === 1) return [[name, list[0]]];
    if (Array.isArray(all) && all.length === 1 && !isDocument(all[0])) return [[name, all[0]]];
    return [];
  });
}

function isRegex(value: Value): boolean {
  return typeof value === "object" && value !== null && "_bsontype" in value && value._bsontype === "BSONRegExp";
}

/** Puts `_id` first, where MongoDB stores it, and makes one when there is none. */
export function withIdFirst(doc: Doc): Doc {
  const keys = Object.keys(doc);
  if (keys[0] === "_id") return doc;
  const id = Object.hasOwn(doc, "_id") ? doc["_id"] : new ObjectId();
  const { _id: _old, ...rest } = doc;
  return { _id: id, ...rest };
}
