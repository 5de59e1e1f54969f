import { maxLimit, type QuotaRefill, quotaRefills } from "@keyplane/schema";
import { z } from "zod";
import { isStorableTime } from "../../platform/clock.js";
import { idempotencyKeySchema, optional, reasonSchema } from "../../platform/validation.js";

/** How many rate limits one key, user, tenant or API can have. */
export const maxRateLimits = 10;
/** How long a rate limit's window can be, in milliseconds: what is to be counted for longer is a quota. */
export const minWindowMs = 1_000;
export const maxWindowMs = 24 * 60 * 60_000;

const amount = (what: string, min: number) =>
  z
    .int(`Give ${what} as a whole number from ${min} to ${maxLimit}.`)
    .min(min, `Give ${what} as a whole number from ${min} to ${maxLimit}.`)
    .max(maxLimit, `Give ${what} as a whole number from ${min} to ${maxLimit}.`);

const rateLimitSchema = z
  .object({
    name: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$/,
        'Name the limit with 1 to 40 letters, digits, "_", "." or "-", e.g. "per-minute".',
      ),
    limit: amount("limit", 1),
    windowMs: z
      .int("Give windowMs in whole milliseconds.")
      .min(minWindowMs, `Give windowMs of at least ${minWindowMs}: a second.`)
      .max(maxWindowMs, `Give windowMs of at most ${maxWindowMs}: a day. For longer, set a quota.`),
    burst: amount("burst", 1)
      .nullish()
      .transform((burst) => burst ?? null),
    unit: z
      .enum(["REQUESTS", "COST"])
      .nullish()
      .transform((unit) => unit ?? "REQUESTS"),
  })
  .refine(({ burst, limit }) => burst === null || burst <= limit, {
    path: ["burst"],
    message: "Give a burst that is not above limit: it is how much of the limit may be used at once.",
  });

export const setRateLimitsSchema = z.object({
  targetId: z.string(),
  rateLimits: z
    .array(rateLimitSchema)
    .max(maxRateLimits, `Give at most ${maxRateLimits} rate limits.`)
    .refine(
      (rules) => new Set(rules.map(({ name }) => name)).size === rules.length,
      "Give each rate limit another name.",
    ),
});

/** Monday and the beginning of a year: the usual anchor, from which hours, days, weeks, months and years begin as in the calendar. */
export const usualAnchor = "2001-01-01T00:00:00";

export const setQuotaSchema = z.object({
  targetId: z.string(),
  limit: amount("limit", 0),
  refill: optional(z.enum(Object.keys(quotaRefills) as QuotaRefill[])),
  anchor: optional(z.date().refine((at) => isStorableTime(at.getTime()), "Give an anchor in the years 1 to 9999.")),
  timeZone: optional(
    z
      .string()
      .max(64, "Shorten timeZone to an IANA name.")
      .refine(isTimeZone, 'Give the IANA name of a time zone, e.g. "Europe/Berlin" or "UTC".'),
  ),
  reason: optional(reasonSchema),
});

export type SetQuotaInput = z.output<typeof setQuotaSchema>;

export const topUpQuotaSchema = z.object({
  targetId: z.string(),
  amount: amount("amount", 1),
  reason: optional(reasonSchema),
  idempotencyKey: optional(idempotencyKeySchema),
});

/** resetQuota and removeQuota. */
export const quotaTargetSchema = z.object({ targetId: z.string(), reason: optional(reasonSchema) });

function isTimeZone(timeZone: string): boolean {
  try {
    // Offsets such as +01:00 pass in some versions of Node only, and they do not know summer time.
    return !/^[+-]/.test(timeZone) && Boolean(new Intl.DateTimeFormat("en", { timeZone }));
  } catch {
    return false;
  }
}
