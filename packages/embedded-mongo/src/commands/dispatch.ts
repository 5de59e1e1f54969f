import { Double } from "bson";
import type { Doc } from "../bson/values.js";
import { asFault, fault, type MongoServerFault } from "../errors.js";
import type { Request } from "../wire/message.js";
import { checkFields, countOf } from "./arguments.js";
import { checkReadConcern, checkWriteConcern } from "./concerns.js";
import type { Call, ServerContext } from "./context.js";
import { Pace } from "./pace.js";
import { commands } from "./registry.js";

/** Answers one request; whatever goes wrong becomes an answer too. */
export async function dispatch(server: ServerContext, request: Request, signal: AbortSignal): Promise<Doc | Buffer> {
  try {
    const reply = await run(server, request, signal);
    return Buffer.isBuffer(reply) ? reply : { ...reply, ok: new Double(1) };
  } catch (error) {
    return failure(asFault(error));
  }
}

async function run(server: ServerContext, request: Request, signal: AbortSignal): Promise<Doc | Buffer> {
  const { body, refused } = request;
  if (refused !== undefined) throw refused;
  const name = Object.keys(body)[0] ?? "";
  const command = commands.get(name);
  if (command === undefined) throw fault(59, `no such command: '${name}'`);
  const db = body["$db"];
  if (typeof db !== "string") throw fault(40571, "OP_MSG requests require a $db argument");
  for (const field of request.sequences.keys()) {
    if (!command.fields.includes(field)) throw fault(40415, `BSON field '${name}.${field}' is an unknown field.`);
  }
  checkFields(name, body, command.fields);
  checkTransaction(body);
  checkReadConcern(body);
  checkWriteConcern(body);
  const maxTimeMs = countOf("maxTimeMS", body["maxTimeMS"], 0);
  const call: Call = { server, request, name, body, db, pace: new Pace(maxTimeMs, signal) };
  return command.handle(call);
}

function checkTransaction(body: Doc): void {
  if (body["startTransaction"] === true || body["autocommit"] !== undefined) {
    throw fault(263, "embedded-mongo has no multi-document transactions (startTransaction)");
  }
  if (body["apiVersion"] !== undefined && body["apiVersion"] !== "1") throw fault(322, "API version must be '1'");
}

function failure(error: MongoServerFault): Doc {
  const { message, code, codeName, extra, labels } = error;
  return {
    ok: new Double(0),
    errmsg: message,
    code,
    codeName,
    ...extra,
    ...(labels.length > 0 ? { errorLabels: [...labels] } : {}),
  };
}
