import type { Verdict } from "../../entities.js";
import type { GuardVerdict } from "../../guard/guard.js";

/** The verdict of a request that was let in: there is a key, and somebody owns it. */
export interface ValidVerdict extends GuardVerdict {
  readonly valid: true;
  readonly code: "VALID";
  readonly key: NonNullable<Verdict["key"]>;
  readonly owner: NonNullable<Verdict["owner"]>;
}

/**
 * Whether to let a request in. More is asked than `valid`, so that nobody is let in whose key or owner the handler would
 * miss: a guard of another version, or one of your own, may answer something else than this version expects.
 */
export function isValid(verdict: GuardVerdict): verdict is ValidVerdict {
  return verdict.valid === true && verdict.code === "VALID" && verdict.key !== null && verdict.owner !== null;
}

/**
 * The verdict of a request that an adapter has let in.
 *
 * @throws TypeError when none has: put the adapter in front of this handler.
 */
export function verdictOf(request: object): ValidVerdict {
  const { keyplane } = request as { readonly keyplane?: ValidVerdict | null };
  if (keyplane) return keyplane;
  throw new TypeError(
    "The key of this request was not verified: put the adapter of Keyplane in front of this handler.",
  );
}
