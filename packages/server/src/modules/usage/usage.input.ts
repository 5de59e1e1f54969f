import { isIP } from "node:net";
import {
  apiLabelPattern,
  apiLabelWords,
  canonicalAddress,
  keyPattern,
  type VerdictCode,
  verdictCodes,
} from "@keyplane/schema";
import { z } from "zod";
import { idSchema } from "../../platform/validation.js";
import {
  type AttemptDimension,
  attemptDimensions,
  type UsageBucket,
  type UsageDimension,
  type UsageOrder,
  usageBuckets,
  usageDimensions,
  usageOrders,
} from "./reports/questions.js";
import type { UsageSource } from "./usage-event.js";

/** What one call of usage may carry. */
export const usageLimits = {
  tags: 20,
  tagCharacters: 64,
  meters: 10,
  meterValue: 1_000_000_000_000,
  cost: 1_000_000,
  apiCharacters: 64,
  userAgentCharacters: 256,
  eventIdCharacters: 64,
  eventsPerReport: 10_000,
  seriesPerAnswer: 1_000,
  listInFilter: 1_000,
} as const;

const namesOf = <Name extends string>(table: Readonly<Record<Name, unknown>>): [Name, ...Name[]] =>
  Object.keys(table) as [Name, ...Name[]];

const wholeKey = new RegExp(keyPattern);
const wholeKeys = new RegExp(keyPattern, "g");

/** Usage is read by many and kept for long: nothing in it may open a door. */
export const holdsNoKey = (text: string): boolean => !wholeKey.test(text);
const keyWords = "This holds a whole API key. Leave it out; a key's visible start goes into `start`.";

/** For text that others have written and that is cut rather than refused. */
const withoutKeys = (text: string): string => text.replace(wholeKeys, "[a key]");

/** The id that a sender gives to an event. */
export const eventIdSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,64}$/, "Give each event an id of 1 to 64 printable ASCII characters, e.g. a UUID.")
  .refine(holdsNoKey, keyWords);

export const ipSchema = z.string().max(64, "Give one address, e.g. 203.0.113.7.").refine(holdsNoKey, keyWords);

/**
 * What is kept of the address of a call: its one spelling, so that it is found by every other; nothing of a text that is none. It may
 * come from a header that strangers write; the call counts all the same.
 */
export function addressOf(text: string | null | undefined): string | undefined {
  if (text == null) return undefined;
  const family = isIP(text);
  // Of IPv4 there is only one, and this is on the way of every verification.
  if (family !== 6) return family === 4 ? text : undefined;
  return canonicalAddress(text) ?? text;
}

export const apiSchema = z
  .string()
  .regex(apiLabelPattern, `Name an API with ${apiLabelWords}.`)
  .refine(holdsNoKey, keyWords);

const tagSchema = z
  .string()
  .min(1, "Remove the empty tag.")
  .max(usageLimits.tagCharacters, `Shorten this tag to at most ${usageLimits.tagCharacters} characters.`)
  .regex(/^\P{Cc}*$/u, "Remove line breaks and control characters from this tag.")
  .refine(holdsNoKey, keyWords);

export const tagsSchema = z.array(tagSchema).max(usageLimits.tags, `Give at most ${usageLimits.tags} tags.`);

const meterSchema = z.object({
  name: z
    .string()
    .regex(
      /^[a-z][a-z0-9_]{0,31}$/,
      "Name a meter with a lower-case letter and up to 31 of a-z, 0-9 and _, e.g. tokens.",
    )
    .refine((name) => !(name in Object.prototype), "Choose another name: this one has a meaning in JavaScript."),
  value: z
    .number()
    .int("Give a whole number; money in its smallest unit.")
    .min(0, "Give a value of at least 0.")
    .max(usageLimits.meterValue, `Give a value of at most ${usageLimits.meterValue}.`),
});

export const metersSchema = z
  .array(meterSchema)
  .max(usageLimits.meters, `Give at most ${usageLimits.meters} meters.`)
  .refine((meters) => new Set(meters.map(({ name }) => name)).size === meters.length, "Name each meter once.");

export const costSchema = z
  .number()
  .int()
  .min(0, "Give a cost of at least 0.")
  .max(usageLimits.cost, `Give a cost of at most ${usageLimits.cost}.`);

