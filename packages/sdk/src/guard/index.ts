/**
 * Keyplane's guard: verifies API keys in your own process, and hears of revocations as they happen.
 *
 * @packageDocumentation
 */

export { createGuard } from "./create-guard.js";
export type { EventTransport } from "./follower.js";
export type {
  Closable,
  Guard,
  GuardEvents,
  GuardRequest,
  GuardStatus,
  GuardVerdict,
  Revocation,
} from "./guard.js";
export type { GuardOptions } from "./guard-options.js";
