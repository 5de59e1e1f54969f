import type { EventDocument, UsageCollections } from "../storage/documents.js";
import { type Condition, matchingEvents, ofTenant } from "./filters.js";
import { reportLimits } from "./limits.js";
import type { EventFilter, EventPlace, EventsQuestion } from "./questions.js";
import { asRefusal } from "./reading.js";
import type { ReportOptions } from "./report.js";
import { checkEventsKept } from "./window-plan.js";

/** What is kept depends on the time. */
type KeptAt = Pick<ReportOptions, "now" | "retention">;

/**
 * A page of the call log, newest first, by time and then by id; or oldest first, which the same indexes give, read backwards.
 *
 * @throws BadUserInputError when MongoDB takes longer than `reportLimits.readMs`, e.g. for a filter that matches nearly nothing; and for a
 * window before the oldest event that is kept.
 */
export async function findEvents(
  collections: UsageCollections,
  question: EventsQuestion,
  { now, retention }: KeptAt,
): Promise<EventDocument[]> {
  const { tenantId, filter, after, take, isOldestFirst = false } = question;
  const direction = isOldestFirst ? 1 : -1;
  checkEventsKept(filter, retention, now);
  // MongoDB takes a limit of 0 for none.
  if (take < 1) return [];
  try {
    return await collections.events
      .find(
        { ...ofTenant(tenantId), ...matchingEvents(filter), ...between(filter, after, isOldestFirst) },
        { sort: { at: direction, _id: direction }, limit: take, maxTimeMS: reportLimits.readMs },
      )
      .toArray();
  } catch (error) {
    throw asRefusal(error, reportLimits.readMs);
  }
}

/** Within the filter's window and after a place. The bound on `at` alone lets MongoDB begin there in its index. */
function between({ from, to }: EventFilter, after: EventPlace | null, isOldestFirst = false): Condition {
  const beyond = isOldestFirst ? "$gt" : "$lt";
  const lowest = Math.max(from ?? -Infinity, isOldestFirst ? (after?.at ?? -Infinity) : -Infinity);
  const at = {
    ...(lowest === -Infinity ? {} : { $gte: new Date(lowest) }),
    ...(to === undefined ? {} : { $lt: new Date(to) }),
    ...(after === null || isOldestFirst ? {} : { $lte: new Date(after.at) }),
  };
  return {
    ...(Object.keys(at).length === 0 ? {} : { at }),
    ...(after === null ? {} : { $or: [{ at: { [beyond]: new Date(after.at) } }, { _id: { [beyond]: after.id } }] }),
  };
}

/**
 * How many events a question finds, whatever `after` and `take` say.
 *
 * @throws as `findEvents`.
 */
export async function countEvents(
  { events }: UsageCollections,
  { tenantId, filter }: EventsQuestion,
  { now, retention }: KeptAt,
): Promise<number> {
  checkEventsKept(filter, retention, now);
  const condition = { ...ofTenant(tenantId), ...matchingEvents(filter), ...between(filter, null) };
  try {
    return await events.countDocuments(condition, { maxTimeMS: reportLimits.readMs });
  } catch (error) {
    throw asRefusal(error, reportLimits.readMs);
  }
}
