export {
  type ExportSources,
  isExport,
  type KeyExports,
  prepareExport,
  type UsageExport,
} from "./exports/usage-exports.js";
export { maxOriginsWindowMs, originsKeptMs } from "./origins/limits.js";
export type { KeyOrigins } from "./origins/origins.js";
export { createRecordUsage, type FindKeyOwners, type RecordUsage } from "./record-usage.service.js";
export type { EventDocument } from "./storage/documents.js";
export type { Retention } from "./storage/tiers.js";
export {
  addressOf,
  apiSchema,
  costSchema,
  ipSchema,
  metersOf,
  metersSchema,
  tagsOf,
  tagsSchema,
  userAgentOf,
} from "./usage.input.js";
export { type SaveLastUsed, UsageRecording, type UsageStatus } from "./usage.recording.js";
export { createUsage, type Usage } from "./usage.service.js";
export type { UsageEvent } from "./usage-event.js";
export { usedKeyIds } from "./used-keys.js";
