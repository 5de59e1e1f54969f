/**
 * Reads the header `Retry-After` (RFC 9110, section 10.2.3): whole seconds, or a date.
 *
 * @param now epoch milliseconds, which a date counts from.
 * @returns milliseconds, never negative; undefined when there is no such header, or none that can be read.
 */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Without the letters, Date.parse would read a negative number as a year.
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
