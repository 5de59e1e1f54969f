import { type ErrorCode, errorCodes } from "./error-codes.js";
import { type VerdictCode, verdictCodes } from "./verdict-codes.js";

/** Where the pages are as long as nobody has said where else. */
const publishedAt = "https://github.com/keyplane/keyplane/blob/main";

let originOf: (() => string) | null = null;
let known = addressesAt(publishedAt);

/**
 * Says where this process finds the documentation: a server serves it itself, and what runs beside one asks that. Of several, the
 * last counts; they all have the same pages.
 *
 * @param origin tells the address below which `/docs/` is, without a slash at its end; it may change.
 * @param isFallback only where nothing was said yet.
 */
export function findDocsAt(origin: () => string, isFallback = false): void {
  if (originOf === null || !isFallback) originOf = origin;
}

/** The page of documentation about a verdict code. Its heading there is the code itself. */
export function docsUrlForVerdict(code: VerdictCode): string {
  return current().verdicts[code];
}

/** The page of documentation about an error code. Its heading there is the code itself. */
export function docsUrlForError(code: ErrorCode): string {
  return current().errors[code];
}

/**
 * A page of documentation that is about no code of these registries.
 *
 * @param path below `docs/`, with the heading, such as `sdk/adapters.md#key_missing`.
 */
export function docsUrlAt(path: string): string {
  return `${current().origin}/docs/${path}`;
}

/** Made once for an address, because every verdict has one. */
function current(): typeof known {
  const origin = originOf?.() ?? publishedAt;
  if (origin !== known.origin) known = addressesAt(origin);
  return known;
}

function addressesAt(origin: string) {
  const page = <Code extends string>(name: string, registry: Readonly<Record<Code, unknown>>) =>
    // GitHub makes a heading's anchor by lowering its case; underscores stay. So does the server.
    Object.fromEntries(
      Object.keys(registry).map((code) => [code, `${origin}/docs/reference/${name}.md#${code.toLowerCase()}`]),
    ) as Record<Code, string>;
  return { origin, verdicts: page("verdict-codes", verdictCodes), errors: page("error-codes", errorCodes) };
}
