/**
 * The environments that a key can belong to.
 *
 * Add it here, but think twice: the marker stands in every key, so the key's format, its pattern for secret scanners and
 * the fast path in `key-format/parse-key.ts` all build on markers of four letters.
 */

/** The registry of environments. `marker` is the word that stands for it in a key's text. */
export const environments = {
  LIVE: { description: "Real traffic. Its keys carry `_live_`.", marker: "live" },
  TEST: { description: "Development and tests. Its keys carry `_test_`.", marker: "test" },
} as const satisfies Record<string, { readonly description: string; readonly marker: string }>;

/** The environment of a key. */
export type Environment = keyof typeof environments;
