/** Where the server takes the time from. Tests pass one that they move by hand. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

const firstStorable = Date.parse("0001-01-01T00:00:00Z");
const lastStorable = Date.parse("9999-12-31T23:59:59.999Z");

/** Whether the database can keep a time, in epoch milliseconds; what Date allows beyond it has no RFC 3339 text either. */
export function isStorableTime(ms: number): boolean {
  return ms >= firstStorable && ms <= lastStorable;
}
