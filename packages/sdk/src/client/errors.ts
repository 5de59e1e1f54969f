import type { ErrorCode } from "../open-enums.js";

/** What an error knows besides its message. */
export interface KeyplaneErrorDetails {
  readonly code: ErrorCode | ClientErrorCode;
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly docsUrl?: string | undefined;
  readonly cause?: unknown;
}

/** The codes that the SDK adds to the server's, for what happens on the way. */
export type ClientErrorCode = "CONNECTION_FAILED" | "TIMEOUT" | "ABORTED" | "INVALID_RESPONSE" | "RATE_LIMITED";

const kindsOf = Symbol.for("@keyplane/sdk/error-kinds");

/**
 * What every error of the SDK is. It never contains a token or a key.
 *
 * `instanceof` also recognises errors of another copy of the SDK, such as the CommonJS build beside the ESM one.
 */
export class KeyplaneError extends Error {
  /** The class's name, safe from minifiers, that tells the classes apart across copies of the SDK. */
  static readonly kind: string = "KeyplaneError";

  override readonly name: string;
  /**
   * The reason, for programs: a code of the server (see docs/reference/error-codes.md), or a {@link ClientErrorCode}
   * for what happened on the way.
   */
  readonly code: ErrorCode | ClientErrorCode;
  /** The HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** Names the request in the server's logs; undefined when the server did not say. */
  readonly requestId: string | undefined;
  /** After how many milliseconds the server asks to come back; undefined when it does not say. */
  readonly retryAfterMs: number | undefined;
  /** The page that explains the code; undefined for errors that the server did not word. */
  readonly docsUrl: string | undefined;

  constructor(message: string, details: KeyplaneErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.kind;
    this.code = details.code;
    this.status = details.status;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
    this.docsUrl = details.docsUrl;
    Object.defineProperty(this, kindsOf, { value: ancestorKinds(new.target) });
  }

  /** The error as a log wants it. Without the cause, whose text is not ours. */
  toJSON(): Record<string, unknown> {
    const { name, code, message, status, requestId, retryAfterMs, docsUrl } = this;
    return { name, code, message, status, requestId, retryAfterMs, docsUrl };
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the class that is asked for, which may be a subclass
    return isInstance(this, value);
  }
}

function isInstance(type: typeof KeyplaneError, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(type, value)) return true;
  // A subclass of an application's own has no kind of its own: nothing from another copy can be an instance of it.
  if (!Object.hasOwn(type, "kind") || typeof value !== "object" || value === null) return false;
  const kinds: unknown = Reflect.get(value, kindsOf);
  return Array.isArray(kinds) && kinds.includes(type.kind);
}

function ancestorKinds(type: typeof KeyplaneError): readonly string[] {
  const kinds: string[] = [];
  for (let at: unknown = type; at !== Error && typeof at === "function"; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, "kind")) kinds.push(String(Reflect.get(at, "kind")));
  }
  return kinds;
}

/** No connection, or it broke before the answer was complete. `cause` is the runtime's error. */
export class ConnectionError extends KeyplaneError {
  static override readonly kind: string = "ConnectionError";
  /** True when it is certain that the server never got the request, so that even a change can be sent again safely. */
  readonly neverSent: boolean;

  constructor(message: string, details: Omit<KeyplaneErrorDetails, "code"> & { readonly neverSent: boolean }) {
    super(message, { ...details, code: "CONNECTION_FAILED" });
    this.neverSent = details.neverSent;
  }
}

/**
 * No answer within `timeoutMs` (no `status`), or the server or a proxy gave up (408, 504). A change may have happened.
 */
export class TimeoutError extends KeyplaneError {
  static override readonly kind: string = "TimeoutError";
}

/** Your AbortSignal ended the call; `cause` is its reason. A change may have happened all the same. */
export class AbortedError extends KeyplaneError {
  static override readonly kind: string = "AbortedError";
}

/** The token is missing, wrong, expired or revoked (401). */
export class AuthenticationError extends KeyplaneError {
  static override readonly kind: string = "AuthenticationError";
}

/** The token is good, but may not do this (403). */
export class PermissionError extends KeyplaneError {
  static override readonly kind: string = "PermissionError";
}

/** Too many requests (429). Nothing was done. */
export class RateLimitedError extends KeyplaneError {
  static override readonly kind: string = "RateLimitedError";
}

/** The request itself is wrong: document, variables, address (other 3xx and 4xx). The same request will fail again. */
export class RequestError extends KeyplaneError {
  static override readonly kind: string = "RequestError";
}

/** The server failed or is not available (5xx), or what answered is no Keyplane server. A change may have happened. */
export class ServerError extends KeyplaneError {
  static override readonly kind: string = "ServerError";
}
