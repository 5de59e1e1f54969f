import type { KeyFormatResult } from "../key-format/format-result.js";
import { checkAddress } from "./address-checks.js";
import {
  checkEnvironment,
  checkExistence,
  checkKey,
  checkOwnerAndStatus,
  checkTenant,
  refuseFormat,
} from "./key-checks.js";
import { isReached, refuse } from "./refusal.js";
import { checkApi, checkHeldUp, checkLimits, checkScopes } from "./request-checks.js";
import { acceptance, rotateBy } from "./rotation.js";
import type { Decision, DecisionRequest, KeyRecord } from "./types.js";

/**
 * Decides whether a presented key is valid: the only place where a verdict is made, called by the server, by the SDK's
 * local guard and by `diagnoseKey` alike.
 *
 * Pure: no I/O, no clock, no randomness, and the same answer for the same arguments. The checks run in the order of
 * `verdictCodes`, and the first that applies wins. An instant counts as reached at its very millisecond (a key is refused
 * when `now` equals `expiresAt`). One stands before them: an address that is held up for guessing learns nothing of an unknown key. Data that contradicts itself refuses the key, never accepts it. Never throws.
 *
 * To keep refused calls free of charge, call it twice where limits apply: first without `limits`, and, if the answer is
 * `VALID`, take from the limits and call it again with their states.
 *
 * @param record what is known of the presented secret; null when nothing is.
 * @param now epoch milliseconds.
 */
export function decide(record: KeyRecord | null, request: DecisionRequest, now: number): Decision {
  const { format } = request;
  const heldUp = checkHeldUp(record, request);
  if (heldUp) return heldUp;
  if (!format.ok) return refuseFormat(format);

  const wrongEnvironment = checkEnvironment(record, format, request);
  if (wrongEnvironment) return wrongEnvironment;
  if (record === null) return refuse("NOT_FOUND");

  // The checks of `recordChecks`: a loop over the list makes a decision take twice as long. A test compares the two.
  return (
    checkExistence(record, now) ??
    checkKey(record, now) ??
    checkOwnerAndStatus(record) ??
    checkTenant(record) ??
    checkScopes(record, request) ??
    checkApi(request, now) ??
    checkAddress(record, request) ??
    checkLimits(request, now) ??
    acceptance(record, now)
  );
}

/**
 * Until when `decide` answers VALID to whatever call needs no scopes that the key lacks, names no API and has no limits; epoch
 * milliseconds, Infinity for ever. For verifiers that remember what they have decided, until the record changes.
 *
 * @returns null when it does not do so now, or when the answer depends on the caller's address.
 */
export function validUntil(record: KeyRecord, format: KeyFormatResult, now: number): number | null {
  const { key, secret } = record;
  // Without an address, a key that is bound to addresses is refused.
  if (!decide(record, { format }, now).valid) return null;
  const due = rotateBy(record) ?? Number.POSITIVE_INFINITY;
  // From then on the answer has a hint.
  if (isReached(due, now)) return null;
  return Math.min(key.expiresAt ?? Number.POSITIVE_INFINITY, secret.stopsAt ?? Number.POSITIVE_INFINITY, due);
}
