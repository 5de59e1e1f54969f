import { withToken } from "../credentials/credential-source.js";
import { readAnswer } from "./answer.js";
import { readBody } from "./body-text.js";
import { throwIfAborted, withDeadline } from "./deadline.js";
import { ServerError } from "./errors.js";
import { type HttpRequest, openResponse, readWhole } from "./exchange.js";
import type { FetchResponse, RequestOptions, ResolvedOptions } from "./options.js";
import { withCallOptions } from "./resolve-options.js";
import { withRetries } from "./retry.js";
import type { Runtime } from "./runtime.js";

/** What to download. */
export interface DownloadRequest {
  /** Below the server's address, with its query: `/export/usage?format=csv`. */
  readonly path: string;
  /** The media type that is wanted. */
  readonly type: string;
  /** JSON for a POST that changes nothing; without it, the request is a GET. */
  readonly body?: string | undefined;
}

/**
 * Reads a text that may be too large to hold, piece by piece. Nothing is sent before the first piece is asked for;
 * opening is repeated like every reading, and what has begun is not, because its beginning is with the caller already.
 *
 * @throws KeyplaneError of the class that fits; also when the text breaks off, so that half of it never looks whole.
 */
export type Download = (request: DownloadRequest, options?: RequestOptions) => AsyncGenerator<string, void, undefined>;

/** Makes the function that reads what is not GraphQL. */
export function createDownload(options: ResolvedOptions, runtime: Runtime): Download {
  const base = options.url.replace(/\/graphql$/, "");
  return async function* ({ path, type, body }, call = {}) {
    const settings = withCallOptions(options, call);
    const { timeoutMs, maxRetries } = settings;
    const { signal } = call;
    throwIfAborted(signal);
    const url = base + path;
    const opened = await withRetries(
      () =>
        withDeadline({ timeoutMs, signal }, (stop) =>
          open(
            settings,
            { url, accept: `${type}, application/json`, ...(body === undefined ? {} : { body }) },
            stop,
            runtime,
          ),
        ),
      { repeatable: "always", maxRetries, signal },
      runtime,
    );
    yield* readBody(opened.response, { ...opened, url, signal, idleTimeoutMs: Math.max(timeoutMs, minIdleMs) });
  };
}

/** Between two pieces of a large answer, a server may have to read on for a while. */
const minIdleMs = 60_000;

async function open(
  options: ResolvedOptions,
  request: HttpRequest,
  signal: AbortSignal,
  runtime: Runtime,
): Promise<{ readonly response: FetchResponse; readonly token: string }> {
  const { url } = request;
  return withToken(options.credentials, async (token) => {
    const response = await openResponse(options, token, request, signal);
    if (response.status === 200) return { response, token };
    readAnswer(await readWhole(response, url, token), { url, token, now: runtime.now() }); // says why not
    throw new ServerError(`${url} answers HTTP ${response.status} without a reason.`, {
      code: "INVALID_RESPONSE",
      status: response.status,
    });
  });
}
