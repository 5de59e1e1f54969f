import { typedDuration } from "../options.js";

/**
 * What would move the cursor, set colours, end the line or turn the direction of writing: names and reasons are other people's
 * text, and a terminal obeys what it is sent.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The text as one line that a terminal can be given. */
export function safe(text: string): string {
  return text.replaceAll(unsafe, "·");
}

/** Any value of an answer, for people. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return isTime(value) ? shortTime(value) : safe(value);
  if (typeof value === "number") return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(shown).join(", ");
  return safe(JSON.stringify(value));
}

/** The value of a field, for people: milliseconds, which its name tells, as durations are typed. */
export function shownField(name: string, value: unknown): string {
  return name.endsWith("Ms") && typeof value === "number" ? typedDuration(value) : shown(value);
}

function isTime(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/.test(text);
}

/** To the second and in UTC, as the logs have it. */
function shortTime(text: string): string {
  return `${text.slice(0, 10)} ${text.slice(11, 19)}Z`;
}
