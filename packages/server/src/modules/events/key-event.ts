import type { KeyEventType, ResyncReason } from "@keyplane/schema";
import type { PlacedEvent } from "./event.js";
import { encodeCursor } from "./lib/cursor.js";

/** Something that happened, as a reader gets it. */
export interface KeyEvent {
  readonly kind: "event";
  readonly cursor: string;
  readonly type: KeyEventType;
  readonly occurredAt: Date;
  readonly tenantId: string;
  readonly keyId: string | null;
  readonly userId: string | null;
  readonly reason: string | null;
  /** Whether it is told as it happens: what it names is then read anew for each. */
  readonly isLive: boolean;
}

/** A reader's place is lost: read keys again, then go on from this cursor. */
export interface ResyncRequired {
  readonly kind: "resync";
  readonly cursor: string;
  readonly code: ResyncReason;
}

/** The stream ends because of this. As a message, because what a generator throws breaks the connection without a word. */
export interface StreamFailure {
  readonly kind: "failure";
  readonly error: unknown;
}

export type KeyEventMessage = KeyEvent | ResyncRequired | StreamFailure;

export function toKeyEvent(storeId: string, event: PlacedEvent, isLive: boolean): KeyEvent {
  const { type, occurredAt, tenantId, keyId, userId, reason } = event;
  return {
    kind: "event",
    cursor: encodeCursor(storeId, event),
    // Only public types pass the filter, and each of them belongs to a tenant.
    type: type as KeyEventType,
    occurredAt,
    tenantId: tenantId ?? "",
    keyId,
    userId,
    reason,
    isLive,
  };
}
