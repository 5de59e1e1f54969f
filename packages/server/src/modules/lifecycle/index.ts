export type { Leaks } from "./leaks/leaks.service.js";
export { readScannedMatches } from "./leaks/scanner-body.js";
export { createLifecycle, type Lifecycle } from "./lifecycle.js";
export { findOpenShared, type OpenShared } from "./shared/open-shared.js";
