/**
 * Every type of event that `keyEvents` tells of.
 *
 * Add it here: add the type, append the event in the service that makes the change, and teach the verification index and the
 * SDK's guard what it means for a key that they hold.
 */

/** The registry of key event types. */
export const keyEventTypes = {
  CREATED: { description: "A key was created." },
  UPDATED: {
    description:
      "A key's name, scopes, metadata, expiry, address lists, team, limits or access to APIs changed, what its owner's role or its team allows it changed, or the key was restored after a deletion.",
  },
  ROTATED: {
    description:
      "A key got a new secret, by rotation or by being reissued to another owner. The old one stops at previousSecretExpiresAt.",
  },
  DISABLED: { description: "A key was disabled; it is refused until it is enabled." },
  ENABLED: { description: "A disabled key was enabled again." },
  QUARANTINED: {
    description:
      "An integrity check found that a key's row cannot be trusted; it is refused until somebody releases it.",
  },
  REVOKED: { description: "A key was revoked for good." },
  EXPIRED: { description: "A key reached its expiresAt." },
  EXPIRING: { description: "A key will expire soon. It still works: this is the reminder." },
  DELETED: { description: "A key was deleted. It can be restored within 30 days." },
  LEAKED: {
    description:
      "A key's secret was found where others can read it. What the tenant's policy does about it, a DISABLED or REVOKED before this one tells.",
  },
  IDLE: {
    description: "A key was not used for as long as the tenant's policy says. It still works: this is the reminder.",
  },
  NEVER_EXPIRES: { description: "A key has no expiresAt, which the tenant's policy does not want. It still works." },
  SHARED: {
    description:
      "A key was used from more places within a window than the tenant's policy allows, so more may have it than should. It still works.",
  },
  ROTATION_DUE: { description: "A key has to get a new secret soon. It still works: this is the reminder." },
  ROTATION_OVERDUE: {
    description:
      "A key did not get a new secret in time. Whether it still works, rotationOverdue says: it is refused where the tenant's policy or the key itself says REFUSE.",
  },
  OWNER_UPDATED: {
    description:
      "A user's name, e-mail address, external id, role, address lists or limits were changed; the keys' owner details changed with it. keyId is null.",
  },
  OWNER_DISABLED: { description: "A user was disabled; all keys of that user are refused. keyId is null." },
  OWNER_ENABLED: { description: "A disabled user was enabled again, and the user's keys with it. keyId is null." },
  OWNER_DELETED: { description: "A user was deleted; all keys of that user are refused. keyId is null." },
  TENANT_UPDATED: {
    description:
      "A tenant's name, slug, key policy, address lists, limits or APIs were changed. keyId and userId are null.",
  },
  TENANT_SUSPENDED: { description: "A tenant was suspended; all its keys are refused. keyId and userId are null." },
  TENANT_RESUMED: { description: "A suspended tenant was resumed, and its keys with it. keyId and userId are null." },
} as const satisfies Record<string, { readonly description: string }>;

/** What has happened to a key, to its owner, or to its tenant. */
export type KeyEventType = keyof typeof keyEventTypes;

/** Why a reader of `keyEvents` is told to read keys again. */
export const resyncReasons = {
  CURSOR_TOO_OLD: {
    description: "Events after this cursor were removed already: it is older than KEYPLANE_EVENTS_DAYS.",
  },
  CURSOR_UNKNOWN: {
    description:
      "This is no cursor of this store: it came from another database, or from this one before a backup was restored, or it is empty.",
  },
  READER_TOO_SLOW: { description: "This reader fell behind further than the server remembers for its readers." },
  LOG_REPLACED: { description: "The database went back to an earlier state while this reader was following." },
} as const satisfies Record<string, { readonly description: string }>;

/** Why a reader must read keys again. */
export type ResyncReason = keyof typeof resyncReasons;
