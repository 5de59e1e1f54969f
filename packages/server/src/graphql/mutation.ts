import type { InputFieldBuilder, ObjectRef } from "@pothos/core";
import { builder, type Types } from "./builder.js";

/** The one argument of every mutation: `input: t.arg({ type: CreateKeyInput, ...requiredInput })`. */
export const requiredInput = { required: true, description: "Everything that this needs, in one object." } as const;

/** The payload of a mutation on one thing: `{ tenant }`, `{ user }`, `{ key }`. */
export function payloadOf<Field extends string, Entity extends object>(
  name: string,
  field: Field,
  type: ObjectRef<Types, Entity>,
): ObjectRef<Types, Record<Field, Entity>> {
  return builder.objectRef<Record<Field, Entity>>(name).implement({
    description: `The ${field} after the change.`,
    fields: (t) => ({
      [field]: t.field({
        type,
        description: `The ${field} as it is now.`,
        resolve: (payload) => payload[field] as never,
      }),
    }),
  }) as never;
}

/** The payload of a mutation that hands out a secret: the thing and the secret. */
export function secretPayloadOf<Field extends string, Entity extends object>(
  name: string,
  field: Field,
  type: ObjectRef<Types, Entity>,
): ObjectRef<Types, Record<Field, Entity> & { secret: string }> {
  return builder.objectRef<Record<Field, Entity> & { secret: string }>(name).implement({
    description: `The ${field}, and its secret.`,
    fields: (t) => ({
      [field]: t.field({
        type,
        description: `The ${field} as it is now.`,
        resolve: (payload) => payload[field] as never,
      }),
      secret: t.string({
        description: "Shown this once and kept nowhere: hand it over now.",
        resolve: (payload) => payload.secret,
      }),
    }),
  }) as never;
}

/** The input of the mutations that change nothing but a status: which thing, and why. */
export function statusInput(name: string, verb: string, thing: string) {
  return builder.inputType(name, {
    description: `Which ${thing} to ${verb}, and why.`,
    fields: (t) => ({
      id: t.id({ required: true, description: `The id of the ${thing}.` }),
      reason: t.string({ description: "Why, 1 to 500 characters. Kept in history and shown to operators." }),
    }),
  });
}

/** The field that makes a retry harmless, in every input that creates or rotates. */
export function idempotencyKeyField(t: InputFieldBuilder<Types, "InputObject">) {
  return t.string({
    description:
      "Your name for this attempt, e.g. a UUID. A retry that repeats it, with the same input and token, gets the first answer instead of a second effect: for 24 hours, and a secret for 10 minutes.",
  });
}
