/**
 * How keys look after themselves: what is found about them, and what a tenant's policy does about it.
 *
 * Add it here: then raise the finding in the server's module `lifecycle`, and say in docs/concepts/lifecycle.md what it means.
 */

/** What can be found about a key. */
export const keyFindingKinds = {
  LEAKED: { description: "Its secret was found where others can read it." },
  IDLE: { description: "It was not used for as long as the tenant's policy says." },
  NEVER_EXPIRES: { description: "It has no expiresAt, which the tenant's policy does not want." },
  SHARED: { description: "It was used from more places within a window than the tenant's policy allows." },
} as const satisfies Record<string, { readonly description: string }>;

/** What was found about a key. */
export type KeyFindingKind = keyof typeof keyFindingKinds;

/** What was done about a finding by itself. */
export const keyFindingActions = {
  NONE: { description: "Nothing: it was told, and people decide." },
  DISABLED: { description: "The key was disabled." },
  REVOKED: { description: "The key was revoked." },
} as const satisfies Record<string, { readonly description: string }>;

/** What was done about a finding. */
export type KeyFindingAction = keyof typeof keyFindingActions;

/** What happens to a key whose secret was found in public. */
export const leakActions = {
  NOTIFY: { description: "It goes on working; a finding, an event and a mail tell of it." },
  DISABLE: { description: "It is disabled, and can be rotated and enabled again. The default." },
  REVOKE: { description: "It is revoked for good." },
} as const satisfies Record<string, { readonly description: string }>;

/** What happens to a leaked key. */
export type LeakAction = keyof typeof leakActions;

/** What happens to keys that a policy does not want. */
export const upkeepActions = {
  IGNORE: { description: "Nothing." },
  REMIND: { description: "A finding and an event tell of each, once." },
  DISABLE: {
    description: "A finding and an event tell of each; it is disabled `graceDays` later, unless that has changed.",
  },
} as const satisfies Record<string, { readonly description: string }>;

/** What happens to keys that a policy does not want. */
export type UpkeepAction = keyof typeof upkeepActions;

/** When a key counts as shared. */
export const sharedRules = {
  ALL: { description: "When every bound that is set is passed within the window." },
  ANY: { description: "When one of the bounds is passed within the window." },
} as const satisfies Record<string, { readonly description: string }>;

/** When a key counts as shared. */
export type SharedRule = keyof typeof sharedRules;

/** What happens to a key whose secret was not rotated in time. */
export const rotationOverdues = {
  WARN: { description: "It goes on working, and its verdicts carry a hint." },
  REFUSE: { description: "It is refused with EXPIRED until it is rotated." },
} as const satisfies Record<string, { readonly description: string }>;

/** What happens to a key whose secret was not rotated in time. */
export type RotationOverdue = keyof typeof rotationOverdues;

/** What a hygiene report looks at, and how many of its 100 points each costs at most. */
export const hygieneChecks = {
  LEAKED: {
    description: "Keys in use of which a leak was reported and not resolved. One is enough to lose all points.",
    weight: 35,
    advice: "Rotate each key with overlapMs 0, or revoke it, then call resolveKeyFinding.",
  },
  SHARED: {
    description: "Keys that were used from too many places, and of which the finding is not resolved.",
    weight: 15,
    advice:
      "Rotate each key with overlapMs 0 and give everybody a key of their own, then call resolveKeyFinding; or raise the policy's bounds.",
  },
  IDLE: {
    description: "Keys that were not used for as long as the policy says, or 90 days.",
    weight: 15,
    advice:
      "Revoke what nobody needs; `keys(filter: { unusedSince })` lists them, and the policy can disable them by itself.",
  },
  NEVER_EXPIRES: {
    description: "Keys without expiresAt.",
    weight: 10,
    advice: "Set expiresAt with updateKey, and maxLifetimeMs in the tenant's policy for those to come.",
  },
  OLD_SECRET: {
    description: "Keys whose secret is older than the rotation policy says, or 365 days.",
    weight: 15,
    advice:
      "Rotate them with rotateKey, with an overlap that covers your roll-out: overlapMs: null takes the policy's, and without overlapMs the old secret stops at once.",
  },
  OWNER_GONE: {
    description: "Keys whose owner is disabled or deleted, so that they are refused.",
    weight: 10,
    advice: "Give them to somebody else with reissueKey, or revoke them.",
  },
} as const satisfies Record<string, { readonly description: string; readonly weight: number; readonly advice: string }>;

/** What a hygiene report looks at. */
export type HygieneCheck = keyof typeof hygieneChecks;
