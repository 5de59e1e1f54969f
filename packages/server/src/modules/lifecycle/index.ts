export { type Danger, dangersOf } from "./findings/danger.js";
export { findOpenOfKey, findOwnerOf } from "./findings/findings.store.js";
export type { Leaks } from "./leaks/leaks.service.js";
export { readScannedMatches } from "./leaks/scanner-body.js";
export { createLifecycle, type Lifecycle } from "./lifecycle.js";
export { sharedWords } from "./shared/shared-mail.js";
