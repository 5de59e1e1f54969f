import type { KeyEventType } from "@keyplane/schema";
import type { Position } from "./lib/position.js";

/**
 * What can happen. The types of the public contract, and those that only Keyplane's own processes need in order to
 * forget what they remember.
 */
export type EventType =
  | KeyEventType
  | "TENANT_CREATED"
  | "QUOTA_CHANGED"
  | "USER_CREATED"
  | "ROLE_CREATED"
  | "ROLE_UPDATED"
  | "ROLE_DELETED"
  | "TEAM_CREATED"
  | "TEAM_UPDATED"
  | "TEAM_DELETED"
  | "TEAM_MEMBER_ADDED"
  | "TEAM_MEMBER_REMOVED"
  | "TOKEN_CREATED"
  | "TOKEN_ROTATED"
  | "TOKEN_REVOKED"
  | "TOKEN_RESTORED"
  | "SIGNING_KEY_CREATED"
  | "OAUTH_CLIENT_CHANGED"
  | "OAUTH_TOKEN_REVOKED"
  | "TRUSTED_ISSUER_CHANGED"
  | "SESSION_ENDED"
  | "KEY_FINDING_RESOLVED"
  | "WEBHOOK_CHANGED";

/** Something that happened, and to whom. */
export interface DomainEvent {
  readonly type: EventType;
  readonly tenantId: string | null;
  readonly keyId?: string;
  readonly userId?: string;
  /** Whose the key was until now, when it was given to `userId`. */
  readonly formerUserId?: string;
  readonly tokenId?: string;
  /** What else it names, by its own id: an OAuth client, a trusted issuer, the digest of a revoked token, a quota. */
  readonly subjectId?: string;
  readonly sessionId?: string;
  readonly roleId?: string;
  /** The teams concerned, those of before and those from now on: their members hear of it. */
  readonly teamIds?: readonly string[];
  readonly reason?: string | null;
}

/** An event as it is kept. */
export interface StoredEvent {
  readonly id: string;
  readonly type: EventType;
  readonly tenantId: string | null;
  readonly keyId: string | null;
  readonly userId: string | null;
  readonly formerUserId: string | null;
  readonly tokenId: string | null;
  readonly subjectId: string | null;
  readonly sessionId: string | null;
  readonly roleId: string | null;
  readonly teamIds: readonly string[];
  readonly reason: string | null;
  readonly occurredAt: Date;
}

/** An event at its place in the log. */
export interface PlacedEvent extends StoredEvent, Position {
  /** Whether no event can appear before this one any more. */
  readonly isFinal: boolean;
}
