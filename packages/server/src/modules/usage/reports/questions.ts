import type { VerdictCode } from "@keyplane/schema";
import type { UsageSource } from "../usage-event.js";

/** How wide the buckets of a report are. Add one here and in calendar.ts. */
export const usageBuckets = {
  MINUTE: { description: "Minutes." },
  HOUR: { description: "Hours of the time zone. The default." },
  DAY: { description: "Days of the time zone: of 23 or 25 hours where its clock changes." },
  MONTH: { description: "Calendar months of the time zone." },
  TOTAL: { description: "The whole window as one bucket." },
} as const;
export type UsageBucket = keyof typeof usageBuckets;

/** What a report can be grouped by. */
export const usageDimensions = {
  KEY: { description: "By key." },
  USER: { description: "By the user who owned the key when it was used." },
  API: { description: "By API, as the verifier names it." },
  CODE: { description: "By outcome." },
  TAG: { description: "By tag: a call with two tags counts in the series of each, and once in totals." },
} as const;
export type UsageDimension = keyof typeof usageDimensions;

/** In which order the series of a report come. */
export const usageOrders = {
  COUNT_DESC: { description: "Most calls first. The default." },
  COUNT_ASC: { description: "Fewest calls first." },
  REFUSED_DESC: { description: "Most refused calls first." },
  COST_DESC: { description: "Highest cost first." },
  GROUP_ASC: { description: "By the group's own values, A to Z." },
} as const;
export type UsageOrder = keyof typeof usageOrders;

/** Which events count; what is left out does not matter, and all that is given must hold. Empty lists match nothing. */
export interface UsageFilter {
  readonly keyIds?: readonly string[] | undefined;
  readonly userIds?: readonly string[] | undefined;
  /** Events of this user, or of one of these keys: what a caller may see who is confined to a user and the user's teams. */
  readonly within?: { readonly userId: string; readonly keyIds: readonly string[] } | undefined;
  readonly apis?: readonly string[] | undefined;
  readonly codes?: readonly VerdictCode[] | undefined;
  /** Events that carry at least one of these. */
  readonly tags?: readonly string[] | undefined;
  /** true: only accepted calls; false: only refused ones. */
  readonly valid?: boolean | undefined;
}

/** A question about counts, checked and within the caller's bounds. Times are epoch milliseconds; the window is [from, to). */
export interface UsageQuestion {
  readonly tenantId: string;
  readonly from: number;
  readonly to: number;
  readonly bucket: UsageBucket;
  /** An IANA time zone, e.g. `Europe/Berlin`. */
  readonly timeZone: string;
  readonly groupBy: readonly UsageDimension[];
  readonly filter: UsageFilter;
  /** How many series at most. */
  readonly limit: number;
  readonly orderBy: UsageOrder;
  /** What is worth reading and adding up beyond counts and cost. */
  readonly wants: { readonly points: boolean; readonly latency: boolean; readonly meters: boolean };
  /** Where the window is no longer kept, the answer says so instead of being a refusal. */
  readonly mayNotBeKept?: boolean | undefined;
}

export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  /** Of how many events a latency is known. */
  readonly count: number;
}

export interface Metrics {
  readonly count: number;
  readonly valid: number;
  readonly cost: number;
  readonly byCode: Readonly<Partial<Record<VerdictCode, number>>>;
  readonly meters: Readonly<Record<string, number>>;
  /** null when it was not asked for, or no event carries one. */
  readonly latencyMs: Percentiles | null;
}

/** The numbers of all buckets, column by column: a number for each bucket, zeros included. Equal columns may be the same array. */
export interface Columns {
  readonly count: Float64Array;
  readonly valid: Float64Array;
  readonly cost: Float64Array;
  readonly byCode: Readonly<Partial<Record<VerdictCode, Float64Array>>>;
  readonly meters: Readonly<Record<string, Float64Array>>;
  /** null when it was not asked for. */
  readonly latencyMs: readonly (Percentiles | null)[] | null;
}

/** Only the dimensions of `groupBy` are set; null in one of those: events without it. */
export interface UsageGroup {
  readonly keyId?: string | null;
  readonly userId?: string | null;
  readonly api?: string | null;
  readonly code?: VerdictCode;
  readonly tag?: string | null;
}

/** The field of a group that has the value of a dimension. */
export const usageGroupFields = {
  KEY: "keyId",
  USER: "userId",
  API: "api",
  CODE: "code",
  TAG: "tag",
} as const satisfies Record<UsageDimension, keyof UsageGroup>;

export interface Series {
  readonly group: UsageGroup;
  readonly totals: Metrics;
  /** null when `wants.points` is false. */
  readonly columns: Columns | null;
}

export interface UsageAnswer {
  /** The beginning of each bucket, epoch milliseconds; the first is `from`. */
  readonly starts: Float64Array;
  readonly series: readonly Series[];
  /** How many series there are, beyond `limit` too. */
  readonly totalSeries: number;
  /** Of all series, each event once. */
  readonly totals: Metrics;
  /** false: nothing was read, because the window is no longer kept; only where the question has `mayNotBeKept`. */
  readonly isKept?: boolean | undefined;
}

/** Which events of the call log. */
export interface EventFilter extends UsageFilter {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly ips?: readonly string[] | undefined;
  /** Visible starts of keys. */
  readonly starts?: readonly string[] | undefined;
  readonly sources?: readonly UsageSource[] | undefined;
}

/** A place in the call log, which is ordered by time and id, newest first. */
export interface EventPlace {
  readonly at: number;
  readonly id: string;
}

/** null as tenant: unknown keys that callers of the whole installation presented. */
export interface EventsQuestion {
  readonly tenantId: string | null;
  readonly filter: EventFilter;
  readonly after: EventPlace | null;
  readonly take: number;
  /** The other way round: then `after` is the newest that was seen. */
  readonly isOldestFirst?: boolean | undefined;
}

export const attemptDimensions = {
  CODE: { description: "By cause." },
  IP: { description: "By the address that presented the key." },
  START: { description: "By the visible start of the presented key." },
  API: { description: "By API." },
} as const;
export type AttemptDimension = keyof typeof attemptDimensions;

/** A question about refused verifications. */
export interface AttemptsQuestion {
  readonly tenantId: string | null;
  readonly from: number;
  readonly to: number;
  readonly bucket: UsageBucket;
  readonly timeZone: string;
  readonly groupBy: readonly AttemptDimension[];
  readonly filter: EventFilter;
  readonly limit: number;
}

export interface AttemptGroup {
  readonly code?: VerdictCode;
  readonly ip?: string | null;
  readonly start?: string | null;
  readonly api?: string | null;
}

/** The field of a group, and of an event, that has the value of a dimension. */
export const attemptGroupFields = {
  CODE: "code",
  IP: "ip",
  START: "start",
  API: "api",
} as const satisfies Record<AttemptDimension, keyof AttemptGroup>;

export interface AttemptSeries {
  readonly group: AttemptGroup;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** How many different keys are known to have been presented, and from how many addresses. */
  readonly keys: number;
  readonly addresses: number;
  readonly counts: Float64Array;
}

export interface AttemptsAnswer {
  readonly starts: Float64Array;
  readonly series: readonly AttemptSeries[];
  readonly totalSeries: number;
  readonly total: number;
}
