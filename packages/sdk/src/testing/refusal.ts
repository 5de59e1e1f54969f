import { docsUrlForError, type ErrorCode } from "@keyplane/schema";

/** One thing that is wrong with an input. */
export interface Issue {
  readonly path: readonly string[];
  readonly message: string;
}

/** What the server answers as data instead of a change: thrown by the in-memory control plane's own methods. */
export class RefusedByPlane extends Error {
  readonly code: ErrorCode;
  readonly #typename: string;
  readonly #issues: readonly Issue[] | undefined;

  constructor(code: ErrorCode, typename: string, message: string, issues?: readonly Issue[]) {
    super(message);
    this.name = typename;
    this.code = code;
    this.#typename = typename;
    this.#issues = issues;
  }

  /** As a member of a mutation's result. */
  toData(): Record<string, unknown> {
    const { code, message } = this;
    const issues = this.#issues && { issues: this.#issues };
    return { __typename: this.#typename, code, message, docsUrl: docsUrlForError(code), ...issues };
  }
}

/** The server's own sentence; a test compares them. */
export function notFound(what: "tenant" | "user" | "team" | "key" | "webhook"): RefusedByPlane {
  const message = `No ${what} with this id exists where you may look. Check the id and the token that you use.`;
  return new RefusedByPlane("NOT_FOUND", "NotFoundError", message);
}

export function conflict(message: string): RefusedByPlane {
  return new RefusedByPlane("CONFLICT", "ConflictError", message);
}

/** @throws RefusedByPlane where anything is wrong. */
export function refuseIssues(issues: readonly Issue[]): void {
  if (issues.length === 0) return;
  const message = issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join(" ");
  throw new RefusedByPlane("INVALID_INPUT", "InvalidInputError", message, issues);
}
