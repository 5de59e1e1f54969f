export { createExpiryDuty } from "./expiry/expiry-duty.js";
export { scheduleExpiry } from "./expiry/key-expiry.store.js";
export { createTellKeys } from "./key-scope-changes.js";
export { createKeySecrets, type KeySecrets } from "./key-secrets.service.js";
export { createKeyExports } from "./keys.exports.js";
export { createKeyReads, type KeyReads } from "./keys.reads.js";
export { createKeys, type KeyChange, type Keys } from "./keys.service.js";
export {
  countLiveKeys,
  findKeyIdsOfTeams,
  type PendingSecret,
  raiseLastUsed,
  sealKeyRow,
  updateKeyRow,
  visibleKeys,
} from "./keys.store.js";
export { defaultExpiry, expiryIssues, policyOverlap, scopeIssues } from "./lib/key-policy.js";
export { createKeySeal, type KeySeal, sealedColumns } from "./lib/key-seal.js";
export { createDeliveredRotation } from "./rotation/delivered-rotation.js";
export { planRotation } from "./rotation/key-rotation.store.js";
export { longestOwnOverlap } from "./rotation/overlap.js";
export { createPlanRotations, createRotationDuty } from "./rotation/rotation-duty.js";
export { createActivations } from "./verification/activations.js";
export { toKeyState, toSecretState } from "./verification/key-states.js";
export { toVerdict, type Verdict } from "./verification/verdict.js";
export { VerificationIndex, withBounds } from "./verification/verification-index.js";
export {
  createVerificationRecords,
  type RecordLine,
  type VerificationRecords,
} from "./verification/verification-records.service.js";
export { createVerify, guesserOf, type Verify } from "./verification/verify.service.js";
export type { VerifyKeyInput } from "./verification/verify-key-input.js";
