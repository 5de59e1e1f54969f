import { type Doc, isNumeric, toNumber, type Value } from "../bson/values.js";
import { fault, notSupported } from "../errors.js";
import { showValue } from "../storage/show-value.js";
import { checkPart, countOf, documentOf, flagOf } from "./arguments.js";

const readConcernLevels: readonly Value[] = ["local", "available", "majority", "linearizable"];

/** Refuses a read concern that there is not, and one that a single server without history cannot give. */
export function checkReadConcern(body: Doc): void {
  const concern = documentOf("readConcern", body["readConcern"]);
  checkPart("readConcern", concern, ["level", "provenance"]);
  const { level } = concern;
  if (level === "snapshot")
    throw fault(246, "embedded-mongo has no snapshots: read concern 'snapshot' is not supported");
  if (level !== undefined && !readConcernLevels.includes(level))
    throw fault(2, `Enumeration value '${showValue(level)}' for field 'readConcern.level' is not a valid value.`);
}

/** @throws code 100 for more members than there are, and others for what no write concern has. */
export function checkWriteConcern(body: Doc): void {
  const concern = documentOf("writeConcern", body["writeConcern"]);
  checkPart("writeConcern", concern, ["w", "j", "wtimeout", "wtimeoutMS", "fsync", "provenance"]);
  flagOf("writeConcern.j", concern["j"]);
  if (flagOf("writeConcern.fsync", concern["fsync"])) throw notSupported("write concern 'fsync'; j: true");
  countOf("writeConcern.wtimeout", concern["wtimeout"] ?? concern["wtimeoutMS"], 0);
  const { w } = concern;
  if (w === undefined || w === "majority" || (isNumeric(w) && toNumber(w) <= 1)) return;
  throw fault(100, "Not enough data-bearing nodes");
}
