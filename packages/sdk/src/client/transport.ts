import { withToken } from "../credentials/credential-source.js";
import { type RawAnswer, readAnswer } from "./answer.js";
import { withDeadline } from "./deadline.js";
import { type RequestDocument, textOfDocument } from "./document.js";
import { openResponse, readWhole } from "./exchange.js";
import type { RequestOptions, ResolvedOptions } from "./options.js";
import { withCallOptions } from "./resolve-options.js";
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
  return withToken(options.credentials, async (token) => {
    const answer = await exchange(options, token, body, signal);
    return readAnswer(answer, { url: options.url, token, now: runtime.now() });
  });
}

/** One request and its whole answer. @throws ConnectionError */
async function exchange(
  options: ResolvedOptions,
  token: string,
  body: string,
  signal: AbortSignal,
): Promise<RawAnswer> {
  const { url } = options;
  const accept = "application/graphql-response+json, application/json";
  const response = await openResponse(options, token, { url, accept, body }, signal);
  return readWhole(response, url, token);
}
