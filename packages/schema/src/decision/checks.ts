import type { VerdictCode } from "../verdict-codes.js";
import { checkAddress } from "./address-checks.js";
import {
  checkEnabled,
  checkExpiry,
  checkOwner,
  checkOwnerStatus,
  checkQuarantine,
  checkRevocation,
  checkRotation,
  checkTenant,
} from "./key-checks.js";
import { checkApiGrant, checkApiVersion, checkQuota, checkRateLimits, checkScopes } from "./request-checks.js";
import type { Decision, DecisionRequest, KeyRecord } from "./types.js";

/** One check of a key that there is: null when nothing is against the key. Pure, as all of `decide`. */
export interface RecordCheck {
  /** The codes that it refuses with, in their order, each with what is checked then. */
  readonly codes: Readonly<Partial<Record<VerdictCode, string>>>;
  readonly refusalOf: (record: KeyRecord, request: DecisionRequest, now: number) => Decision | null;
}

/** What is checked before there is a key to check, by the code that it refuses with. */
export const textChecks = {
  MALFORMED: "format",
  CHECKSUM_MISMATCH: "checksum",
  WRONG_ENVIRONMENT: "environment",
  NOT_FOUND: "existence",
} as const satisfies Partial<Record<VerdictCode, string>>;

/**
 * The checks of a key that there is, in the order of `verdictCodes`: `decide` makes the same, and stops at the first that refuses;
 * `examine` tells of all.
 *
 * Add it here and in `decide`: tests compare the two, and both with `verdictCodes`.
 */
export const recordChecks: readonly RecordCheck[] = [
  { codes: { REVOKED: "revocation" }, refusalOf: (record) => checkRevocation(record) },
  { codes: { EXPIRED: "expiry" }, refusalOf: (record, _, now) => checkExpiry(record, now) },
  { codes: { SUPERSEDED: "rotation" }, refusalOf: (record, _, now) => checkRotation(record, now) },
  { codes: { QUARANTINED: "integrity" }, refusalOf: (record) => checkQuarantine(record) },
  { codes: { DISABLED: "enabled" }, refusalOf: (record) => checkEnabled(record) },
  { codes: { OWNER_NOT_FOUND: "owner" }, refusalOf: (record) => checkOwner(record) },
  { codes: { OWNER_DISABLED: "ownerStatus" }, refusalOf: (record) => checkOwnerStatus(record) },
  { codes: { TENANT_SUSPENDED: "tenant" }, refusalOf: (record) => checkTenant(record) },
  { codes: { INSUFFICIENT_SCOPE: "scopes" }, refusalOf: (record, request) => checkScopes(record, request) },
  { codes: { API_NOT_GRANTED: "apiGrant" }, refusalOf: (_, request) => checkApiGrant(request) },
  { codes: { API_RETIRED: "apiVersion" }, refusalOf: (_, request, now) => checkApiVersion(request, now) },
  { codes: { IP_NOT_ALLOWED: "address" }, refusalOf: (record, request) => checkAddress(record, request) },
  { codes: { RATE_LIMITED: "rateLimits" }, refusalOf: (_, request, now) => checkRateLimits(request, now) },
  { codes: { QUOTA_EXCEEDED: "quota" }, refusalOf: (_, request, now) => checkQuota(request, now) },
];
