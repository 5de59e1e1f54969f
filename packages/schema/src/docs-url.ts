import type { ErrorCode } from "./error-codes.js";
import type { VerdictCode } from "./verdict-codes.js";

const docsBase = "https://github.com/keyplane/keyplane/blob/main/docs/reference";

/** The page of documentation about a verdict code. Its heading there is the code itself. */
export function docsUrlForVerdict(code: VerdictCode): string {
  return `${docsBase}/verdict-codes.md#${anchorOf(code)}`;
}

/** The page of documentation about an error code. Its heading there is the code itself. */
export function docsUrlForError(code: ErrorCode): string {
  return `${docsBase}/error-codes.md#${anchorOf(code)}`;
}

/** GitHub makes a heading's anchor by lowering its case; underscores stay. */
function anchorOf(code: string): string {
  return code.toLowerCase();
}
