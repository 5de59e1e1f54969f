/**
 * The words and bounds of rate limits and quotas.
 *
 * Add it here: a way in which a quota is refilled. Then say in the server's module `limits` where its periods begin.
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
