import type { VerdictCode } from "@keyplane/schema";

/** Where an event came from: a verification that this server answered, or a report of an application's SDK. */
export type UsageSource = "SERVER" | "SDK";

/** One verification, or one call that an application reports: what is written to the spool, a JSON line each. */
export interface UsageEvent {
  /** The sender's own name for the event, unique within its tenant. The server's own events are named by their place in the spool. */
  readonly id?: string | undefined;
  /** When it happened, epoch milliseconds. */
  readonly at: number;
  /** Absent for an unknown key that a caller of the whole installation presented. */
  readonly tenantId?: string | undefined;
  /** Absent for an unknown, malformed or mistyped key. */
  readonly keyId?: string | undefined;
  /** Who owned the key when it happened. */
  readonly userId?: string | undefined;
  readonly code: VerdictCode;
  /** Which API was called, as the verifier names it. */
  readonly api?: string | undefined;
  /** How much the call counts. A refused call costs nothing: 0. */
  readonly cost: number;
  /** Sorted, without doubles; absent when there are none. */
  readonly tags?: readonly string[] | undefined;
  /** Named quantities of the call, e.g. `{ tokens: 1200 }`: whole numbers that are summed. Absent when there are none. */
  readonly meters?: Readonly<Record<string, number>> | undefined;
  /** How long it took, in milliseconds with fractions. */
  readonly latencyMs?: number | undefined;
  /** The address that presented the key. */
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
  /** What a person may see of the presented key, e.g. `kp_live_3fQz`; never more of it. */
  readonly start?: string | undefined;
  readonly source: UsageSource;
}

/** How late a reported event may arrive, in milliseconds. Later ones are refused, because their duplicates could no longer be told. */
export const maxLatenessMs = 24 * 60 * 60_000;
/** How far ahead of the server's clock a sender's may run, in milliseconds. */
export const maxAheadMs = 5 * 60_000;
