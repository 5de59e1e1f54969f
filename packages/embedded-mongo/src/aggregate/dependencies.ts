import type { Doc } from "../bson/values.js";
import { isDocument, type Value } from "../bson/values.js";

/** Which top-level fields of the stored documents a pipeline looks at; undefined when it may look at any. */
export function neededFields(stages: readonly Doc[]): ReadonlySet<string> | undefined {
  const needed = new Set<string>();
  for (const stage of stages) {
    const [name] = Object.keys(stage) as [string];
    const operand = stage[name];
    switch (name) {
      case "$match":
        if (!ofFilter(operand as Doc, needed)) return undefined;
        break;
      case "$sort":
        for (const path of Object.keys(operand as Doc)) add(path, needed);
        break;
      case "$unwind":
        add(String(isDocument(operand) ? operand["path"] : operand).slice(1), needed);
        break;
      case "$skip":
      case "$limit":
        break;
      case "$group":
      case "$sortByCount":
        return ofExpression(operand, needed) ? needed : undefined;
      case "$count":
        return needed;
      case "$project":
        // Only a projection that includes says what is not needed.
        if (!isInclusion(operand as Doc)) return undefined;
        for (const path of Object.keys(operand as Doc)) add(path, needed);
        needed.add("_id");
        return ofExpression(operand, needed) ? needed : undefined;
      default:
        return undefined;
    }
  }
  return undefined;
}

function isInclusion(projection: Doc): boolean {
  return Object.keys(projection).some(
    (name) => name !== "_id" && projection[name] !== 0 && projection[name] !== false && !isDocument(projection[name]),
  );
}

function add(path: string, into: Set<string>): void {
  into.add(path.split(".", 1)[0] as string);
}

function ofFilter(filter: Doc, into: Set<string>): boolean {
  return Object.keys(filter).every((name) => {
    const operand = filter[name];
    if (name === "$and" || name === "$or" || name === "$nor")
      return Array.isArray(operand) && operand.every((part) => isDocument(part) && ofFilter(part, into));
    if (name === "$comment") return true;
    if (name === "$expr") return ofExpression(operand, into);
    if (name.startsWith("$")) return false;
    add(name, into);
    return true;
  });
}

function ofExpression(expression: Value, into: Set<string>): boolean {
  if (typeof expression === "string") {
    if (expression.startsWith("$$")) return !/^\$\$(ROOT|CURRENT)\b/.test(expression);
    if (expression.startsWith("$")) add(expression.slice(1), into);
    return true;
  }
  if (Array.isArray(expression)) return expression.every((element) => ofExpression(element, into));
  if (!isDocument(expression)) return true;
  return Object.keys(expression).every(
    (name) =>
      name !== "$getField" &&
      name !== "$setField" &&
      name !== "$unsetField" &&
      (name === "$literal" || ofExpression(expression[name], into)),
  );
}
