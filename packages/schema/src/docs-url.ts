import { type ErrorCode, errorCodes } from "./error-codes.js";
import { type VerdictCode, verdictCodes } from "./verdict-codes.js";

/** Where the pages are as long as nobody has said where else. */
const publishedAt = "https://github.com/keyplane/keyplane/blob/main/docs";

/** Addresses of pages, all below the same one. */
export interface DocsPages {
  /** Below which address they are, without a slash at its end. */
  readonly url: string;
  /** The page about each verdict code. Its heading there is the code itself. */
  readonly verdicts: Readonly<Record<VerdictCode, string>>;
  /** The page about each error code. Its heading there is the code itself. */
  readonly errors: Readonly<Record<ErrorCode, string>>;
}

/** null: as long as nobody has said where. */
let originOf: (() => string) | null = null;
let knownOrigin: string | null = null;
let known = docsPagesAt(publishedAt);

/**
 * Says where this process finds the documentation: a server serves it itself. Of several, the last counts; they all have the
 * same pages. A guard has an address of its own, because one process may follow several installations.
 *
 * @param origin tells the address below which `/docs/` is, without a slash at its end; it may change.
 */
export function findDocsAt(origin: () => string): void {
  originOf = origin;
}

/** The page of documentation about a verdict code. Its heading there is the code itself. */
export function docsUrlForVerdict(code: VerdictCode): string {
  return docsPages().verdicts[code];
}

/** The page of documentation about an error code. Its heading there is the code itself. */
export function docsUrlForError(code: ErrorCode): string {
  return docsPages().errors[code];
}

/** The pages where this process finds them. Made once for an address, because every verdict has one: so no text is put together here. */
export function docsPages(): DocsPages {
  const origin = originOf?.() ?? null;
  if (origin !== knownOrigin) {
    knownOrigin = origin;
    known = docsPagesAt(origin === null ? publishedAt : `${origin}/docs`);
  }
  return known;
}

/** @param url below which address the pages are, without a slash at its end. */
export function docsPagesAt(url: string): DocsPages {
  const page = <Code extends string>(name: string, registry: Readonly<Record<Code, unknown>>) =>
    // GitHub makes a heading's anchor by lowering its case; underscores stay. So does the server.
    Object.fromEntries(
      Object.keys(registry).map((code) => [code, `${url}/reference/${name}.md#${code.toLowerCase()}`]),
    ) as Record<Code, string>;
  return { url, verdicts: page("verdict-codes", verdictCodes), errors: page("error-codes", errorCodes) };
}
