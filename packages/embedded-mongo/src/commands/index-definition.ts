import { type Doc, isDocument, isNumeric, toNumber, type Value } from "../bson/values.js";
import { fault, notSupported } from "../errors.js";
import { compileFilter } from "../query/filter.js";
import type { IndexSpec } from "../storage/index-spec.js";
import { showDocument, showValue } from "../storage/show-value.js";
import { documentOf, flagOf, textOf } from "./arguments.js";

const specFields = [
  "key",
  "name",
  "unique",
  "sparse",
  "expireAfterSeconds",
  "partialFilterExpression",
  "v",
  "background",
  "ns",
];

/** Reads the definition of an index. @throws for options that do not exist, and by name for those that are not here. */
export function parseIndex(spec: Value): IndexSpec {
  if (!isDocument(spec)) throw fault(14, "The elements of the 'indexes' array must be objects");
  for (const field of Object.keys(spec)) {
    if (specFields.includes(field)) continue;
    if (field === "hidden" && spec[field] === false) continue;
    if (
      [
        "collation",
        "hidden",
        "wildcardProjection",
        "weights",
        "default_language",
        "textIndexVersion",
        "2dsphereIndexVersion",
        "storageEngine",
      ].includes(field)
    ) {
      throw notSupported(`the index option '${field}'`);
    }
    throw fault(
      197,
      `Error in specification ${showDocument(spec)} :: caused by :: The field '${field}' is not valid for an index specification. Specification: ${showDocument(spec)}`,
    );
  }
  const key = keyOf(documentOf("createIndexes.indexes.key", spec["key"]));
  const isId = key.length === 1 && key[0]?.[0] === "_id";
  const name = spec["name"] === undefined ? key.flat().join("_") : textOf("createIndexes.indexes.name", spec["name"]);
  if (name === "" || name === "*") throw fault(67, `The index name '${name}' is not valid`);
  const partial = spec["partialFilterExpression"];
  if (partial !== undefined) checkPartial(documentOf("partialFilterExpression", partial));
  return {
    id: -1,
    name: isId ? "_id_" : name,
    key,
    unique: flagOf("unique", spec["unique"]),
    sparse: flagOf("sparse", spec["sparse"]),
    expireAfterSeconds: expiryOf(spec["expireAfterSeconds"], key.length),
    partialFilter: partial === undefined ? null : (partial as Doc),
    multikey: false,
    building: true,
  };
}

function checkPartial(filter: Doc): void {
  compileFilter(filter);
  for (const name of Object.keys(filter)) {
    const operand = filter[name];
    if (name === "$and") for (const part of operand as Doc[]) checkPartial(part);
    else if (name.startsWith("$")) throw fault(67, `unsupported expression in partial index: ${name}`);
    else if (isDocument(operand)) {
      for (const operator of Object.keys(operand)) {
        if (!operator.startsWith("$") || ["$eq", "$gt", "$gte", "$lt", "$lte", "$type"].includes(operator)) continue;
        if (operator === "$exists" && operand[operator] === true) continue;
        throw fault(67, `unsupported expression in partial index: ${operator}`);
      }
    }
  }
}

function keyOf(key: Doc): (readonly [string, 1 | -1])[] {
  const names = Object.keys(key);
  if (names.length === 0) throw fault(67, "Index keys cannot be an empty object");
  if (names.length > 32) throw fault(67, "Index key pattern has too many fields: the limit is 32");
  return names.map((path) => {
    const direction = key[path];
    if (path === "" || path.startsWith("$") || path.split(".").includes(""))
      throw fault(67, `Index keys cannot contain an empty field or start with '$': '${path}'`);
    if (path.includes("$**")) throw notSupported("a wildcard index");
    if (typeof direction === "string") {
      if (["text", "2d", "2dsphere", "hashed"].includes(direction))
        throw fault(67, `embedded-mongo has no '${direction}' index; use a MongoDB server for it`);
      throw fault(67, `Unknown index plugin '${direction}'`);
    }
    if (!isNumeric(direction) || toNumber(direction) === 0 || Number.isNaN(toNumber(direction)))
      throw fault(67, `Values in v:2 index key pattern cannot be of type or value ${showValue(direction)}`);
    return [path, toNumber(direction) > 0 ? 1 : -1] as const;
  });
}

/** Reads `expireAfterSeconds`. */
export function expiryOf(value: Value, fields: number): number | null {
  if (value === undefined) return null;
  const seconds = isNumeric(value) ? toNumber(value) : Number.NaN;
  if (!isNumeric(value))
    throw fault(67, `TTL index 'expireAfterSeconds' option must be numeric, but received a type of '${typeof value}'`);
  if (!(seconds >= 0 && seconds <= 2 ** 31 - 1))
    throw fault(67, `TTL index 'expireAfterSeconds' option must be within an acceptable range, got ${seconds}`);
  if (fields > 1) throw fault(67, "TTL indexes are single-field indexes, compound indexes do not support TTL");
  return Math.trunc(seconds);
}
