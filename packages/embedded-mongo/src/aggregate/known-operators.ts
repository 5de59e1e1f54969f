import { isDocument, type Value } from "../bson/values.js";
import { fault, notSupported } from "../errors.js";
import { showDocument } from "../storage/show-value.js";
import { checkZone } from "./date-operators.js";
import { checkArguments, isKnownExpression } from "./known-arguments.js";

const scripts = new Set(["$function", "$accumulator"]);
/** mingo has them, but not as MongoDB does. */
const wrong = new Set(["$toHashedIndexKey", "$toDecimal", "$sigmoid"]);
/** Expressions of MongoDB that are missing here; named apart from those that exist nowhere. */
const missing = new Set(["$binarySize", "$bsonSize", "$meta", "$tsIncrement", "$tsSecond"]);

/** Refuses operators that do not exist or are not here, wherever they stand in an expression. @throws code 168 and others. */
export function checkExpression(expression: Value): void {
  if (Array.isArray(expression)) {
    for (const element of expression) checkExpression(element);
    return;
  }
  if (!isDocument(expression)) return;
  const names = Object.keys(expression);
  const [first] = names;
  if (first?.startsWith("$") !== true) {
    for (const name of names) {
      if (name.startsWith("$"))
        throw fault(
          15983,
          `an expression specification must contain exactly one field, the name of the expression. Found ${names.length} fields in ${showDocument(expression)}`,
        );
      checkExpression(expression[name]);
    }
    return;
  }
  if (names.length > 1)
    throw fault(
      15983,
      `an expression specification must contain exactly one field, the name of the expression. Found ${names.length} fields in ${showDocument(expression)}`,
    );
  if (scripts.has(first)) throw noScripts(first);
  if (missing.has(first) || wrong.has(first)) throw notSupported(first);
  if (!isKnownExpression(first)) throw fault(168, `Unrecognized expression '${first}'`);
  if (first === "$literal") return;
  const operand = expression[first];
  checkArguments(first, operand);
  checkZone(first, operand);
  // The fields of an operator's own document are arguments, not a document to be made.
  if (isDocument(operand) && !Object.keys(operand)[0]?.startsWith("$"))
    for (const name of Object.keys(operand)) checkExpression(operand[name]);
  else checkExpression(operand);
}

function noScripts(name: string): Error {
  return fault(31264, `${name} not allowed: server-side JavaScript is disabled`);
}
