import { createDiagnose, createResolveInvalidUser } from "../modules/diagnosis/index.js";
import type { Base } from "./base.js";
import type { Keys } from "./keys.js";
import type { Tenancy } from "./tenancy.js";

/** What says why a key is refused, and what mends it. */
export function createDiagnosis({ clock, database, events, idempotency }: Base, tenancy: Tenancy, keys: Keys) {
  const guesses = keys.keyGuesses;
  return {
    diagnose: createDiagnose({
      database,
      clock,
      guesses,
      addressGuesses: keys.addressGuesses,
      limitReads: keys.limiting.limitReads,
      usage: keys.usage,
      tenantExists: tenancy.tenantExists,
    }),
    resolveInvalidUser: createResolveInvalidUser({
      database,
      clock,
      events,
      guesses,
      idempotency,
      keys: keys.keys,
      limitReads: keys.limiting.limitReads,
      usersWith: tenancy.usersWith,
      keySecretsWith: keys.keySecretsWith,
    }),
  };
}
