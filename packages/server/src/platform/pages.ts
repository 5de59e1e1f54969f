import { z } from "zod";
import { isStorableTime } from "./clock.js";
import { BadUserInputError } from "./errors.js";

export const maxPageSize = 100;
export const defaultPageSize = 20;

/** What a caller asks of a list. */
export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** A place in a list: the value that the list is ordered by, and the id that makes the order total. */
export interface Place {
  readonly value: string | Date | null;
  readonly id: string;
}

export type Direction = "asc" | "desc";

/** One way to order a list. Entries without a value come last in both directions. */
export interface ListOrder<Field extends string> {
  readonly field: Field;
  readonly direction: Direction;
  readonly description: string;
}

/** The ordering of a list, made total by the id. */
export function orderBy(field: string, direction: Direction, nullable = false): Record<string, unknown>[] {
  return [{ [field]: nullable ? { sort: direction, nulls: "last" } : direction }, { id: direction }];
}

/** The condition for everything after a place. By values, not by counting, so that new entries shift nothing. */
export function afterPlace(
  field: string,
  direction: Direction,
  place: Place | null,
  nullable = false,
): Record<string, unknown> {
  if (!place) return {};
  const beyond = direction === "asc" ? "gt" : "lt";
  const sameValue = { [field]: place.value, id: { [beyond]: place.id } };
  if (place.value === null) return sameValue;
  const later = [{ [field]: { [beyond]: place.value } }, sameValue];
  return { OR: nullable ? [...later, { [field]: null }] : later };
}

/** One page of a list, in the shape of a Relay connection. */
export interface Page<Node> {
  readonly edges: { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  /** Counted only when the field is asked for. */
  readonly totalCount: () => Promise<number>;
}

/**
 * Checks `first` (1 to 100, default 20) and `after`.
 *
 * @param order the list and its order, e.g. `users.NAME_ASC`; a cursor of another list or order is refused, because it would
 * skip entries silently.
 * @param field the field that the order goes by; a time is called `at`, or ends in `At`.
 * @param nullable whether entries may lack that field.
 * @throws BadUserInputError
 */
export function parsePage(
  page: PageArguments,
  order: string,
  field: string,
  nullable = false,
): { size: number; after: Place | null } {
  const size = parsePageSize(page);
  return { size, after: page.after == null ? null : decodeCursor(page.after, order, field, nullable) };
}

/** Checks `first`: 1 to 100, default 20. @throws BadUserInputError */
export function parsePageSize({ first }: PageArguments): number {
  const size = first ?? defaultPageSize;
  if (size < 1 || size > maxPageSize) {
    throw new BadUserInputError(`first: Ask for 1 to ${maxPageSize} entries and follow pageInfo.endCursor for more.`);
  }
  return size;
}

/**
 * Makes a page of `rows`, of which one more than the page's size was read in order to know whether there is a next one.
 *
 * @param placeOf the place of a row in the list's order.
 */
export function pageOf<Row>(options: {
  rows: readonly Row[];
  size: number;
  order: string;
  after: Place | null;
  placeOf: (row: Row) => Place;
  totalCount: () => Promise<number>;
}): Page<Row> {
  const edges = options.rows.slice(0, options.size).map((node) => ({
    cursor: encodeCursor(options.order, options.placeOf(node)),
    node,
  }));
  return {
    edges,
    pageInfo: {
      hasNextPage: options.rows.length > options.size,
      hasPreviousPage: options.after !== null,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: options.totalCount,
  };
}

/**
 * A page of a list that has one order: by when its entries were created.
 *
 * @param list.order the name of the list and its order, for cursors.
 * @param list.read reads entries after a place, in the list's order, at most `take`.
 * @throws BadUserInputError
 */
export async function pageByCreation<Row extends { readonly id: string; readonly createdAt: Date }>(
  page: PageArguments,
  list: {
    readonly order: string;
    readonly read: (after: Place | null, take: number) => Promise<readonly Row[]>;
    readonly totalCount: () => Promise<number>;
  },
): Promise<Page<Row>> {
  const { order, read, totalCount } = list;
  const { size, after } = parsePage(page, order, "createdAt");
  const rows = await read(after, size + 1);
  return pageOf({ rows, size, after, order, placeOf: ({ createdAt, id }) => ({ value: createdAt, id }), totalCount });
}

// A time travels as a number, because JSON has no type for it.
const timeSchema = z.number().int().refine(isStorableTime);
const textSchema = z
  .string()
  .max(1_000)
  .regex(/^[^\0]*$/);
// An id of ours, or one that a sender of usage has chosen.
const idSchema = z.string().regex(/^[\x21-\x7e]{1,160}$/);

function encodeCursor(order: string, place: Place): string {
  const value = place.value instanceof Date ? place.value.getTime() : place.value;
  return Buffer.from(JSON.stringify([order, value, place.id])).toString("base64url");
}

function decodeCursor(cursor: string, order: string, field: string, nullable: boolean): Place {
  const value = /(?:^a|A)t$/.test(field) ? timeSchema : textSchema;
  const place = z.tuple([z.literal(order), nullable ? value.nullable() : value, idSchema]);
  const parsed = place.safeParse(parseJson(Buffer.from(cursor.slice(0, 4_096), "base64url").toString()));
  if (!parsed.success) {
    throw new BadUserInputError(
      "after: Pass a cursor as this list gave it, with the same orderBy. To start again, leave it out.",
    );
  }
  const [, at, id] = parsed.data;
  return { value: typeof at === "number" ? new Date(at) : at, id };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // the caller words the refusal
  }
}
