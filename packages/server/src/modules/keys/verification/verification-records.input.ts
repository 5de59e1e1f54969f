import { z } from "zod";
import { BadUserInputError } from "../../../platform/errors.js";
import { idSchema, optional, parseArguments } from "../../../platform/validation.js";

/** How many keys one question may name. */
export const maxNamedKeys = 500;

const hashSchema = z
  .string("Give the SHA-256 of a key as 64 lower-case hexadecimal digits.")
  .regex(/^[0-9a-f]{64}$/, "Give the SHA-256 of a key as 64 lower-case hexadecimal digits.");

const fields = {
  hashes: optional(named(hashSchema, "hashes")),
  keyIds: optional(named(idSchema, "keyIds")),
  tenantId: optional(idSchema),
};

const schema = z.object(fields);

/** Whose records to answer: exactly one of the three, or all that the caller may see. */
export type RecordsQuestion = z.output<typeof schema>;

/** @throws BadUserInputError naming what is wrong. */
export function parseRecordsQuestion(input: unknown): RecordsQuestion {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new BadUserInputError('The input must be a JSON object, such as {"hashes":["…"]}, or {} for all keys.');
  }
  // A misspelt name must not be taken for "all keys".
  for (const name of Object.keys(input)) {
    if (Object.hasOwn(fields, name)) continue;
    const shown = JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
    throw new BadUserInputError(
      `There is no field ${shown}. Leave it out; there are ${Object.keys(fields).join(", ")}.`,
    );
  }
  const question = parseArguments(schema, input);
  if (Object.values(question).filter((value) => value !== undefined).length > 1) {
    throw new BadUserInputError("Give only one of hashes, keyIds and tenantId, or none of them for all keys.");
  }
  return question;
}

function named(entry: z.ZodType<string, string>, name: string) {
  return z
    .array(entry, `Give a list of strings as ${name}.`)
    .min(1, `Name at least one key, or leave ${name} out for all keys.`)
    .max(maxNamedKeys, `Name at most ${maxNamedKeys} keys at once, and ask again for the others.`)
    .transform((entries) => [...new Set(entries)]);
}
