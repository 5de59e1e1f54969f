/**
 * The words and bounds of rate limits and quotas.
 *
 * Add it here: what limits can be set on, and to `limitTargetOf` in the server's `platform/limited.ts`; a way in which a quota is
 * refilled, and to the server's module `limits`, which says where its periods begin.
 */

/** How much a rate limit or a quota can allow, and by how much a quota can be topped up in all. */
export const maxLimit = 1_000_000_000;

/** When a quota is whole again. */
export const quotaRefills = {
  NEVER: { description: "Never by itself: a total, until it is topped up or reset." },
  HOURLY: { description: "Every 60 minutes from the anchor on." },
  DAILY: { description: "Every day at the anchor's time, by the clock of the time zone." },
  WEEKLY: { description: "Every week at the anchor's day and time." },
  MONTHLY: { description: "Every month at the anchor's day and time; on the last day where a month lacks that day." },
  YEARLY: { description: "Every year at the anchor's date and time." },
} as const satisfies Record<string, { readonly description: string }>;

/** When a quota is whole again. */
export type QuotaRefill = keyof typeof quotaRefills;

/** What limits can be set on. */
export const limitTargets = {
  KEY: { description: "The key." },
  USER: { description: "The key's owner: all keys of the user share it." },
  TENANT: { description: "The key's tenant: all keys of the tenant share it." },
  API: { description: "The API that was called: all calls of it share it. Rate limits only." },
} as const satisfies Record<string, { readonly description: string }>;

/** What a limit is set on. */
export type LimitTarget = keyof typeof limitTargets;
