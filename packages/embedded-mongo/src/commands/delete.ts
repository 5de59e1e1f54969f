import { type Doc, toNumber } from "../bson/values.js";
import { fault } from "../errors.js";
import type { Finder } from "../plan/finder.js";
import type { Collection } from "../storage/collection.js";
import { checkPart, documentOf, flagOf, textOf } from "./arguments.js";
import type { Call, Command } from "./context.js";
import { searchFirst } from "./search.js";
import { type Selector, selectorOf } from "./targets.js";
import { lazily, letOf, statementsOf } from "./update.js";
import { acknowledge, runStatements, type Statement, writeErrors } from "./write-loop.js";

export const deleteCommand: Command = {
  fields: ["deletes", "ordered", "let"],
  async handle(call) {
    const name = textOf("delete.delete", call.body["delete"]);
    const statements = statementsOf(call, "deletes").map((spec) => lazily(() => deleteStatement(call, name, spec)));
    const outcome = await runStatements(call, statements, flagOf("delete.ordered", call.body["ordered"], true));
    await acknowledge(call);
    const n = outcome.results.reduce((sum, result) => sum + Number(result?.["n"] ?? 0), 0);
    return { n, ...writeErrors(outcome) };
  },
};

function deleteStatement(call: Call, name: string, spec: Doc): Statement {
  checkPart("delete.deletes", spec, ["q", "limit", "hint", "collation"]);
  if (spec["collation"] !== undefined) throw fault(238, "collation is not supported by embedded-mongo");
  const limit = toNumber(spec["limit"]);
  if (spec["limit"] === undefined)
    throw fault(40414, "BSON field 'delete.deletes.limit' is missing but a required field");
  if (limit !== 0 && limit !== 1) throw fault(9, `The limit field in delete objects must be 0 or 1. Got ${limit}`);
  const selector = selectorOf(call, {
    filter: documentOf("delete.deletes.q", spec["q"]),
    hint: spec["hint"],
    variables: letOf(call),
  });
  if (limit === 0) return deleteMany(call, name, selector);
  const search = searchFirst(call, name, selector);
  return {
    step() {
      const end = search();
      if (end === null) return null;
      const { collection, found } = end;
      if (collection === null || found === null) return { n: 0 };
      collection.remove(found.key, found.bytes);
      return { n: 1 };
    },
  };
}

/** As many in one transaction as there is time for. Each document is read again before it is removed. */
function deleteMany(call: Call, name: string, selector: Selector): Statement {
  let collection: Collection | null = null;
  let finder: Finder | null = null;
  let n = 0;
  return {
    step() {
      const current = call.server.catalog.find(call.db, name);
      if (current === null || (collection !== null && current !== collection)) return { n }; // dropped meanwhile
      collection = current;
      finder ??= selector.finder(collection);
      for (let found = finder.next(); found !== null; found = finder.next()) {
        const bytes = found === undefined ? null : collection.get(found.key);
        if (found !== undefined && bytes !== null && (bytes.equals(found.bytes) || selector.test.accepts(bytes))) {
          collection.remove(found.key, bytes);
          n += 1;
        }
        if (call.pace.tired) return null;
      }
      return { n };
    },
  };
}
