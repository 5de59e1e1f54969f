import type { KeyEventType } from "@keyplane/schema";

/**
 * What can happen. The types of the public contract, and those that only Keyplane's own processes need in order to
 * forget what they remember.
 */
export type EventType =
  | KeyEventType
  | "TENANT_CREATED"
  | "TENANT_UPDATED"
  | "USER_CREATED"
  | "USER_UPDATED"
  | "TOKEN_CREATED"
  | "TOKEN_REVOKED"
  | "TOKEN_RESTORED";

/** Something that happened, and to whom. */
export interface DomainEvent {
  readonly type: EventType;
  readonly tenantId: string | null;
  readonly keyId?: string;
  readonly userId?: string;
  readonly tokenId?: string;
  readonly reason?: string | null;
}
