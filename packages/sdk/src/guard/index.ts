/**
 * Verifies keys within your process, and hears of every revocation as it happens.
 *
 * @packageDocumentation
 */

import type { KeyplaneOptions } from "../client/options.js";
import type { Guard } from "./guard.js";

export type {
  Closable,
  Guard,
  GuardEvents,
  GuardRequest,
  GuardStatus,
  GuardVerdict,
  Revocation,
} from "./guard.js";

// Only the type, for the examples, until the guard itself is merged: the export of the function replaces it.
export declare function createGuard(options: Pick<KeyplaneOptions, "url" | "token">): Guard;
