import { isStorableTime } from "./clock.js";

// RFC 3339 section 5.6: a full date, a full time and an offset. Date alone would accept "2026" and "1 May".
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt](?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** What a time must be, for the sentence that refuses one. */
export const dateTimeWords = "Give a time in RFC 3339 between the years 1 and 9999, such as 2027-01-31T12:00:00Z.";

/** A time as the API takes it; null when the value is none. */
export function dateTimeOf(value: unknown): Date | null {
  const date = typeof value === "string" && rfc3339.test(value) ? new Date(value) : null;
  // Date turns 30 February into 2 March; a date that does not exist is a mistake of the caller.
  return date && isStorableTime(date.getTime()) && isRealDay(value as string) ? date : null;
}

function isRealDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split("-").map(Number);
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
