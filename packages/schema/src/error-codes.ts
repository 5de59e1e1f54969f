/**
 * Every error code that the API answers with, whether as data (a member of a mutation's result union) or as a top-level
 * GraphQL error (`extensions.code`).
 *
 * Add it here: add the entry, the place in the server that raises it, and a test that meets it, then run `pnpm generate`.
 * docs/reference/error-codes.md is made from this table.
 */

/** Where a code can appear: as data in a mutation's result, as a top-level error, or as either. */
export type ErrorPlace = "result" | "top-level" | "both";

/** The texts of one error code. */
export interface ErrorCodeEntry {
  /** A few words, used as a heading. */
  readonly title: string;
  /** The default sentence; it says what to do and never carries internal detail. */
  readonly message: string;
  /** What mends it, for the documentation. */
  readonly remedy: string;
  /** HTTP status of an answer whose top-level error this is; 200 for codes that only ever appear as data. */
  readonly httpStatus: number;
  /**
   * True when the same request, sent again unchanged, may succeed. A mutation is safe to send again only with its
   * `idempotencyKey`, because the first attempt may have taken effect.
   */
  readonly retryable: boolean;
  /** Where the code can appear. */
  readonly where: ErrorPlace;
}

/** The registry of error codes. */
export const errorCodes = {
  INVALID_INPUT: {
    title: "Invalid input",
    message: "Some values of the input are not acceptable. Correct the fields that issues names.",
    remedy: "Read `issues`: each has the path of a field and a sentence about what it must be.",
    httpStatus: 200,
    retryable: false,
    where: "result",
  },
  NOT_FOUND: {
    title: "Not found",
    message: "Nothing with this id is visible to you. Check the id and the tenant of your token.",
    remedy: "Check the id. A thing of another tenant answers exactly as a missing one.",
    httpStatus: 200,
    retryable: false,
    where: "result",
  },
  CONFLICT: {
    title: "Conflict",
    message: "This contradicts the present state. Read the object again and decide anew.",
    remedy:
      "The value is already taken, the object's state does not allow the change, or the `idempotencyKey` was used with other input. Read the object again.",
    httpStatus: 200,
    retryable: false,
    where: "result",
  },
  LIMIT_REACHED: {
    title: "Limit reached",
    message: "A limit of the tenant's policy is reached. Remove what is not needed, or raise the limit.",
    remedy: "Delete or revoke what is no longer used, or raise the limit in the tenant's policy with `updateTenant`.",
    httpStatus: 200,
    retryable: false,
    where: "result",
  },
  FORBIDDEN: {
    title: "Forbidden",
    message: "Your token may not do this. Use a token whose role has the permission.",
    remedy: "Ask `viewer` for your permissions; the description of each field names the one that it needs.",
    httpStatus: 403,
    retryable: false,
    where: "both",
  },
  INVALID_CREDENTIALS: {
    title: "Invalid credentials",
    message: "This e-mail address, password, token or link is not accepted. Correct it, or sign in again.",
    remedy:
      "Check the address and the password, and name the tenant if the address is used in several. Whoever has forgotten the password asks for a link with `requestPasswordLink`. A refresh token works once: sign in again. A link works once and for a limited time: ask for a new one.",
    httpStatus: 200,
    retryable: false,
    where: "result",
  },
  UNAUTHENTICATED: {
    title: "Not authenticated",
    message: "No valid management token was sent. Send the header Authorization: Bearer <token>.",
    remedy: "Send a management token that is neither expired nor revoked. An API key is not a management token.",
    httpStatus: 401,
    retryable: false,
    where: "top-level",
  },
  RATE_LIMITED: {
    title: "Too many attempts",
    message: "There were too many attempts. Wait as long as retryAfterMs says, then try again.",
    remedy:
      "Wait for the milliseconds of `retryAfterMs`, or the seconds of the header `Retry-After`, and check the credential meanwhile. Somebody at the same address may be guessing.",
    httpStatus: 429,
    retryable: true,
    where: "both",
  },
  BAD_REQUEST: {
    title: "Bad request",
    message: "This is not a well-formed GraphQL request. Send JSON with query, and optionally variables.",
    remedy: 'POST a JSON object such as {"query":"{ viewer { __typename } }"} with Content-Type: application/json.',
    httpStatus: 400,
    retryable: false,
    where: "top-level",
  },
  GRAPHQL_PARSE_FAILED: {
    title: "Document cannot be parsed",
    message: "The GraphQL document has a syntax error. Correct it at the place that locations names.",
    remedy: "Correct the syntax at `locations`.",
    httpStatus: 400,
    retryable: false,
    where: "top-level",
  },
  GRAPHQL_VALIDATION_FAILED: {
    title: "Document does not fit the schema",
    message: "The GraphQL document does not fit the schema. Correct the field, argument or type that is named.",
    remedy: "Compare the document with the schema in the playground; a newer client may ask an older server.",
    httpStatus: 400,
    retryable: false,
    where: "top-level",
  },
  BAD_USER_INPUT: {
    title: "Wrong argument",
    message: "An argument or variable of the operation is wrong. Correct the value that is named.",
    remedy:
      "Correct the argument: for example a cursor of another list, `first` above 100, or a variable of the wrong type.",
    httpStatus: 400,
    retryable: false,
    where: "top-level",
  },
  QUERY_TOO_COMPLEX: {
    title: "Operation too complex",
    message: "The operation asks for too much at once. Ask for fewer fields, smaller pages or less depth.",
    remedy: "Split the operation. Depth, complexity, aliases, directives and tokens are each limited.",
    httpStatus: 400,
    retryable: false,
    where: "top-level",
  },
  BATCH_TOO_LARGE: {
    title: "Batch too large",
    message: "Too many operations in one request. Send fewer at a time.",
    remedy: "Send fewer operations in one request.",
    httpStatus: 413,
    retryable: false,
    where: "top-level",
  },
  PAYLOAD_TOO_LARGE: {
    title: "Request body too large",
    message:
      "The request body is too large: 8 MB at most with a token that has usage:record, 1 MB with any other. Send less at a time.",
    remedy:
      "Split the request: a body has at most 1 MB, and 8 MB where the token has `usage:record`, so that a batch of 10,000 events fits.",
    httpStatus: 413,
    retryable: false,
    where: "top-level",
  },
  CSRF_HEADER_MISSING: {
    title: "Anti-CSRF header missing",
    message: "This kind of request needs the header x-graphql-yoga-csrf: 1. Add it, or send a POST with JSON.",
    remedy:
      "Add the header `x-graphql-yoga-csrf: 1`: it proves that no foreign web page made the browser send the request.",
    httpStatus: 403,
    retryable: false,
    where: "top-level",
  },
  TIMEOUT: {
    title: "Time is up",
    message: "The operation took too long and was stopped. Ask for less, or try again later.",
    remedy: "Ask for less at once. Send a mutation again only with the same `idempotencyKey`.",
    httpStatus: 504,
    retryable: true,
    where: "top-level",
  },
  UNAVAILABLE: {
    title: "Unavailable",
    message: "The server is stopping, or cannot reach its database. Try again in a moment.",
    remedy: "Try again with growing pauses. An operator looks at `/readyz`.",
    httpStatus: 503,
    retryable: true,
    where: "top-level",
  },
  INTERNAL: {
    title: "Internal error",
    message: "Something failed on our side. Quote the request id when you report it.",
    remedy: "Report it with the request id; the details stand in the server's log under that id.",
    httpStatus: 500,
    retryable: false,
    where: "top-level",
  },
} as const satisfies Record<string, ErrorCodeEntry>;

/** The code of an error that the API answers with. */
export type ErrorCode = keyof typeof errorCodes;
