import { GraphQLError, Kind, type ValueNode, valueFromASTUntyped } from "graphql";
import { isStorableTime } from "../platform/clock.js";
import { builder } from "./builder.js";

// RFC 3339 section 5.6: a full date, a full time and an offset. Date alone would accept "2026" and "1 May".
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt](?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

function parseDateTime(value: unknown): Date {
  const date = typeof value === "string" && rfc3339.test(value) ? new Date(value) : null;
  // Date turns 30 February into 2 March; a date that does not exist is a mistake of the caller.
  if (!date || !isStorableTime(date.getTime()) || !isRealDay(value as string)) {
    throw new GraphQLError("Give a time in RFC 3339 between the years 1 and 9999, such as 2027-01-31T12:00:00Z.");
  }
  return date;
}

function isRealDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split("-").map(Number);
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

builder.scalarType("DateTime", {
  description: "A time in RFC 3339, such as `2027-01-31T12:00:00.000Z`. Answers are in UTC with milliseconds.",
  serialize: (value) => value.toISOString() as never,
  parseValue: parseDateTime,
  parseLiteral: (node: ValueNode) => parseDateTime(node.kind === Kind.STRING ? node.value : null),
});

builder.scalarType("JSON", {
  description: "Any JSON value.",
  serialize: (value) => value,
  parseValue: (value) => value,
  // As graphql-js would do it by itself, but with one declared parameter: graphql-jit complains of two on every use.
  parseLiteral: (node: ValueNode, ...[variables]) => valueFromASTUntyped(node, variables),
});

function parseMilliseconds(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new GraphQLError("Give whole milliseconds, such as 86400000 for a day.");
}

builder.scalarType("Milliseconds", {
  description: "A duration in whole milliseconds; larger than what Int can hold. A day is 86400000.",
  serialize: Number,
  parseValue: parseMilliseconds,
  parseLiteral: (node: ValueNode) => parseMilliseconds(node.kind === Kind.INT ? Number(node.value) : null),
});
