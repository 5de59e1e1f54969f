import { type KeyEventType, keyEventTypes } from "@keyplane/schema";
import { BadUserInputError } from "../platform/errors.js";

/** How long an answer may wait for a first event, in milliseconds: shorter than most proxies' patience. */
export const maxWaitMs = 25_000;

/** What `GET /v1/key-events` is asked. */
export interface KeyEventsQuestion {
  readonly after: string | undefined;
  readonly tenantId: string | undefined;
  readonly types: readonly KeyEventType[] | undefined;
  readonly waitMs: number;
}

const names: readonly (keyof KeyEventsQuestion)[] = ["after", "tenantId", "types", "waitMs"];

/** Reads the query of an address. @throws BadUserInputError naming the parameter that is wrong. */
export function readKeyEventsParameters(search: URLSearchParams): KeyEventsQuestion {
  for (const name of new Set(search.keys())) {
    // A misspelt filter must not be taken for none.
    if (!(names as readonly string[]).includes(name)) {
      throw new BadUserInputError(`${short(name)} is not a parameter of this address. It has: ${names.join(", ")}.`);
    }
    if (search.getAll(name).length > 1) throw new BadUserInputError(`${name}: Give it once.`);
  }
  const given = (name: keyof KeyEventsQuestion): string | undefined => search.get(name) ?? undefined;
  return {
    after: given("after"),
    tenantId: given("tenantId"),
    types: given("types")?.split(",").map(typeOf),
    waitMs: waitOf(given("waitMs") ?? "0"),
  };
}

function typeOf(text: string): KeyEventType {
  if (Object.hasOwn(keyEventTypes, text)) return text as KeyEventType;
  throw new BadUserInputError(
    `types: ${JSON.stringify(short(text))} is no type of event. Give some of these with commas between them, or leave it out for all: ${Object.keys(keyEventTypes).join(",")}.`,
  );
}

function waitOf(text: string): number {
  const ms = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (ms <= maxWaitMs) return ms;
  throw new BadUserInputError(`waitMs: Give 0 to ${maxWaitMs} milliseconds.`);
}

function short(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
