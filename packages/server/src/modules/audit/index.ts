export { type AuditActor, type AuditRecord, actorOf, systemActor } from "./audit.record.js";
export { type Audit, createAudit } from "./audit.service.js";
