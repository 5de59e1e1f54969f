/**
 * What `diagnoseKey` may find besides its checks.
 *
 * Add it here: add the code, find it in the server's module `diagnosis`, and meet it in a test, then run `pnpm generate`.
 */
export const diagnosisFindings = {
  KEY_TEXT_REPAIRED: {
    description:
      "The text is not a key, but the right one can be told from it: without what stands around it, or with one character put right. The finding names that key.",
  },
  SIMILAR_KEY: {
    description: "A key that begins nearly as the presented one: what was typed may have been meant to be this key.",
  },
  AMBIGUOUS_START: { description: "Several keys begin like this. Give the id of the one that is meant." },
  OLD_SECRET_IN_USE: {
    description: "The presented secret was rotated away and works on only for the rest of its overlap.",
  },
  SECRET_PENDING: {
    description:
      "A new secret of the key waits for its first use (`activateOnFirstUse`, or a rotation that was handed over). Until then callers present the current one; deploy the new one.",
  },
  OWNER_OUTDATED: {
    description:
      "What your system holds of the owner, as given in `owner`, is not what Keyplane holds. One of the two is out of date.",
  },
  KEY_SHARED: {
    description:
      "The key was used from more places than the tenant's policy allows, and nobody has resolved that yet: more may have it than should.",
  },
  KEY_NOT_YET_CREATED: { description: "At the moment asked about, the key or this secret of it did not exist yet." },
  HISTORY_INCOMPLETE: {
    description:
      "The state at the moment asked about is not known for sure: audit records of that time are missing. The verdict is of the nearest state that is known.",
  },
  KEY_LEAKED: {
    description:
      "Its secret was found where others can read it, and nobody has dealt with that yet. Replace the secret.",
  },
  KEY_IDLE: {
    description: "It was not used for as long as the tenant's policy says, nor since. Revoke what nobody needs.",
  },
  KEY_NEVER_EXPIRES: { description: "It has no `expiresAt`, which the tenant's policy does not want." },
  ROTATION_OVERDUE: { description: "It should have got a new secret by now. It goes on working; rotate it." },
  API_DEPRECATED: {
    description: "The version of the API that was called is deprecated. Move to a newer one: the message names them.",
  },
  ADDRESS_HELD_UP: {
    description:
      "Too many unknown keys came from this address, as far as you or another management token of the tenant have presented them to this server: until it is let in again, `verifyKey` answers RATE_LIMITED for unknown keys from there. Keys that it remembers are verified all the same.",
  },
  LIMITS_NOT_KNOWN: {
    description:
      "Calls of the key were limited at the moment asked about, but how much of the limits was used then is not kept. The message names the calls of that time that were refused by one, from `refusedCalls`.",
  },
  USAGE_UNAVAILABLE: { description: "Refused calls cannot be told at the moment: the store of usage did not answer." },
} as const satisfies Record<string, { readonly description: string }>;

/** The code of something that a diagnosis has found. */
export type DiagnosisFindingCode = keyof typeof diagnosisFindings;
