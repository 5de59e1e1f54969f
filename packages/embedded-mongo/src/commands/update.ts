import { compileExpression } from "../aggregate/expressions.js";
import { runUpdatePipeline } from "../aggregate/update-pipeline.js";
import { decode } from "../bson/decode.js";
import { encode } from "../bson/encode.js";
import { type Doc, isDocument, type Value } from "../bson/values.js";
import { fault } from "../errors.js";
import type { Finder, Found } from "../plan/finder.js";
import { sortSpecOf } from "../query/sort.js";
import type { StatementResult } from "../session/write-sessions.js";
import type { Collection } from "../storage/collection.js";
import { compileUpdate, isReplacement, type Update } from "../update/update.js";
import { seedOf, withIdFirst } from "../update/upsert.js";
import { checkPart, documentOf, flagOf, textOf, wrongType } from "./arguments.js";
import type { Call, Command } from "./context.js";
import { checkCount, checkId } from "./insert.js";
import { searchFirst } from "./search.js";
import { type Selector, selectorOf } from "./targets.js";
import { acknowledge, runStatements, type Statement, writeErrors } from "./write-loop.js";

const statementFields = ["q", "u", "multi", "upsert", "arrayFilters", "hint", "c", "sort", "collation"];

export const update: Command = {
  fields: ["updates", "ordered", "bypassDocumentValidation", "let"],
  async handle(call) {
    const name = textOf("update.update", call.body["update"]);
    const specs = statementsOf(call, "updates");
    const statements = specs.map((spec) => lazily(() => updateStatement(call, name, spec)));
    const outcome = await runStatements(call, statements, flagOf("update.ordered", call.body["ordered"], true));
    await acknowledge(call);
    let n = 0;
    let nModified = 0;
    const upserted: Doc[] = [];
    for (const [index, result] of outcome.results.entries()) {
      if (result === undefined) continue;
      n += Number(result["n"]);
      nModified += Number(result["nModified"]);
      if (Object.hasOwn(result, "upserted")) upserted.push({ index, _id: result["upserted"] });
    }
    return { n, nModified, ...(upserted.length > 0 ? { upserted } : {}), ...writeErrors(outcome) };
  },
};

/** The statements of a write command, whichever way the client sent them. */
export function statementsOf(call: Call, field: string): Doc[] {
  const sequence = call.request.sequences.get(field)?.map((bytes) => decode(bytes));
  const statements = sequence ?? call.body[field];
  if (statements === undefined)
    throw fault(40414, `BSON field '${call.name}.${field}' is missing but a required field`);
  if (!Array.isArray(statements)) throw wrongType(`${call.name}.${field}`, statements, "array");
  checkCount(statements.length);
  return statements.map((statement: Value) => {
    if (!isDocument(statement)) throw wrongType(`${call.name}.${field}`, statement, "object");
    return statement;
  });
}

/** Compiled when its turn comes, so that a mistake counts as this statement's own error. */
export function lazily(make: () => Statement): Statement {
  let made: Statement | null = null;
  return {
    step() {
      made ??= make();
      return made.step();
    },
  };
}

function updateStatement(call: Call, name: string, spec: Doc): Statement {
  checkPart("update.updates", spec, statementFields);
  if (spec["collation"] !== undefined) throw fault(238, "collation is not supported by embedded-mongo");
  const filter = documentOf("update.updates.q", spec["q"]);
  const multi = flagOf("update.updates.multi", spec["multi"]);
  if (multi && isReplacement(spec["u"])) throw fault(9, "multi update is not supported for replacement-style update");
  const variables = letOf(call, spec["c"]);
  const work: UpdateWork = {
    call,
    filter,
    replacement: isReplacement(spec["u"]),
    upsert: flagOf("update.updates.upsert", spec["upsert"]),
    selector: selectorOf(call, {
      filter,
      sort: sortSpecOf(spec["sort"] as Doc | undefined),
      hint: spec["hint"],
      variables,
    }),
    update: compileUpdate({
      update: spec["u"],
      filter,
      arrayFilters: spec["arrayFilters"] as Doc[] | undefined,
      pipeline: (stages, doc) => runUpdatePipeline(stages, doc, { clock: call.server.clock, variables }),
    }),
  };
  if (multi) return updateMany(work, name);
  const update = updatingOne(work, name);
  return { step: () => update()?.result ?? null };
}

