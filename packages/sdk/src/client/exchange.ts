import type { RawAnswer } from "./answer.js";
import { ConnectionError } from "./errors.js";
import { wasNeverSent } from "./never-sent.js";
import type { FetchResponse, ResolvedOptions } from "./options.js";
import { redactCause, type Secrets } from "./redact.js";

/** One HTTP request, without what all of them have in common. */
export interface HttpRequest {
  readonly url: string;
  /** What may be answered, as the header `Accept` says it. */
  readonly accept: string;
  /** For a POST; without it, the request is a GET. */
  readonly body?: string;
  /** What the body is. Default: JSON. */
  readonly contentType?: string;
  /** The header of this name; null for none. Default: the token. */
  readonly authorization?: string | null;
}

/**
 * Sends a request and answers as soon as the status and the headers are there.
 *
 * @param secrets the token, and whatever else no error may show.
 * @throws ConnectionError
 */
export async function openResponse(
  { fetch, headers }: Pick<ResolvedOptions, "fetch" | "headers">,
  secrets: Secrets,
  { url, accept, body, contentType = "application/json", authorization = `Bearer ${String(secrets)}` }: HttpRequest,
  signal: AbortSignal,
): Promise<FetchResponse> {
  try {
    return await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...headers,
        accept,
        ...(authorization === null ? {} : { authorization }),
        ...(body === undefined ? {} : { "content-type": contentType }),
      },
      ...(body === undefined ? {} : { body }),
      // A redirect would carry the key that is being verified, or the token, to wherever it points.
      redirect: "manual",
      signal,
    });
  } catch (error) {
    const cause = redactCause(error, secrets);
    throw new ConnectionError(`Keyplane cannot be reached at ${url}.`, { cause, neverSent: wasNeverSent(error) });
  }
}

/** The error of an answer that ended too early. */
export function brokenOff(url: string, { status }: FetchResponse, error: unknown, secrets: Secrets): ConnectionError {
  const message = `The connection to ${url} broke before the answer was complete.`;
  return new ConnectionError(message, { cause: redactCause(error, secrets), neverSent: false, status });
}

/** The rest of an answer. @throws ConnectionError */
export async function readWhole(response: FetchResponse, url: string, secrets: Secrets): Promise<RawAnswer> {
  try {
    const body = await response.text();
    return { status: response.status, header: (name) => response.headers.get(name), body };
  } catch (error) {
    throw brokenOff(url, response, error, secrets);
  }
}
