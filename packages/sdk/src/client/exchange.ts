import { ConnectionError } from "./errors.js";
import { wasNeverSent } from "./never-sent.js";
import type { FetchResponse, ResolvedOptions } from "./options.js";
import { redactCause } from "./redact.js";

/** One HTTP request, without what all of them have in common. */
export interface HttpRequest {
  readonly url: string;
  /** What may be answered, as the header `Accept` says it. */
  readonly accept: string;
  /** JSON for a POST; without it, the request is a GET. */
  readonly body?: string;
}

/**
 * Sends a request and answers as soon as the status and the headers are there.
 *
 * @throws ConnectionError
 */
export async function openResponse(
  { fetch, headers }: ResolvedOptions,
  token: string,
  { url, accept, body }: HttpRequest,
  signal: AbortSignal,
): Promise<FetchResponse> {
  try {
    return await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...headers,
        accept,
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body }),
      // A redirect would carry the key that is being verified, or the token, to wherever it points.
      redirect: "manual",
      signal,
    });
  } catch (error) {
    const cause = redactCause(error, token);
    throw new ConnectionError(`Keyplane cannot be reached at ${url}.`, { cause, neverSent: wasNeverSent(error) });
  }
}

/** The error of an answer that ended too early. */
export function brokenOff(url: string, { status }: FetchResponse, error: unknown, token: string): ConnectionError {
  const message = `The connection to ${url} broke before the answer was complete.`;
  return new ConnectionError(message, { cause: redactCause(error, token), neverSent: false, status });
}
