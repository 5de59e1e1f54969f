export { type AuditActor, type AuditRecord, actorOf, systemActor, userActor } from "./audit.record.js";
export { type Audit, createAudit } from "./audit.service.js";
export { findHistory, findHistoryOfKind } from "./audit.store.js";
