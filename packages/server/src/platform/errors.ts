import { docsUrlForError, type ErrorCode, errorCodes } from "@keyplane/schema";

/** One thing that is wrong with an input: where, and what to do about it. */
export interface InputIssue {
  /** The way to the field from the mutation's `input`, e.g. `["policy", "prefix"]`. */
  readonly path: readonly string[];
  readonly message: string;
}

/**
 * A refusal that a caller may read. Everything else that is thrown is a fault of ours and is masked,
 * so a message that must not travel cannot travel by accident.
 */
export class KeyplaneError extends Error {
  readonly code: ErrorCode;
  readonly docsUrl: string;

  constructor(code: ErrorCode, message: string = errorCodes[code].message) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.docsUrl = docsUrlForError(code);
  }
}

/** The input breaks a rule; `issues` names every one of them. */
export class InvalidInputError extends KeyplaneError {
  readonly issues: readonly InputIssue[];

  constructor(issues: readonly InputIssue[]) {
    super("INVALID_INPUT", issues.map((issue) => `${issue.path.join(".") || "input"}: ${issue.message}`).join(" "));
    this.issues = issues;
  }
}

/** There is no such thing, or it belongs to another tenant: both answer alike, so that an id cannot be probed. */
export class NotFoundError extends KeyplaneError {
  constructor(
    what:
      | "tenant"
      | "user"
      | "role"
      | "team"
      | "key"
      | "management token"
      | "session"
      | "OAuth client"
      | "trusted issuer"
      | "key, user or tenant"
      | "key, user, tenant or API"
      | "quota"
      | "API"
      | "grant"
      | "finding"
      | "integrity check"
      | "webhook"
      | "webhook delivery",
    by: "id" | "e-mail address" | "external id" | "text" | "start" | "targetId" = "id",
    advice = `Check the ${by} and the token that you use.`,
  ) {
    super("NOT_FOUND", `No ${what} with this ${by} exists where you may look. ${advice}`);
  }
}

/** The change contradicts the present state. The message says which state and how to get on. */
export class ConflictError extends KeyplaneError {
  constructor(message: string) {
    super("CONFLICT", message);
  }
}

/** A limit of the tenant's policy or of the installation would be passed. */
export class LimitReachedError extends KeyplaneError {
  constructor(message: string) {
    super("LIMIT_REACHED", message);
  }
}

/** A password, refresh token or link is not accepted. The same for one that never was: the message gives nothing away. */
export class InvalidCredentialsError extends KeyplaneError {
  constructor(message: string) {
    super("INVALID_CREDENTIALS", message);
  }
}

/** The caller is known and may not do this. */
export class ForbiddenError extends KeyplaneError {
  constructor(message?: string) {
    super("FORBIDDEN", message);
  }
}

/** The caller is not known: no token, a wrong one, or one that is no longer valid. */
export class UnauthenticatedError extends KeyplaneError {
  constructor(message?: string) {
    super("UNAUTHENTICATED", message);
  }
}

/** An argument of a query is wrong; queries have no result union, so this is a top-level error. */
export class BadUserInputError extends KeyplaneError {
  constructor(message: string) {
    super("BAD_USER_INPUT", message);
  }
}

/** Too many attempts came before this one, which was not looked into. The same request may succeed later. */
export class RateLimitedError extends KeyplaneError {
  /** How long to wait until the next attempt is looked into, in milliseconds. */
  readonly retryAfterMs: number;

  /** @param what the sentence that says what there was too much of. */
  constructor(retryAfterMs: number, what = "There were too many attempts.") {
    const seconds = Math.ceil(retryAfterMs / 1_000);
    super("RATE_LIMITED", `${what} Wait ${seconds} ${seconds === 1 ? "second" : "seconds"}, then try again.`);
    this.retryAfterMs = retryAfterMs;
  }
}
