import { hash } from "node:crypto";
import type { Principal } from "../modules/auth/index.js";
import type { Verdict, Verify, VerifyKeyInput } from "../modules/keys/index.js";
import { KeyplaneError } from "../platform/errors.js";
import { verdictJson } from "./verdict-json.js";
import { isObject, isVerifyKeyInput } from "./verify-input.js";

/**
 * SHA-256 of the documents of `verifyKey` that SDKs send. All of them select the same fields in the same order, which is that of
 * `verdictJson`. When the SDK's document changes, add its hash and keep the old one for SDKs in the field.
 */
const trustedDocuments = new Set(["32c1a241397afa27b4561133c591d1b76ed332877378e7d5073cceb98049801d"]);

/** A body larger than this is no verification of an SDK; it would only be parsed twice. */
const maxBytes = 32_768;

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
    const input = body.length <= maxBytes ? inputOf(body) : null;
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
  let request: unknown;
  try {
    request = JSON.parse(body.toString());
  } catch {
    return null; // GraphQL says what is wrong with it
  }
  if (!isObject(request) || typeof request.query !== "string" || request.extensions !== undefined) return null;
  if (request.operationName !== undefined && request.operationName !== "VerifyKey") return null;
  if (!isObject(request.variables) || !isVerifyKeyInput(request.variables.input)) return null;
  return isTrusted(request.query) ? request.variables.input : null;
}

/** The text whose hash was found last: all of an SDK's requests have the same, and comparing is faster than hashing. */
let knownText = "";

function isTrusted(query: string): boolean {
  if (query === knownText) return true;
  if (!trustedDocuments.has(hash("sha256", query, "hex"))) return false;
  knownText = query;
  return true;
}

function answerOf(verdict: Verdict): string {
  return `{"data":{"verifyKey":${verdictJson(verdict)}}}`;
}
