import type { VerifyKeyInput } from "../modules/keys/index.js";

interface Field {
  readonly accepts: (value: unknown) => boolean;
  /** What the field takes, to be read after "must be". */
  readonly wants: string;
}

const text: Field = { accepts: (value) => value === null || typeof value === "string", wants: "a string" };
const texts: Field = { accepts: (value) => value === null || isStrings(value), wants: "a list of strings" };

/**
 * The types of `VerifyKeyInput`, for requests that do not pass through GraphQL. Values that GraphQL would have to coerce, such as
 * one string for a list, are not accepted; bounds are the service's. Add a field here, and in `verify.graphql.ts`.
 */
const fields: Record<keyof VerifyKeyInput, Field> = {
  key: { accepts: (value) => typeof value === "string", wants: "a string" },
  scopes: texts,
  environment: {
    accepts: (value) => value === null || value === "LIVE" || value === "TEST",
    wants: '"LIVE" or "TEST"',
  },
  ip: text,
  cost: {
    // 32 bits, as GraphQL's Int.
    accepts: (value) => value === null || (typeof value === "number" && (value | 0) === value),
    wants: "a whole number",
  },
  tags: texts,
  api: text,
  meters: {
    accepts: (value) => value === null || (Array.isArray(value) && value.every(isMeter)),
    wants: 'a list of {"name": string, "value": number}',
  },
  userAgent: text,
};

/** What is wrong with a value that should be a `VerifyKeyInput`, as a sentence that says what to do; null: nothing. */
export function problemOfVerifyKeyInput(value: unknown): string | null {
  if (!isObject(value)) return "The input must be a JSON object with the field key.";
  if (value.key === undefined) return "The field key is missing: give the whole key as it was presented.";
  for (const name in value) {
    if (!Object.hasOwn(fields, name)) return unknownField(name);
    const { accepts, wants } = fields[name as keyof VerifyKeyInput];
    if (!accepts(value[name])) return `The field ${name} must be ${wants}. Correct it.`;
  }
  return null;
}

export function isVerifyKeyInput(value: unknown): value is VerifyKeyInput {
  return problemOfVerifyKeyInput(value) === null;
}

function unknownField(name: string): string {
  // Shortened and quoted: it may be anything.
  const shown = JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
  return `There is no field ${shown}. Leave it out; there are ${Object.keys(fields).join(", ")}.`;
}

function isMeter(item: unknown): boolean {
  return (
    isObject(item) && typeof item.name === "string" && typeof item.value === "number" && Object.keys(item).length === 2
  );
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
