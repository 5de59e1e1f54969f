import { type RawAnswer, readAnswer } from "./answer.js";
import { withDeadline } from "./deadline.js";
import { type RequestDocument, textOfDocument } from "./document.js";
import { ConnectionError } from "./errors.js";
import { wasNeverSent } from "./never-sent.js";
import type { FetchResponse, RequestOptions, ResolvedOptions } from "./options.js";
import { redactCause } from "./redact.js";
import { checkToken, withCallOptions } from "./resolve-options.js";
import { type Repeatable, withRetries } from "./retry.js";
import type { Runtime } from "./runtime.js";

/**
 * Sends one operation and answers its data, however many attempts that takes.
 *
 * @param repeatable when an attempt may be repeated whose outcome is not known.
 */
export type Send = <Result, Variables>(
  document: RequestDocument<Result, Variables>,
  variables: Variables,
  repeatable: Repeatable,
  options?: RequestOptions,
) => Promise<Result>;

/** Makes the function through which every request of a client goes. */
export function createSend(options: ResolvedOptions, runtime: Runtime): Send {
  return async <Result, Variables>(
    document: RequestDocument<Result, Variables>,
    variables: Variables,
    repeatable: Repeatable,
    call: RequestOptions = {},
  ): Promise<Result> => {
    const settings = withCallOptions(options, call);
    const { timeoutMs, maxRetries } = settings;
    const { signal } = call;
    const body = JSON.stringify({ query: textOfDocument(document), variables });
    const attempt = (): Promise<unknown> =>
      withDeadline({ timeoutMs, signal }, (stop) => sendOnce(settings, body, stop, runtime));
    // A GraphQL server answers what the document asks for. Nothing more could be checked here without the schema.
    return (await withRetries(attempt, { repeatable, maxRetries, signal }, runtime)) as Result;
  };
}

async function sendOnce(
  options: ResolvedOptions,
  body: string,
  signal: AbortSignal,
  runtime: Runtime,
): Promise<unknown> {
  const token: unknown = await options.token();
  checkToken(token);
  const answer = await exchange(options, token, body, signal);
  return readAnswer(answer, { url: options.url, token, now: runtime.now() });
}

/** One request and its whole answer. @throws ConnectionError */
async function exchange(
  options: ResolvedOptions,
  token: string,
  body: string,
  signal: AbortSignal,
): Promise<RawAnswer> {
  const { fetch, url, headers } = options;
  let response: FetchResponse | undefined;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: {
        ...headers,
        accept: "application/graphql-response+json, application/json",
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
      },
      body,
      // A redirect would carry the key that is being verified to wherever it points.
      redirect: "manual",
      signal,
    });
    const { status } = response;
    return { status, header: (name) => response?.headers.get(name) ?? null, body: await response.text() };
  } catch (error) {
    const cause = redactCause(error, token);
    if (response) {
      const message = `The connection to ${url} broke before the answer was complete.`;
      throw new ConnectionError(message, { cause, neverSent: false, status: response.status });
    }
    throw new ConnectionError(`Keyplane cannot be reached at ${url}.`, { cause, neverSent: wasNeverSent(error) });
  }
}
