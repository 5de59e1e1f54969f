/**
 * Why the server cannot start, in one sentence for the person at the terminal: what is wrong and what to do about it.
 * The sentence never holds a password or token; what lies beneath is the `cause` and belongs in the log.
 */
export class StartupError extends Error {
  override readonly name = "StartupError";
}

/** The text of anything that was thrown, for the middle of a sentence: no trailing full stop. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message || codeOf(error) : String(error);
  return (message ?? "unknown error").trim().replace(/\.$/, "");
}

/** The code of an error of Node or PostgreSQL, such as `EACCES` or `28P01`. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
