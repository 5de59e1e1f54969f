/**
 * Keyplane's contract: the words that server, SDK and documentation share, the key format, and the one function that
 * makes a verdict. No I/O; runs in browsers, workers and servers.
 *
 * @packageDocumentation
 */

export { apiLabelPattern, apiLabelWords } from "./api-label.js";
export { type AskedApi, askedApi, hintOf } from "./decision/api-access.js";
export { isCidrOrAddress, matchesCidr, rangesWithin } from "./decision/cidr.js";
export { decide, validUntil } from "./decision/decide.js";
export { effectiveScopes, withinBounds } from "./decision/effective-scopes.js";
export { type CheckOutcome, checkOutcomes, type Examination, type ExaminedCheck, examine } from "./decision/examine.js";
export { restoreWindowMs } from "./decision/key-checks.js";
export { hasScopes } from "./decision/request-checks.js";
export { checkRotationDue, refusesOverdue, rotateBy } from "./decision/rotation.js";
export type {
  AddressRules,
  ApiGrantRecord,
  ApiRecord,
  ApiVersionRecord,
  Decision,
  DecisionRequest,
  KeyRecord,
  QuotaState,
  RateLimitState,
  ScopeBounds,
} from "./decision/types.js";
export { type DiagnosisFindingCode, diagnosisFindings } from "./diagnosis-findings.js";
export {
  type DocsPages,
  docsPages,
  docsPagesAt,
  docsUrlForError,
  docsUrlForVerdict,
  findDocsAt,
} from "./docs-url.js";
export { type Environment, environments } from "./environments.js";
export { type ErrorCode, type ErrorCodeEntry, type ErrorPlace, errorCodes } from "./error-codes.js";
export { type KeyEventType, keyEventTypes, type ResyncReason, resyncReasons } from "./event-types.js";
export { createId, type IdKind, idPrefixes, kindOfId } from "./id-prefixes.js";
export type { KeyFormatProblem, KeyFormatResult, MalformedKey, WellFormedKey } from "./key-format/format-result.js";
export { type GeneratedKey, type GenerateKeyOptions, generateKey, startOf } from "./key-format/generate-key.js";
export { maxKeyLength } from "./key-format/layout.js";
export { isSecretOf, keyPattern, parseKey, parseManagementToken } from "./key-format/parse-key.js";
export {
  clientSecretPrefix,
  isValidPrefix,
  keyPrefixPattern,
  managementTokenPrefix,
  passwordLinkPrefix,
  refreshTokenPrefix,
  reservedKeyPrefixes,
} from "./key-format/prefix.js";
export { type KeyRepair, keyRepairs, keysIn, type RepairedKey, repairKey } from "./key-format/repair-key.js";
export { guessRefusalMs, KeyGuesses } from "./key-guesses.js";
export {
  type HygieneCheck,
  hygieneChecks,
  type KeyFindingAction,
  type KeyFindingKind,
  keyFindingActions,
  keyFindingKinds,
  type LeakAction,
  leakActions,
  type RotationOverdue,
  rotationOverdues,
  type SharedRule,
  sharedRules,
  type UpkeepAction,
  upkeepActions,
} from "./lifecycle.js";
export { type LimitTarget, limitTargets, maxLimit, type QuotaRefill, quotaRefills } from "./limits.js";
export { canonicalAddress, networkOf, wideNetworkOf } from "./network-of.js";
export { type Permission, type PermissionEntry, permissions, permissionsOf } from "./permissions.js";
export { type RandomBytes, secureRandomBytes } from "./random.js";
export { type Role, roles } from "./roles.js";
export {
  type KeyStatus,
  keyStatuses,
  type TenantStatus,
  tenantStatuses,
  type UserStatus,
  userStatuses,
} from "./statuses.js";
export { type VerdictCode, type VerdictCodeEntry, verdictCodes } from "./verdict-codes.js";
export { type WebhookDeliveryStatus, webhookDeliveryStatuses, webhookTypeOf } from "./webhooks.js";
