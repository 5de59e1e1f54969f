import type { Clock } from "../../platform/clock.js";
import type { Database, Transaction } from "../../platform/database/index.js";
import type { Logger } from "../../platform/logger.js";
import type { Audit } from "../audit/index.js";
import type { Events } from "../events/index.js";
import type { KeySeal } from "../keys/index.js";
import type { CompareMemory } from "./memory-check.js";

/** What integrity checks work with. */
export interface IntegrityDeps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly database: Database;
  readonly events: Events;
  readonly logger: Logger;
  readonly seal: KeySeal;
  /** What this process remembers. */
  readonly memories: readonly CompareMemory[];
  /** Resolves when this process has heard of all that was committed before the call. */
  readonly catchUp: () => Promise<void>;
  /** Keeps when a key's expiry is told. */
  readonly planExpiry: (tx: Transaction, key: { readonly id: string; readonly expiresAt: Date }) => Promise<void>;
  /** Keeps that a key's rotation is told of. */
  readonly planRotation: (tx: Transaction, keyId: string) => Promise<void>;
  /** The keys that usage of a tenant's last day names, a thousand at most. */
  readonly usedKeyIds: (tenantId: string) => Promise<readonly string[]>;
  /** How often a check runs by itself, in milliseconds; null: never. */
  readonly everyMs: number | null;
  /** How many keys one run quarantines at most. */
  readonly maxQuarantined: number;
}
