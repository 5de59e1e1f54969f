import { runUpdatePipeline } from "../aggregate/update-pipeline.js";
import { decode } from "../bson/decode.js";
import type { Doc, Value } from "../bson/values.js";
import { fault } from "../errors.js";
import { compileProjection } from "../query/projection.js";
import { sortSpecOf } from "../query/sort.js";
import { compileUpdate, isReplacement } from "../update/update.js";
import { documentOf, flagOf, textOf } from "./arguments.js";
import type { Call, Command } from "./context.js";
import { searchFirst } from "./search.js";
import { type Selector, selectorOf } from "./targets.js";
import { letOf, updatingOne } from "./update.js";
import { acknowledge, runStatements } from "./write-loop.js";

export const findAndModify: Command = {
  fields: [
    "query",
    "sort",
    "remove",
    "update",
    "new",
    "fields",
    "upsert",
    "bypassDocumentValidation",
    "arrayFilters",
    "hint",
    "let",
    "collation",
  ],
  async handle(call) {
    const { body } = call;
    const name = textOf("findAndModify.findAndModify", body["findAndModify"] ?? body["findandmodify"]);
    if (body["collation"] !== undefined) throw fault(238, "collation is not supported by embedded-mongo");
    const remove = flagOf("findAndModify.remove", body["remove"]);
    if (remove && body["update"] !== undefined) throw fault(9, "Cannot specify both an update and remove=true");
    if (!remove && body["update"] === undefined) throw fault(9, "Either an update or remove=true must be specified");
    if (remove && flagOf("findAndModify.upsert", body["upsert"]))
      throw fault(9, "Cannot specify both upsert=true and remove=true");
    if (remove && flagOf("findAndModify.new", body["new"]))
      throw fault(9, "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document");
    const filter = documentOf("findAndModify.query", body["query"]);
    const variables = letOf(call);
    const selector = selectorOf(call, {
      filter,
      sort: sortSpecOf(documentOf("findAndModify.sort", body["sort"])),
      hint: body["hint"],
      variables,
    });
    const projection = compileProjection(documentOf("findAndModify.fields", body["fields"]), {
      clock: call.server.clock,
      variables,
    });
    const shape = (bytes: Buffer | null): Value =>
      bytes === null ? null : projection ? projection(decode(bytes)) : decode(bytes);
    const step = remove
      ? removing(call, name, selector, shape)
      : updating(call, name, filter, selector, shape, variables);
    const outcome = await runStatements(call, [{ step }], true);
    const [error] = outcome.errors;
    if (error) throw error.fault;
    await acknowledge(call);
    return outcome.results[0] as Doc;
  },
};

function removing(
  call: Call,
  name: string,
  selector: Selector,
  shape: (bytes: Buffer | null) => Value,
): () => Doc | null {
  const search = searchFirst(call, name, selector);
  return () => {
    const end = search();
    if (end === null) return null;
    const { collection, found } = end;
    if (collection === null || found === null) return { lastErrorObject: { n: 0 }, value: null };
    const value = shape(found.bytes);
    collection.remove(found.key, found.bytes);
    return { lastErrorObject: { n: 1 }, value };
  };
}

function updating(
  call: Call,
  name: string,
  filter: Doc,
  selector: Selector,
  shape: (bytes: Buffer | null) => Value,
  variables: Doc,
): () => Doc | null {
  const { body } = call;
  const compiled = compileUpdate({
    update: body["update"],
    filter,
    arrayFilters: body["arrayFilters"] as Doc[] | undefined,
    pipeline: (stages, doc) => runUpdatePipeline(stages, doc, { clock: call.server.clock, variables }),
  });
  const work = {
    call,
    filter,
    selector,
    update: compiled,
    replacement: isReplacement(body["update"]),
    upsert: flagOf("findAndModify.upsert", body["upsert"]),
  };
  const wantsNew = flagOf("findAndModify.new", body["new"]);
  const update = updatingOne(work, name);
  return () => {
    const outcome = update();
    if (outcome === null) return null;
    const { result, before, after } = outcome;
    const upserted = Object.hasOwn(result, "upserted") ? { upserted: result["upserted"] } : {};
    return {
      lastErrorObject: { n: result["n"], updatedExisting: before !== null, ...upserted },
      value: shape(wantsNew ? after : before),
    };
  };
}
