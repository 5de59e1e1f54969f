/**
 * The codes that adapters answer beside those of verdicts. Add it here, and describe it under its own heading in
 * docs/sdk/adapters.md: a test compares the two.
 */
export interface ProblemCodeEntry {
  readonly title: string;
  readonly detail: string;
  readonly httpStatus: number;
}

/** The registry. */
export const problemCodes = {
  KEY_MISSING: {
    title: "Key missing",
    detail: "This API needs a key, and the request has none. Send it in the header Authorization: Bearer <key>.",
    httpStatus: 401,
  },
  KEY_AMBIGUOUS: {
    title: "More than one key",
    detail: "The request has more than one key. Send one key, once, in one header.",
    httpStatus: 400,
  },
  UNAVAILABLE: {
    title: "No verdict at the moment",
    detail: "Whether the key is valid cannot be said at the moment. Try again soon.",
    httpStatus: 503,
  },
} as const satisfies Record<string, ProblemCodeEntry>;

export type ProblemCode = keyof typeof problemCodes;

/** The documentation of a code. @param docsUrl that of the guard: it stands beside that of verdicts. */
export function docsUrlForProblem(code: ProblemCode, docsUrl: string): string {
  return `${docsUrl}/sdk/adapters.md#${code.toLowerCase()}`;
}
