/**
 * What an integrity check can find.
 *
 * Add it here: then look for it in `key-checks.ts`, `store-checks.ts` or `memory-check.ts`, and say on docs/operating/integrity.md what to do about it.
 */
export const findingKinds = {
  CHECKSUM_MISMATCH: {
    description:
      "A key or one of its secrets was changed in the database, and not by Keyplane. The key is quarantined.",
  },
  UNSIGNED: {
    description:
      "A key without a checksum, although all keys were signed: its row was not written by Keyplane. The key is quarantined.",
  },
  FOREIGN_CHECKSUM: {
    description:
      "A key that was signed with another encryption key. Where KEYPLANE_ENCRYPTION_KEY was changed on purpose, sign all keys anew with `resign`.",
  },
  OWNER_MISSING: { description: "A key whose owner does not exist. The key is quarantined." },
  OWNER_OF_OTHER_TENANT: { description: "A key whose owner belongs to another tenant. The key is quarantined." },
  TEAM_OF_OTHER_TENANT: { description: "A key whose team belongs to another tenant. The key is quarantined." },
  NO_SECRET: { description: "A key that nobody can use, because it has no current secret. Rotate it." },
  CACHE_DIFFERS: {
    description:
      "A server remembered a key, or what decides about it, otherwise than the database has it. It has forgotten that, and reads it anew.",
  },
  GRANT_OF_OTHER_TENANT: {
    description: "Access of a key to an API of another tenant. It is taken away where the check repairs.",
  },
  EXPIRY_NOT_PLANNED: {
    description: "A key that expires, of which nobody would be told. It is planned where the check repairs.",
  },
  ROTATION_NOT_PLANNED: {
    description: "A key that has to be rotated, of which nobody would be told. It is planned where the check repairs.",
  },
  ADDRESS_OF_DELETED_USER: {
    description: "A deleted user who keeps the e-mail address from others. It is set free where the check repairs.",
  },
  LEASE_OF_LOST_SERVER: {
    description:
      "Parts of a tenant's quotas that are held by a server which was not heard of for long: they count as used. Start the server on its data folder, which gives back what it has not used. If the folder is gone, add the amount of its lease with `topUpQuota`, which forgives nothing that was used otherwise; `resetQuota` drops the lease, and forgives everything.",
  },
  QUOTA_MISSING: {
    description:
      "A key, user or tenant that names a quota which does not exist: nothing of it is counted or refused. Set the quota anew with `setQuota`.",
  },
  QUOTA_OF_ANOTHER: {
    description:
      "A key, user or tenant that names the quota of another one, and uses that up. Set its own with `setQuota`.",
  },
  USAGE_OF_UNKNOWN_KEY: {
    description:
      "Usage of the last day that names a key which does not exist. Of each tenant the 1000 keys with most calls are looked at.",
  },
} as const satisfies Record<string, { readonly description: string }>;

/** What an integrity check has found. */
export type FindingKind = keyof typeof findingKinds;

/** What became of a finding. */
export const findingOutcomes = {
  REPORTED: { description: "Nothing was changed." },
  REPAIRED: { description: "It is mended." },
  QUARANTINED: { description: "The key is refused until somebody has looked at it: see `releaseKey`." },
} as const satisfies Record<string, { readonly description: string }>;

/** What became of a finding. */
export type FindingOutcome = keyof typeof findingOutcomes;

/** What a run looks at, one after the other. */
export const runPhases = {
  KEYS: { description: "Every key that could still be accepted; `examined` of `total` are done." },
  MEMORY: {
    description:
      "What the server remembers of keys, owners, tenants, roles, teams, APIs and access, against the database.",
  },
  GRANTS: { description: "The access of keys to APIs." },
  EXPIRIES: { description: "Whether somebody will be told when keys expire, or have to be rotated." },
  USERS: { description: "The addresses of deleted users." },
  QUOTAS: { description: "Whether quotas are those of whoever names them, and who holds parts of them." },
  USAGE: { description: "Whether usage names keys that there are." },
} as const satisfies Record<string, { readonly description: string }>;

/** What a run looks at. */
export type RunPhase = keyof typeof runPhases;

/** The states of a run. */
export const runStatuses = {
  RUNNING: { description: "It goes on; `examined` and `found` grow." },
  DONE: { description: "Everything was examined." },
  FAILED: { description: "It ended early: the server stopped, or the database was away. The next one begins anew." },
} as const satisfies Record<string, { readonly description: string }>;
