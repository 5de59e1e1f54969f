import type { Principal } from "../modules/auth/index.js";
import type { Verdict, Verify, VerifyKeyInput } from "../modules/keys/index.js";
import { KeyplaneError } from "../platform/errors.js";
import { createTrustedDocument } from "./trusted-document.js";
import { verdictJson } from "./verdict-json.js";
import { isVerifyKeyInput } from "./verify-input.js";

/**
 * What this version's SDK sends. Its fields are those of `verdictJson`, so it has one hash. What another version's SDK sends is left to GraphQL, whose answer is
 * right for its document, too, and costs more.
 */
const variablesOf = createTrustedDocument({
  operation: "VerifyKey",
  hashes: ["9fa97f234009078eb9f0fe8524034224c76d0b6b37faf8257869d3580e77acbd"],
  maxBytes: 32_768,
});

/**
 * Answers the SDK's `verifyKey` without parsing, validating or executing GraphQL, with the very same JSON that GraphQL
 * would give: nearly all of a control plane's traffic is this one operation, and GraphQL would take most of its time.
 *
 * @returns null for whatever is not exactly that, or is refused: GraphQL then answers it, and words what is wrong.
 * @throws what is no refusal, such as a database that is away: GraphQL would only wait for it a second time.
 */
export type TrustedVerify = (body: Buffer, principal: Principal) => string | null | Promise<string | null>;

export function createTrustedVerify(verify: Verify): TrustedVerify {
  return (body, principal) => {
    const input = inputOf(body);
    if (!input) return null;
    try {
      const verdict = verify(principal, input);
      return verdict instanceof Promise ? verdict.then(answerOf, leaveToGraphql) : answerOf(verdict);
    } catch (error) {
      return leaveToGraphql(error);
    }
  };
}

/** GraphQL meets the same refusal and answers with it. */
function leaveToGraphql(error: unknown): null {
  if (error instanceof KeyplaneError) return null;
  throw error;
}

function inputOf(body: Buffer): VerifyKeyInput | null {
  const input = variablesOf(body)?.input;
  return isVerifyKeyInput(input) ? input : null;
}

function answerOf(verdict: Verdict): string {
  return `{"data":{"verifyKey":${verdictJson(verdict)}}}`;
}
