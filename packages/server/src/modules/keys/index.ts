export { createExpiryDuty } from "./expiry/expiry-duty.js";
export { createTellKeys } from "./key-scope-changes.js";
export { createKeySecrets, type KeySecrets } from "./key-secrets.service.js";
export { createKeyReads, type KeyReads } from "./keys.reads.js";
export { createKeys, type KeyChange, type Keys } from "./keys.service.js";
export { findKeyIdsOfTeams, raiseLastUsed } from "./keys.store.js";
export { createPlanRotations, createRotationDuty } from "./rotation/rotation-duty.js";
export { createActivations } from "./verification/activations.js";
export type { Verdict } from "./verification/verdict.js";
export { VerificationIndex } from "./verification/verification-index.js";
export {
  createVerificationRecords,
  type RecordLine,
  type VerificationRecords,
} from "./verification/verification-records.service.js";
export { createVerify, type Verify, type VerifyKeyInput } from "./verification/verify.service.js";