/** Cut and not refused: it is the caller's caller who writes it. */
export const userAgentSchema = z.string().transform(userAgentOf);

/** What is kept of the name of a program. */
export function userAgentOf(text: string): string {
  return withoutKeys(text).slice(0, usageLimits.userAgentCharacters);
}

/** What `UsageEvent` wants of tags: sorted, each once, absent when there are none. */
export function tagsOf(tags: readonly string[] | null | undefined): readonly string[] | undefined {
  return tags && tags.length > 0 ? [...new Set(tags)].sort() : undefined;
}

/** What `UsageEvent` wants of meters. */
export function metersOf(
  meters: readonly { readonly name: string; readonly value: number }[] | null | undefined,
): Readonly<Record<string, number>> | undefined {
  if (!meters || meters.length === 0) return undefined;
  return Object.fromEntries(meters.map(({ name, value }) => [name, value]));
}

const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .max(usageLimits.listInFilter, `Give at most ${usageLimits.listInFilter} values, or ask several times.`)
    .nullish()
    .transform((list) => list ?? undefined);

const codeSchema = z.enum(namesOf<VerdictCode>(verdictCodes));

const usageFilterShape = {
  keyIds: listOf(idSchema),
  userIds: listOf(idSchema),
  apis: listOf(z.string().max(usageLimits.apiCharacters)),
  codes: listOf(codeSchema),
  tags: listOf(z.string().max(usageLimits.tagCharacters)),
  valid: z
    .boolean()
    .nullish()
    .transform((valid) => valid ?? undefined),
};

const epochMs = z.date("Give a time, e.g. 2026-11-22T12:00:00Z.").transform((time) => time.getTime());
const optionalTime = epochMs.nullish().transform((time) => time ?? undefined);

/** The filter of the call log and of refused attempts. */
export const eventFilterSchema = z.object({
  ...usageFilterShape,
  from: optionalTime,
  to: optionalTime,
  ips: listOf(z.string().max(64)),
  starts: listOf(z.string().max(64)),
  sources: listOf(z.enum(["SERVER", "SDK"] satisfies UsageSource[])),
});

const limitSchema = z
  .number()
  .int()
  .min(1, "Ask for at least 1 series.")
  .max(
    usageLimits.seriesPerAnswer,
    `Ask for at most ${usageLimits.seriesPerAnswer} series; narrow the filter for others.`,
  )
  .nullish()
  .transform((limit) => limit ?? 100);

/** In GraphQL the type says so; an export's parameters may lack it. */
const tenantIdSchema = z.string("Give the id of a tenant.").pipe(idSchema);

const windowShape = {
  tenantId: tenantIdSchema,
  from: epochMs,
  to: epochMs,
  bucket: z
    .enum(namesOf<UsageBucket>(usageBuckets))
    .nullish()
    .transform((bucket) => bucket ?? "HOUR"),
  timeZone: z
    .string()
    .max(64)
    .nullish()
    .transform((zone) => zone ?? "UTC"),
  limit: limitSchema,
};

const isForward = ({ from, to }: { from: number; to: number }): boolean => from < to;
const forwardWords = { path: ["to"], message: "Give a `to` after `from`: the window is [from, to)." };

export const usageInputSchema = z
  .object({
    ...windowShape,
    groupBy: z
      .array(z.enum(namesOf<UsageDimension>(usageDimensions)))
      .nullish()
      .transform((groupBy) => [...new Set(groupBy ?? [])]),
    filter: z.object(usageFilterShape).nullish(),
    orderBy: z
      .enum(namesOf<UsageOrder>(usageOrders))
      .nullish()
      .transform((order) => order ?? "COUNT_DESC"),
  })
  .refine(isForward, forwardWords);

export const attemptsInputSchema = z
  .object({
    ...windowShape,
    tenantId: idSchema.nullish(),
    groupBy: z
      .array(z.enum(namesOf<AttemptDimension>(attemptDimensions)))
      .nullish()
      .transform((groupBy) => [...new Set(groupBy ?? ["CODE" as const])]),
    filter: eventFilterSchema.omit({ from: true, to: true, valid: true }).nullish(),
  })
  .refine(isForward, forwardWords);
