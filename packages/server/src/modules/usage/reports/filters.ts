import { canonicalAddress } from "@keyplane/schema";
import type { EventFilter, UsageFilter } from "./questions.js";

/** A condition of MongoDB's, on fields that rows and events have both unless said otherwise. */
export type Condition = Readonly<Record<string, unknown>>;

/**
 * The events or rows of one tenant and of no other. Every read begins with it.
 *
 * @param tenantId null: only events without a tenant.
 */
export function ofTenant(tenantId: string | null): Condition {
  // null matches an absent field, too. $eq, so that nothing but a value can be meant.
  return { tenantId: { $eq: tenantId } };
}

/** A filter as a condition. All lists are alternatives, and an empty one matches nothing. */
export function matching(filter: UsageFilter): Condition {
  return {
    ...among("keyId", filter.keyIds),
    ...among("userId", filter.userIds),
    ...(filter.within && { $or: [among("userId", [filter.within.userId]), among("keyId", filter.within.keyIds)] }),
    ...among("api", filter.apis),
    ...among("tags", filter.tags),
    ...ofCodes(filter),
  };
}

/** As `matching`, on fields that only events have, too. The window is left to the caller. */
export function matchingEvents(filter: EventFilter): Condition {
  return {
    ...matching(filter),
    ...among("ip", filter.ips && spellingsOf(filter.ips)),
    ...among("start", filter.starts),
    ...among("source", filter.sources),
  };
}

/** Addresses as they are kept, and as they were given: calls of before are kept as they were written. */
function spellingsOf(ips: readonly string[]): readonly string[] {
  return [...new Set(ips.flatMap((ip) => [canonicalAddress(ip) ?? ip, ip]))];
}

function among(field: string, values: readonly string[] | undefined): Condition {
  if (values === undefined) return {};
  // One value by itself: an order by time can then be read from an index.
  return { [field]: values.length === 1 ? { $eq: values[0] } : { $in: [...values] } };
}

function ofCodes({ codes, valid }: UsageFilter): Condition {
  if (codes === undefined) {
    if (valid === undefined) return {};
    return { code: valid ? { $eq: "VALID" } : { $ne: "VALID" } };
  }
  return among("code", valid === undefined ? codes : codes.filter((code) => (code === "VALID") === valid));
}
