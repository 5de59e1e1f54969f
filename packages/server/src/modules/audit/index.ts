export { type AuditActor, type AuditRecord, actorOf, systemActor, userActor } from "./audit.record.js";
export { type Audit, createAudit } from "./audit.service.js";
export { findHistory, findLatestWith, findTargetsAfter } from "./audit.store.js";
