import { KeyplaneError } from "../client/errors.js";

/** What a command's exit code says. The page docs/reference/cli.md is made of this table: add a code here. */
export const exitCodes = {
  OK: { code: 0, meaning: "Done. For `keys verify`: the key is valid." },
  FAILED: { code: 1, meaning: "Something failed that nobody expected, here or at the server." },
  USAGE: { code: 2, meaning: "The command line, or a value in it, is not acceptable." },
  UNAUTHENTICATED: { code: 3, meaning: "Not signed in, or the session or token has ended." },
  FORBIDDEN: { code: 4, meaning: "Signed in, but not allowed to do this." },
  NOT_FOUND: { code: 5, meaning: "Nothing with this id is visible to you." },
  CONFLICT: { code: 6, meaning: "It contradicts the present state, or the value is taken." },
  LIMIT_REACHED: { code: 7, meaning: "A limit is reached, or too many requests were made." },
  KEY_REFUSED: {
    code: 10,
    meaning:
      "`keys verify`, `keys diagnose` and `keys resolve`: the key is not valid, or would not be by the plan; the output says why.",
  },
  PROBLEM_FOUND: {
    code: 11,
    meaning:
      "`issuers test`: tokens of the issuer cannot be verified; `webhooks test`: the receiver does not take messages; `integrity check --follow` and `integrity show --follow`: the check ended early, or found something that it did not repair.",
  },
  UNAVAILABLE: { code: 69, meaning: "The server cannot be reached, or not now. Try again later." },
  INTERRUPTED: { code: 130, meaning: "Ended by Ctrl-C." },
} as const satisfies Record<string, { readonly code: number; readonly meaning: string }>;

/** The name of an exit code. */
export type ExitName = keyof typeof exitCodes;

/** The exit codes of answers that are no. */
export const byResult = { refused: "KEY_REFUSED", problem: "PROBLEM_FOUND" } as const satisfies Record<
  string,
  ExitName
>;

/** The command line is wrong. Its message says how it is right, and never repeats a secret. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Somebody pressed Ctrl-C at a question. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

/** The exit codes of what the server and the client call their errors; whatever is not here has failed. */
const byCode: Readonly<Record<string, ExitName>> = {
  INVALID_INPUT: "USAGE",
  BAD_USER_INPUT: "USAGE",
  UNAUTHENTICATED: "UNAUTHENTICATED",
  INVALID_CREDENTIALS: "UNAUTHENTICATED",
  FORBIDDEN: "FORBIDDEN",
  NOT_FOUND: "NOT_FOUND",
  CONFLICT: "CONFLICT",
  LIMIT_REACHED: "LIMIT_REACHED",
  RATE_LIMITED: "LIMIT_REACHED",
  CONNECTION_FAILED: "UNAVAILABLE",
  TIMEOUT: "UNAVAILABLE",
  UNAVAILABLE: "UNAVAILABLE",
  ABORTED: "INTERRUPTED",
};

/** With what a command ends that has failed. */
export function exitNameOf(error: unknown): ExitName {
  if (error instanceof UsageError) return "USAGE";
  if (error instanceof InterruptedError) return "INTERRUPTED";
  return (error instanceof KeyplaneError && byCode[error.code]) || "FAILED";
}
