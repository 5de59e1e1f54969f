/**
 * The states of tenants, users and keys.
 *
 * Add it here: then give the state its check in `decision/`, or say there why it needs none.
 */

/** The states of a tenant. */
export const tenantStatuses = {
  ACTIVE: { description: "In service." },
  SUSPENDED: { description: "Paused by an operator: all its keys are refused until it is resumed." },
  DELETED: { description: "Deleted: all its keys are refused." },
} as const satisfies Record<string, { readonly description: string }>;

/** The state of a tenant. */
export type TenantStatus = keyof typeof tenantStatuses;

/** The states of a user. */
export const userStatuses = {
  ACTIVE: { description: "In service." },
  DISABLED: { description: "Paused: all keys of the user are refused until the user is enabled." },
  DELETED: { description: "Deleted: all keys of the user are refused. A tombstone stays, so that history is kept." },
} as const satisfies Record<string, { readonly description: string }>;

/** The state of a user. */
export type UserStatus = keyof typeof userStatuses;

/** The states of a key, of which the one that weighs most is shown: revoked, then expired, quarantined, disabled. */
export const keyStatuses = {
  ACTIVE: {
    description: "Neither revoked, expired, quarantined nor disabled. Its owner or tenant may still cause a refusal.",
  },
  DISABLED: { description: "Paused: refused until it is enabled." },
  REVOKED: { description: "Refused for good." },
  EXPIRED: { description: "Its expiresAt has been reached." },
  QUARANTINED: { description: "Refused because an integrity check found that its record cannot be trusted." },
} as const satisfies Record<string, { readonly description: string }>;

/** The state of a key. */
export type KeyStatus = keyof typeof keyStatuses;
