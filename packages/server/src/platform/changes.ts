import { isDeepStrictEqual } from "node:util";

/**
 * Whether a write of these columns would leave the row other than it is. Values are compared as they are kept: dates and lists
 * by what they hold, JSON objects whatever the order of their fields.
 */
export function changes<Row extends object>(row: Row, columns: Partial<Row>): boolean {
  // What GraphQL makes of a literal has no prototype; the clone has an ordinary one, as what the database answers.
  return Object.entries(structuredClone(columns)).some(
    ([name, value]) => !isDeepStrictEqual(value, row[name as keyof Row]),
  );
}
