/**
 * What limits can be set on.
 *
 * Add it here, and to `limitTargetOf` in the server's `platform/limited.ts`.
 */

/** The registry of what limits can be set on. */
export const limitTargets = {
  KEY: { description: "The key." },
  USER: { description: "The key's owner: all keys of the user share it." },
  TENANT: { description: "The key's tenant: all keys of the tenant share it." },
  API: { description: "The API that was called: all calls of it share it. Rate limits only." },
} as const satisfies Record<string, { readonly description: string }>;

/** What a limit is set on. */
export type LimitTarget = keyof typeof limitTargets;
