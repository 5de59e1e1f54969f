import { GraphQLError } from "graphql";
import { dateTimeOf, dateTimeWords } from "../platform/date-time.js";

/** A time as the API takes it. @throws GraphQLError saying what it must be. */
export function parseDateTime(value: unknown): Date {
  const date = dateTimeOf(value);
  if (!date) throw new GraphQLError(dateTimeWords);
  return date;
}
