import { dateTimeOf, dateTimeWords } from "../../../platform/date-time.js";
import { BadUserInputError } from "../../../platform/errors.js";

type Kind = "text" | "list" | "time" | "whole number" | "truth";

/** The query parameters of an export: the names are those of GraphQL's inputs. */
export const exportParameters = {
  usage: {
    tenantId: "text",
    from: "time",
    to: "time",
    bucket: "text",
    timeZone: "text",
    groupBy: "list",
    limit: "whole number",
    orderBy: "text",
    keyIds: "list",
    userIds: "list",
    apis: "list",
    codes: "list",
    tags: "list",
    valid: "truth",
    compare: "truth",
  },
  events: {
    tenantId: "text",
    from: "time",
    to: "time",
    keyIds: "list",
    userIds: "list",
    apis: "list",
    codes: "list",
    tags: "list",
    valid: "truth",
    ips: "list",
    starts: "list",
    sources: "list",
  },
  attempts: {
    tenantId: "text",
    from: "time",
    to: "time",
    bucket: "text",
    timeZone: "text",
    groupBy: "list",
    limit: "whole number",
    keyIds: "list",
    userIds: "list",
    apis: "list",
    codes: "list",
    tags: "list",
    ips: "list",
    starts: "list",
    sources: "list",
  },
  keys: {
    tenantId: "text",
    ownerId: "text",
    teamId: "text",
    status: "text",
    environment: "text",
    scope: "text",
    expiringBefore: "time",
    unusedSince: "time",
    search: "text",
    deleted: "truth",
    orderBy: "text",
  },
} as const satisfies Record<string, Readonly<Record<string, Kind>>>;

/**
 * Reads the parameters of an address. A list is a parameter given several times.
 *
 * @throws BadUserInputError naming a parameter that is unknown, or whose value is not of its kind.
 */
export function readParameters(
  search: URLSearchParams,
  kinds: Readonly<Record<string, Kind>>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of new Set(search.keys())) {
    if (name === "format") continue;
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (!kind)
      throw new BadUserInputError(
        `${name} is not a parameter of this export. It has: format, ${Object.keys(kinds).join(", ")}.`,
      );
    const given = search.getAll(name);
    if (kind !== "list" && given.length > 1) throw new BadUserInputError(`${name}: Give it once.`);
    values[name] = kind === "list" ? given : readValue(name, given[0] ?? "", kind);
  }
  return values;
}

function readValue(name: string, text: string, kind: Exclude<Kind, "list">): unknown {
  switch (kind) {
    case "text":
      return text;
    case "time": {
      const time = dateTimeOf(text);
      if (!time) throw new BadUserInputError(`${name}: ${dateTimeWords}`);
      return time;
    }
    case "whole number":
      if (!/^\d{1,9}$/.test(text)) throw new BadUserInputError(`${name}: Give a whole number.`);
      return Number(text);
    case "truth":
      if (text !== "true" && text !== "false") throw new BadUserInputError(`${name}: Give true or false.`);
      return text === "true";
  }
}
