import { GraphQLError, Kind, type ValueNode, valueFromASTUntyped } from "graphql";
import { builder } from "./builder.js";
import { parseDateTime } from "./date-time.js";

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
