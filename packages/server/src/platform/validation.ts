import { isCidrOrAddress } from "@keyplane/schema";
import { z } from "zod";
import { BadUserInputError, type InputIssue, InvalidInputError } from "./errors.js";

/** Checks the input of a mutation. @throws InvalidInputError naming every problem at once. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (!result.success) throw new InvalidInputError(issuesOf(result.error));
  return result.data;
}

/** Checks the arguments of a query. @throws BadUserInputError, because a query has no result union to answer with. */
export function parseArguments<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (!result.success) throw new BadUserInputError(new InvalidInputError(issuesOf(result.error)).message);
  return result.data;
}

function issuesOf(error: z.ZodError): InputIssue[] {
  return error.issues.map((issue) => ({ path: issue.path.map(String), message: issue.message }));
}

/** An optional field of a GraphQL input: absent and null both mean "not given". */
export function optional<Schema extends z.ZodType>(
  schema: Schema,
): z.ZodPipe<z.ZodOptional<z.ZodNullable<Schema>>, z.ZodTransform<z.output<Schema> | undefined>> {
  return schema
    .nullable()
    .optional()
    .transform((value) => value ?? undefined) as never;
}

/** A choice of a GraphQL input: absent and null both mean what is usual. */
export function flag(usual: boolean): z.ZodType<boolean> {
  return optional(z.boolean()).transform((given) => given ?? usual);
}

// Control characters, halves of a character, line and paragraph separators, and the marks that let a text show as another.
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
/** Something that a reader sees: not only spaces, joiners and the like. */
const visible = /[^\p{C}\p{Z}\p{M}]/u;

/**
 * Text that a person wrote: trimmed, visible, on one line. Its letters are composed (Unicode NFC), so that a search finds
 * what looks the same. Its length counts characters, of which an emoji is one.
 */
export function text(label: string, max: number): z.ZodType<string, string> {
  return checkedText(z.string().trim().normalize(), label, max);
}

/** Text that means something to another system: as `text`, but kept as it is written there. */
export function foreignText(label: string, max: number): z.ZodType<string, string> {
  return checkedText(z.string().trim(), label, max);
}

/** What a person wrote about a thing, in at most 500 characters on one line; may be empty. */
export const descriptionText: z.ZodType<string, string> = z
  .string()
  .trim()
  .normalize()
  .refine((value) => !isLonger(value, 500), "Shorten the description to at most 500 characters.")
  .refine((value) => !unprintable.test(value), "Remove line breaks and control characters from the description.");

function checkedText(schema: z.ZodString, label: string, max: number): z.ZodType<string, string> {
  return schema
    .refine((value) => visible.test(value), `Give the ${label}; it cannot be empty.`)
    .refine((value) => !isLonger(value, max), `Shorten the ${label} to at most ${max} characters.`)
    .refine((value) => !unprintable.test(value), `Remove line breaks and control characters from the ${label}.`);
}

function isLonger(value: string, max: number): boolean {
  return value.length > max && (value.length > 2 * max || [...value].length > max);
}

/** An id in a filter. One of a wrong form finds nothing, just like one that does not exist. */
export const idSchema: z.ZodType<string, string> = z.string().transform((id) => (/^\w{1,64}$/.test(id) ? id : "none"));

/** Text to look for in a list. Escaped for LIKE, because Prisma's `contains` would take % and _ for any text. */
export const searchSchema: z.ZodType<string, string> = text("text to search for", 100).transform((search) =>
  search.replace(/[\\%_]/g, "\\$&"),
);

/** Why somebody did something. Kept in history and shown to operators. */
export const reasonSchema: z.ZodType<string, string> = text("reason", 500);

/** The caller's own name for one attempt; a retry repeats it. */
export const idempotencyKeySchema: z.ZodType<string, string> = z
  .string()
  .min(1, "Leave idempotencyKey out or give it 1 to 128 characters, e.g. a UUID.")
  .max(128, "Shorten idempotencyKey to at most 128 characters, e.g. a UUID.")
  .regex(/^[\x21-\x7e]*$/, "Use printable ASCII without spaces in idempotencyKey, e.g. a UUID.");

const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]*$/;
const maxScopes = 100;
const maxScopeLength = 128;

/** Scopes in the alphabet of RFC 6749 section 3.3, without doubles. */
export const scopesSchema: z.ZodType<string[], string[]> = z
  .array(
    z
      .string()
      .min(1, "Remove the empty scope.")
      .max(maxScopeLength, `Shorten this scope to at most ${maxScopeLength} characters.`)
      .regex(scopeToken, 'Use printable ASCII without spaces, quotes or backslashes, e.g. "orders:read".'),
  )
  .max(maxScopes, `Give at most ${maxScopes} scopes.`)
  .transform((scopes) => [...new Set(scopes)]);

/** Whether `scopesSchema` accepts a list: what it says itself, without the time that it takes to say why not. */
export function areScopes(scopes: readonly string[]): boolean {
  return (
    scopes.length <= maxScopes &&
    scopes.every((scope) => scope !== "" && scope.length <= maxScopeLength && scopeToken.test(scope))
  );
}

/** An allow or deny list of addresses. */
export const addressesSchema: z.ZodType<string[], string[]> = z
  .array(
    z
      .string()
      .refine(isCidrOrAddress, "Give an address or a range in CIDR notation, e.g. 203.0.113.0/24 or 2001:db8::/32."),
  )
  .max(100, "Give at most 100 addresses or ranges; a larger CIDR range covers many.");
