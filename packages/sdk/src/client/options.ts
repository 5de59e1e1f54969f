import type { CredentialSource } from "../credentials/credential-source.js";
import type { Credentials } from "../credentials/credentials.js";
import type { ResolvedRecordOptions, UsageRecordOptions } from "../usage/record-options.js";

/**
 * The part of `fetch` that the SDK uses. The global one fits, and so do undici's and a Cloudflare service binding's.
 */
export type Fetch = (
  url: string,
  init: {
    readonly method: "GET" | "POST";
    readonly headers: Record<string, string>;
    readonly body?: string;
    readonly redirect: "manual";
    readonly signal: AbortSignal;
  },
) => Promise<FetchResponse>;

/** The part of a `Response` that the SDK reads. */
export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
  /** Only `usage.live` and `usage.export` read it, because they cannot wait for the end. */
  readonly body?: FetchBody | null | undefined;
}

/** The part of a `ReadableStream` of bytes that the SDK reads. */
export interface FetchBody {
  getReader(): FetchBodyReader;
}

/** The part of a stream's reader that the SDK uses. */
export interface FetchBodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  /** Ends the stream, and with it the connection. */
  cancel(): Promise<void>;
}

/** How to reach a Keyplane server, and how long to try. */
export interface KeyplaneOptions {
  /**
   * The server's address, such as `https://keyplane.example.com`; `/graphql` is appended unless it is there. The type
   * lets a variable that may not be set pass, as it does for `token`: the constructor refuses it with a sentence that
   * says so.
   */
  readonly url: string | undefined;
  /**
   * A management token, or a function that gives one; the function is asked before every attempt, so that it can renew
   * the token. The token is kept where neither `console.log` nor `JSON.stringify` can see it.
   */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /**
   * Instead of `token`: who the client is, where what it sends has to be renewed. A user's session, a program's client
   * credentials, or a provider of your own. Renewed by itself, once for all requests that wait for it.
   */
  readonly credentials?: Credentials | undefined;
  /** How to send requests. Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** How long one attempt may take, in milliseconds, 1 to 2147483647. Default: 10000. */
  readonly timeoutMs?: number | undefined;
  /** How many times a failed attempt is repeated where that is safe, 0 to 10. Default: 2. */
  readonly maxRetries?: number | undefined;
  /** Headers to send with every request, for example for a proxy. They never replace those of the SDK. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How `usage.record` gathers and hands over what it is given. */
  readonly usage?: UsageRecordOptions | undefined;
}

/** What can be different for one call. */
export interface RequestOptions {
  /** Ends the call, waiting for a retry included, with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
  /** How long one attempt may take, in milliseconds. Default: that of the client. */
  readonly timeoutMs?: number | undefined;
  /** How many times a failed attempt is repeated where that is safe. Default: that of the client. */
  readonly maxRetries?: number | undefined;
  /** Headers of this call, which win over those of the client. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What can be different for one call that creates something or hands out a secret. */
export interface IdempotentRequestOptions extends RequestOptions {
  /**
   * Your name for this attempt. Calls that repeat it, with the same input and token, get the first answer instead of a
   * second effect: for 24 hours, and a secret for 10 minutes. Default: a new UUID, which retries of this call share.
   * Give your own where the call may be repeated by something above the SDK, such as a job queue.
   */
  readonly idempotencyKey?: string | undefined;
}

/** Options that have been checked and completed. */
export interface ResolvedOptions {
  readonly url: string;
  readonly credentials: CredentialSource;
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly usage: ResolvedRecordOptions;
}
