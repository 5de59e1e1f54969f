import { decide, type Environment, type KeyFormatResult, type KeyRecord, parseKey } from "@keyplane/schema";
import { z } from "zod";
import type { Clock } from "../../../platform/clock.js";
import { parseArguments, scopesSchema } from "../../../platform/validation.js";
import { authorize, canSee, hashSecret, type Principal } from "../../auth/index.js";
import { toVerdict, type Verdict } from "./verdict.js";
import type { VerificationIndex } from "./verification-index.js";

/** What a verifier asks. GraphQL has checked the types; the bounds are checked here. */
export interface VerifyKeyInput {
  readonly key: string;
  readonly scopes?: readonly string[] | null | undefined;
  readonly environment?: Environment | null | undefined;
  readonly ip?: string | null | undefined;
  readonly cost?: number | null | undefined;
  readonly tags?: readonly string[] | null | undefined;
}

const boundsSchema = z.object({
  scopes: scopesSchema.nullish(),
  ip: z.string().max(64, "Give one address, e.g. 203.0.113.7.").nullish(),
  cost: z
    .number()
    .int()
    .min(0, "Give a cost of at least 0.")
    .max(1_000_000, "Give a cost of at most 1000000.")
    .nullish(),
  tags: z
    .array(z.string().min(1, "Remove the empty tag.").max(64, "Shorten this tag to at most 64 characters."))
    .max(20, "Give at most 20 tags.")
    .nullish(),
});

export type Verify = (principal: Principal, input: VerifyKeyInput) => Verdict | Promise<Verdict>;

/**
 * Makes the function that verifies a key. Once a key was seen it answers at once, without a promise, a database or a
 * write. A refusal is an answer, not an error.
 *
 * @throws ForbiddenError without `keys:verify`; BadUserInputError for a list or value out of bounds.
 */
export function createVerify({ index, clock }: { index: VerificationIndex; clock: Clock }): Verify {
  return (principal, input) => {
    authorize(principal, "keys:verify");
    // Most calls give nothing but the key, and GraphQL then a cost of 1.
    if (input.scopes || input.ip || (input.cost ?? 1) !== 1 || input.tags) parseArguments(boundsSchema, input);
    const format = parseKey(input.key);
    const found = format.ok ? index.find(hashSecret(input.key)) : null;
    return found instanceof Promise
      ? found.then((record) => judge(principal, input, format, record, clock.now()))
      : judge(principal, input, format, found, clock.now());
  };
}

function judge(
  principal: Principal,
  input: VerifyKeyInput,
  format: KeyFormatResult,
  found: KeyRecord | null,
  now: number,
): Verdict {
  // Another tenant's key answers as an unknown one.
  const record = found && canSee(principal, found.key.tenantId, found.key.ownerId) ? found : null;
  const request = {
    format,
    scopes: input.scopes ?? undefined,
    environment: input.environment ?? undefined,
    ip: input.ip ?? undefined,
  };
  return toVerdict(decide(record, request, now), record, principal.requestId);
}
