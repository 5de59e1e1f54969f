import { ObjectId } from "bson";
import { checkDepth, decode } from "../bson/decode.js";
import { encodeAny, MAX_DOCUMENT_BYTES, tooLarge } from "../bson/encode.js";
import { isDocument } from "../bson/values.js";
import { fault } from "../errors.js";
import type { Collection } from "../storage/collection.js";
import { flagOf, textOf, wrongType } from "./arguments.js";
import type { Call, Command } from "./context.js";
import { acknowledge, runStatements, type Statement, writeErrors } from "./write-loop.js";

/** MongoDB's limit on the statements of one command. */
export const MAX_STATEMENTS = 100_000;

export const insert: Command = {
  fields: ["documents", "ordered", "bypassDocumentValidation"],
  async handle(call) {
    const name = textOf("insert.insert", call.body["insert"]);
    const documents = documentsOf(call);
    const statements = documents.map(
      (bytes): Statement => ({
        step() {
          insertOne(call.server.catalog.ensure(call.db, name), bytes);
          return { n: 1 };
        },
      }),
    );
    const outcome = await runStatements(call, statements, flagOf("insert.ordered", call.body["ordered"], true));
    await acknowledge(call);
    const n = outcome.results.reduce((sum, result) => sum + (result === undefined ? 0 : 1), 0);
    return { n, ...writeErrors(outcome) };
  },
};

/** Documents as bytes, whichever way the client sent them. */
function documentsOf(call: Call): Buffer[] {
  const sequence = call.request.sequences.get("documents");
  const inline = call.body["documents"];
  const documents =
    sequence ??
    (Array.isArray(inline)
      ? inline.map((document: unknown) => {
          if (!isDocument(document)) throw wrongType("insert.documents", document, "object");
          return encodeAny(document);
        })
      : undefined);
  if (documents === undefined) throw fault(40414, "BSON field 'insert.documents' is missing but a required field");
  checkCount(documents.length);
  return [...documents];
}

/** @throws code 16 for no statement or too many. */
export function checkCount(count: number): void {
  if (count < 1 || count > MAX_STATEMENTS)
    throw fault(16, `Write batch sizes must be between 1 and ${MAX_STATEMENTS}. Got ${count} operations.`);
}

function insertOne(collection: Collection, given: Buffer): void {
  if (given.length > MAX_DOCUMENT_BYTES) throw tooLarge(given.length);
  checkDepth(given);
  const indexed = decode(given, collection.insertFields);
  const id = indexed["_id"];
  if (id !== undefined) {
    checkId(id);
    collection.insert(collection.recordKey(id), given, indexed);
    return;
  }
  const bytes = withNewId(given);
  const doc = decode(bytes, collection.insertFields);
  collection.insert(collection.recordKey(doc["_id"]), bytes, doc);
}

/** @throws code 53 and others for values that cannot be an `_id`. */
export function checkId(id: unknown): void {
  if (Array.isArray(id)) throw fault(53, "The '_id' value cannot be of type array");
  if (typeof id === "object" && id !== null && "_bsontype" in id && id._bsontype === "BSONRegExp")
    throw fault(53, "The '_id' value cannot be of type regex");
  if (isDocument(id)) {
    for (const name of Object.keys(id))
      if (name.startsWith("$"))
        throw fault(52, `_id fields may not contain '$'-prefixed fields: ${name} is not valid for storage.`);
  }
}

function withNewId(bytes: Buffer): Buffer {
  const id = Buffer.concat([Buffer.from("\x07_id\0", "latin1"), new ObjectId().id]);
  const result = Buffer.concat([bytes.subarray(0, 4), id, bytes.subarray(4)]);
  result.writeInt32LE(result.length, 0);
  return result;
}
