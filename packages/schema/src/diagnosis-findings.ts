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
  USAGE_UNAVAILABLE: { description: "Refused calls cannot be told at the moment: the store of usage did not answer." },
} as const satisfies Record<string, { readonly description: string }>;

/** The code of something that a diagnosis has found. */
export type DiagnosisFindingCode = keyof typeof diagnosisFindings;
