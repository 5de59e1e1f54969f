import type { ErrorCode } from "../open-enums.js";
import { KeyplaneError } from "./errors.js";

/**
 * A refusal that is expected: data, not an exception. A newer server may add kinds; `code` and `message` are always
 * there.
 */
export interface OtherRefusal {
  readonly __typename:
    | "ConflictError"
    | "ForbiddenError"
    | "InvalidCredentialsError"
    | "LimitReachedError"
    | "NotFoundError";
  /** The reason, for programs. See docs/reference/error-codes.md. */
  readonly code: ErrorCode;
  /** The reason, and what to do, for people. */
  readonly message: string;
  /** The page that explains the code. */
  readonly docsUrl: string;
}

/** One thing that is wrong with an input. */
export interface InputIssue {
  /** The way to the field from the input, such as `["policy", "prefix"]`. */
  readonly path: readonly string[];
  /** What to do about it. */
  readonly message: string;
}

/** The input breaks rules; `issues` names every one. */
export interface InvalidInputRefusal extends Omit<OtherRefusal, "__typename"> {
  readonly __typename: "InvalidInputError";
  readonly issues: readonly InputIssue[];
}

/** There were too many attempts. */
export interface RateLimitedRefusal extends Omit<OtherRefusal, "__typename"> {
  readonly __typename: "RateLimitedError";
  /** How long to wait, in milliseconds. */
  readonly retryAfterMs: number;
}

/** Why a change was not made. */
export type Refusal = InvalidInputRefusal | OtherRefusal | RateLimitedRefusal;

/** What was made or changed, without its place in the schema's union. */
type AnyPayload = { readonly __typename: `${string}Payload` };

/**
 * Whether a change was refused. The same as `"code" in result`, for those who like to read it.
 *
 * @param result what a changing method of the client has answered.
 */
export function isRefusal<Result extends AnyPayload | Refusal>(result: Result): result is Extract<Result, Refusal> {
  return "code" in result;
}

/**
 * The payload of a change, where a refusal is not expected and should end the work: in scripts, jobs and tests.
 *
 * @throws KeyplaneRefusedError when the change was refused.
 */
export function unwrap<Result extends AnyPayload | Refusal>(result: Result): Exclude<Result, Refusal> {
  if (isRefusal(result)) throw new KeyplaneRefusedError(result);
  return result as Exclude<Result, Refusal>;
}

/** A refusal that {@link unwrap} met. The client's methods never throw it by themselves. */
export class KeyplaneRefusedError extends KeyplaneError {
  static override readonly kind: string = "KeyplaneRefusedError";
  /** The refusal as it was answered. */
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message, { code: refusal.code, docsUrl: refusal.docsUrl });
    this.refusal = refusal;
  }
}
