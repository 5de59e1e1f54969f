import type { Metrics, UsageAnswer, UsageDimension, UsageFilter, UsageGroup, UsageQuestion } from "./questions.js";

/** How many series of the window before are looked through: groups of several values meet in more ways than are shown. */
const previousLimit = 10_000;

/** The same question about the window of the same length just before. */
export function windowBefore(question: UsageQuestion): UsageQuestion {
  const { from, to } = question;
  const wants = { ...question.wants, points: false };
  const window = { from: from - (to - from), to: from, bucket: "TOTAL" } as const;
  // Where groups are cut off after all, the smallest.
  return { ...question, ...window, orderBy: "COUNT_DESC", limit: previousLimit, wants, mayNotBeKept: true };
}

/**
 * The question's filter, narrowed to the groups that its answer shows. Those have passed the filter already, so their values are
 * within its lists. Not by tags: a call that the filter has found by one tag counts in the groups of its others, too.
 */
export function filterOfShown({ groupBy, filter }: UsageQuestion, { series }: UsageAnswer): UsageFilter {
  const narrowed: Record<string, readonly string[]> = {};
  for (const dimension of groupBy) {
    const by = narrowedBy[dimension];
    if (!by) continue;
    const values = new Set(series.map(({ group }) => group[by.field]));
    // Calls without a value cannot be listed.
    if ([...values].every((value) => typeof value === "string")) narrowed[by.list] = [...values] as string[];
  }
  return { ...filter, ...narrowed };
}

/** The field of a group that has a dimension, and the list of a filter that narrows it. */
const narrowedBy: Readonly<
  Record<UsageDimension, { readonly field: keyof UsageGroup; readonly list: keyof UsageFilter } | null>
> = {
  KEY: { field: "keyId", list: "keyIds" },
  USER: { field: "userId", list: "userIds" },
  API: { field: "api", list: "apis" },
  CODE: { field: "code", list: "codes" },
  TAG: null,
};

/** What a group without any calls comes to. */
export const noUsage: Metrics = { count: 0, valid: 0, cost: 0, byCode: {}, meters: {}, latencyMs: null };

/** Whether two series are of the same group. */
export function isSame(a: UsageGroup, b: UsageGroup): boolean {
  return a.keyId === b.keyId && a.userId === b.userId && a.api === b.api && a.code === b.code && a.tag === b.tag;
}