/** What one update needs. */
export interface UpdateWork {
  readonly call: Call;
  readonly filter: Doc;
  readonly replacement: boolean;
  readonly upsert: boolean;
  readonly selector: Selector;
  readonly update: Update;
}

/** What one update did: the result for the answer, and the document before and after. */
export interface UpdateOneOutcome {
  readonly result: StatementResult;
  readonly before: Buffer | null;
  readonly after: Buffer | null;
}

/** Updates the first document that matches, or inserts one when that is asked for. Null: it has to go on later. */
export function updatingOne(work: UpdateWork, name: string): () => UpdateOneOutcome | null {
  const { catalog } = work.call.server;
  const search = searchFirst(work.call, name, work.selector);
  return () => {
    const end = search();
    if (end === null) return null;
    const { collection, found } = end;
    if (collection !== null && found !== null) {
      const after = applyTo(collection, found, work);
      return { result: { n: 1, nModified: after === null ? 0 : 1 }, before: found.bytes, after: after ?? found.bytes };
    }
    if (!work.upsert) return { result: { n: 0, nModified: 0 }, before: null, after: null };
    const { id, bytes } = insertUpserted(catalog.ensure(work.call.db, name), work);
    return { result: { n: 1, nModified: 0, upserted: id }, before: null, after: bytes };
  };
}

function applyTo(collection: Collection, found: Found, work: UpdateWork): Buffer | null {
  const after = work.update(decode(found.bytes), { now: work.call.server.clock(), inserting: false });
  if (after === null) return null;
  const bytes = encode(after);
  if (bytes.equals(found.bytes)) return null;
  collection.replace(found.key, found.bytes, bytes, after);
  return bytes;
}

function insertUpserted(collection: Collection, work: UpdateWork): { id: Value; bytes: Buffer } {
  const seed = seedOf(work.filter, work.replacement);
  const made = work.update(seed, { now: work.call.server.clock(), inserting: true }) ?? seed;
  const doc = withIdFirst(made);
  const id = doc["_id"];
  checkId(id);
  const bytes = encode(doc);
  collection.insert(collection.recordKey(id), bytes, doc);
  return { id, bytes };
}

/** Goes through all that match, as many in one transaction as there is time for. Each document is read again before it is changed. */
function updateMany(work: UpdateWork, name: string): Statement {
  let finder: Finder | null = null;
  let collection: Collection | null = null;
  let n = 0;
  let nModified = 0;
  const changed = new Set<string>();
  return {
    step() {
      const current = work.call.server.catalog.find(work.call.db, name);
      if (finder !== null && current !== collection) return { n, nModified }; // dropped meanwhile
      collection = current;
      if (collection !== null) {
        finder ??= work.selector.finder(collection);
        for (let found = finder.next(); found !== null; found = finder.next()) {
          if (found !== undefined) {
            const bytes = collection.get(found.key);
            const key = finder.mayRepeat === true ? found.key.toString("latin1") : "";
            if (
              bytes !== null &&
              !changed.has(key) &&
              (bytes.equals(found.bytes) || work.selector.test.accepts(bytes))
            ) {
              n += 1;
              if (applyTo(collection, { key: found.key, bytes }, work) !== null) {
                nModified += 1;
                // An entry that has moved ahead in the index must not be met and changed again.
                if (finder.mayRepeat === true) changed.add(key);
              }
            }
          }
          if (work.call.pace.tired) return null;
        }
      }
      if (n > 0 || !work.upsert) return { n, nModified };
      const { id } = insertUpserted(work.call.server.catalog.ensure(work.call.db, name), work);
      return { n: 1, nModified: 0, upserted: id };
    },
  };
}

/** The variables of `let` and of a statement's `c`; their values may be constant expressions. */
export function letOf(call: Call, own?: Value): Doc {
  const given = { ...documentOf(`${call.name}.let`, call.body["let"]), ...documentOf("c", own) };
  const scope = { clock: call.server.clock, variables: {} };
  return Object.fromEntries(Object.keys(given).map((name) => [name, compileExpression(given[name], scope)({})]));
}
