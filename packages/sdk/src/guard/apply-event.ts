import type { KeyEvent } from "../entities.js";
import type { KeyMemory } from "./key-memory.js";

/**
 * Makes known keys stricter, as an event says. What an event loosens, or does not say in full, is read from the server
 * instead: so an event that comes late, or a second time, can never make a refused key valid.
 *
 * @returns whether the event says everything, so that nothing has to be read.
 */
export function tighten(memory: KeyMemory, event: KeyEvent, now: number): boolean {
  memory.hasChanged();
  const { type, keyId, userId, tenantId, reason } = event;
  const at = Date.parse(event.occurredAt);
  const key = keyId === null ? undefined : memory.key(keyId);
  const owner = userId === null ? undefined : memory.owner(userId);
  switch (type) {
    case "REVOKED":
      if (key) key.state = { ...key.state, revokedAt: at, revokedReason: reason };
      return true;
    case "DISABLED":
      if (key) key.state = { ...key.state, disabledAt: at, disabledReason: reason };
      return true;
    case "QUARANTINED":
      if (key) key.state = { ...key.state, quarantinedAt: at };
      return true;
    case "DELETED":
      if (key) key.state = { ...key.state, deletedAt: at };
      return true;
    case "EXPIRED":
      // Also where this machine's clock is behind.
      if (key) key.state = { ...key.state, expiresAt: Math.min(key.state.expiresAt ?? at, now) };
      return true;
    case "EXPIRING":
    case "LEAKED":
    case "IDLE":
    case "NEVER_EXPIRES":
    case "SHARED":
    case "ROTATION_DUE":
    case "ROTATION_OVERDUE":
      return true;
    case "OWNER_DISABLED":
      if (owner) owner.state = { ...owner.state, status: "DISABLED", since: at, reason };
      return true;
    case "OWNER_DELETED":
      if (owner) owner.state = { ...owner.state, status: "DELETED", since: at, reason };
      return true;
    case "TENANT_SUSPENDED": {
      const tenant = memory.tenant(tenantId);
      if (tenant) tenant.state = { ...tenant.state, status: "SUSPENDED", since: at, reason };
      return true;
    }
    default:
      // Also a type that only a newer server knows.
      return false;
  }
}

/** Which events refuse something from then on. */
export const refusingTypes: ReadonlySet<string> = new Set([
  "REVOKED",
  "DISABLED",
  "QUARANTINED",
  "DELETED",
  "EXPIRED",
  "OWNER_DISABLED",
  "OWNER_DELETED",
  "TENANT_SUSPENDED",
]);
